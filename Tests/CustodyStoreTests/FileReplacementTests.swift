import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A file that is replaced has what it had before, or all of what is new")
struct FileReplacementTests {
  private struct Stopped: Error {}

  @Test("bytes that come one after the other, and an end before the last")
  func parts() throws {
    let folder = NSTemporaryDirectory() + "custody-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/out"
    let count = try FileIO.replace(path, mode: 0o600) { write in
      for number in 0..<1000 { try write(Array("\(number)\n".utf8)) }
      return 1000
    }
    let whole = Array((0..<1000).map { "\($0)\n" }.joined().utf8)
    #expect(count == 1000)
    #expect(FileManager.default.contents(atPath: path).map { Array($0) } == whole)
    #expect(throws: Stopped.self) {
      try FileIO.replace(path, mode: 0o600) { write in
        try write([1, 2, 3])
        throw Stopped()
      }
    }
    #expect(FileManager.default.contents(atPath: path).map { Array($0) } == whole)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out"])
  }
}
