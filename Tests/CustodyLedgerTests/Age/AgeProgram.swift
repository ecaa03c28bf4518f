import CustodyLedger
import Foundation

/// The program `age` of this machine (Debian's package `age`), when there is one.
enum AgeProgram {
  /// Where `age` and `age-keygen` are, or nil when one of them is missing.
  static let folder: URL? = {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":").map { URL(fileURLWithPath: String($0)) }.first { folder in
      ["age", "age-keygen"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent($0).path)
      }
    }
  }()

  static var isInstalled: Bool { folder != nil }

  /// What a program said, and whether it ended well.
  struct Outcome {
    let status: Int32
    let output: [UInt8]
    let complaint: String
  }

  /// A folder of one test's own, removed when its work is done.
  static func withFolder<Result>(_ work: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("custody-age-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try work(folder)
  }

  /// Seals with `age -r`.
  static func seal(_ plaintext: [UInt8], to recipients: [AgeRecipient]) throws -> [UInt8] {
    try withFolder { folder in
      let plain = folder.appendingPathComponent("plain")
      let sealed = folder.appendingPathComponent("sealed")
      try Data(plaintext).write(to: plain)
      let flags = recipients.flatMap { ["-r", $0.description] }
      let outcome = try run("age", flags + ["-o", sealed.path, plain.path])
      guard outcome.status == 0 else { throw Failure(complaint: outcome.complaint) }
      return [UInt8](try Data(contentsOf: sealed))
    }
  }

  /// Opens with `age -d -i`; the output is what `age` let out, even when it complained at the end.
  static func open(_ file: [UInt8], with identity: AgeIdentity) throws -> Outcome {
    try withFolder { folder in
      let sealed = folder.appendingPathComponent("sealed")
      let key = folder.appendingPathComponent("key")
      try Data(file).write(to: sealed)
      try Data((identity.secretText + "\n").utf8).write(to: key)
      return try run("age", ["-d", "-i", key.path, sealed.path])
    }
  }

  /// Runs `age-keygen` with arguments.
  static func keygen(_ arguments: [String]) throws -> Outcome { try run("age-keygen", arguments) }

  struct Failure: Error {
    let complaint: String
  }

  private static func run(_ name: String, _ arguments: [String]) throws -> Outcome {
    guard let program = folder?.appendingPathComponent(name) else {
      throw Failure(complaint: "\(name) is not installed")
    }
    return try withFolder { folder in
      // Files, not pipes: a full pipe that nobody reads would stop the program for good.
      let (output, complaint) = (
        folder.appendingPathComponent("output"), folder.appendingPathComponent("complaint")
      )
      for file in [output, complaint] { try Data().write(to: file) }
      let process = Process()
      process.executableURL = program
      process.arguments = arguments
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try FileHandle(forWritingTo: output)
      process.standardError = try FileHandle(forWritingTo: complaint)
      try process.run()
      process.waitUntilExit()
      return Outcome(
        status: process.terminationStatus, output: [UInt8](try Data(contentsOf: output)),
        complaint: String(decoding: try Data(contentsOf: complaint), as: UTF8.self))
    }
  }
}
