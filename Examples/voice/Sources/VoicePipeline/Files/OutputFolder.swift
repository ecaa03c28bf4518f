import Foundation

/// The folder that a step writes: after ``finish()`` it holds what this run made and nothing of an
/// earlier run of the same step. Files of others are never replaced or removed.
struct OutputFolder {
  private let folder: String
  private let step: String
  private var written: Set<String> = []

  /// - Parameter inputs: folders that the step reads; none of them may be written.
  init(_ folder: String, of step: String, inputs: [String]) throws {
    self.folder = folder
    self.step = step
    func resolved(_ path: String) -> String {
      URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
    guard !inputs.map(resolved).contains(resolved(folder)) else {
      throw Arguments.wrong("\(folder) is read and written. Give --out a folder of its own.")
    }
    try Self.makeFolder(folder)
  }

  /// Writes `KEY.json`: `document`, with the step's name before its members.
  mutating func write(_ clip: Clip, _ document: [JSON.Member]) throws {
    try Self.makeFolder("\(folder)/\(clip.speaker)")
    let path = "\(folder)/\(clip.key).json"
    guard !FileManager.default.fileExists(atPath: path) || isOurs(path) else {
      throw Failure(
        .input, "inTheWay",
        "\(path) was not written by this step. Give --out a folder of its own.")
    }
    try Self.write(.object([.init(name: "step", value: .string(step))] + document), to: path)
    written.insert(path)
  }

  /// Removes what an earlier run of this step wrote and this one did not.
  func finish() throws {
    for speaker in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      let files =
        (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(speaker)")) ?? []
      for file in files where file.hasSuffix(".json") {
        let path = "\(folder)/\(speaker)/\(file)"
        guard !written.contains(path), isOurs(path) else { continue }
        guard unlink(path) == 0 else {
          throw Failure(
            .surroundings, "write",
            "\(path) is of an earlier run and cannot be removed. Remove it and run this again.")
        }
      }
      rmdir("\(folder)/\(speaker)")  // Stays, unless it is empty.
    }
  }

  /// Replaces a file, at once.
  static func write(_ document: JSON, to path: String) throws {
    do {
      try Data(document.lines.utf8).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw Failure(
        .surroundings, "write",
        "\(path) cannot be written. Check the space on the disk and the permissions.")
    }
  }

  private func isOurs(_ path: String) -> Bool {
    let start = #"{\#n  "step": "\#(step)""#
    guard let file = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? file.close() }
    return (try? file.read(upToCount: start.utf8.count)) == Data(start.utf8)
  }

  private static func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Failure(
        .surroundings, "write",
        "The folder \(path) cannot be made. Check the permissions, and that no file is so called.")
    }
  }
}
