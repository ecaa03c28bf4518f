import CustodyTesting
import Foundation
import Testing

/// What the command asks of the kernel, counted with strace.
@Suite("System calls", .enabled(if: isStracePossible, "strace is missing or may not trace here."))
struct SystemCallTests {
  private func count(_ call: String, of path: String, _ command: String, in folder: CommandFolder)
    async throws -> Int
  {
    try await folder.shell("strace -f -y -e trace=\(call) -o trace \(command)").succeeded()
    return String(decoding: try folder.read("trace"), as: UTF8.self)
      .split(separator: "\n").count { $0.contains(path) && $0.contains("\(call)(") }
  }

  @Test("a commit is one fsync of the log")
  func fsyncs() async throws {
    let folder = try await CommandFolder.withStore()
    for number in 0..<40 { try folder.write("content-\(number)", "\(number)") }
    let files = (0..<40).map { "content-\($0)" }.joined(separator: " ")
    let syncs = try await count(
      "fdatasync", of: "ledger.sqlite-wal",
      "custody append --whole --stream s --type a.b \(files)", in: folder)
    // One for each content; a few for the checkpoint at the end and for cutting the log.
    #expect((40...44).contains(syncs), "\(syncs)")
  }

  @Test("opening reads as much of a large ledger as of a small one")
  func opening() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.append(["1"])
    let small = try await count("pread64", of: "ledger.sqlite", "custody head", in: folder)
    try folder.write("lines", String(repeating: "{\"some\":\"content\"}\n", count: 20_000))
    try await folder.run("append", "--stream", "s", "--type", "a.b", "lines").succeeded()
    let large = try await count("pread64", of: "ledger.sqlite", "custody head", in: folder)
    let pages = try folder.read(".custody/ledger.sqlite").count / 8192
    #expect(pages > 800)
    #expect(large < small + 60, "\(small) reads, then \(large) of \(pages) pages")
  }
}

private let isStracePossible: Bool = {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/bin/bash")
  process.arguments = ["-c", "command -v strace && strace -f -o /dev/null true"]
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return false }
  process.waitUntilExit()
  return process.terminationStatus == 0
}()
