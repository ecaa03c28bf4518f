import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A file that is not the one Custody wrote is found out")
struct TamperFileTests {
  @Test("an empty file, garbage, and a database of something else")
  func replaced() async throws {
    let copy = try await TamperedCopy()
    var random = SeededGenerator(7)
    for bytes in [
      [], [0], random.bytes(100), random.bytes(100_000), Array("SQLite format 3\0".utf8),
    ] {
      try Data(bytes).write(to: URL(fileURLWithPath: copy.path))
      for level in [VerificationLevel.head, .headers, .bodies] {
        let report = try await copy.verify(level)
        #expect(!report.holds, "\(bytes.count) bytes")
      }
    }
    try FileManager.default.removeItem(atPath: copy.path)
    try copy.execute("CREATE TABLE event (position INTEGER PRIMARY KEY)")
    #expect(try await !copy.verify().holds)
    try FileManager.default.removeItem(atPath: copy.path)
    await #expect(throws: CustodyError.self, "no file at all is an error") {
      try await copy.verify()
    }
  }

  @Test("a file cut short anywhere", arguments: 0..<24)
  func cutShort(seed: Int) async throws {
    let copy = try await TamperedCopy()
    var random = SeededGenerator(seed)
    let whole = copy.sample.bytes
    let size =
      seed.isMultiple(of: 2)
      ? Int.random(in: 1..<whole.count, using: &random)
      : Int.random(in: 1..<whole.count / 8192, using: &random) * 8192
    try whole.prefix(size).write(to: URL(fileURLWithPath: copy.path))
    let report = try await copy.verify()
    #expect(!report.holds, "\(size) of \(whole.count) bytes")
  }

  @Test(
    "any flipped byte of the file is found, or changes nothing that the file says",
    arguments: 0..<200)
  func flippedByte(seed: Int) async throws {
    let copy = try await TamperedCopy()
    var random = SeededGenerator(seed)
    var bytes = copy.sample.bytes
    let index = Int.random(in: 0..<bytes.count, using: &random)
    bytes[index] ^= UInt8.random(in: 1...255, using: &random)
    try bytes.write(to: URL(fileURLWithPath: copy.path))
    let report: VerificationReport
    do {
      report = try await copy.verify()
    } catch let error as CustodyError {
      // A file that cannot be read at all.
      #expect([.io, .damaged].contains(error.code), "byte \(index): \(error)")
      return
    }
    guard report.holds else { return }
    try copy.sample.write(to: copy.path + ".true")
    #expect(try Self.says(copy.path) == Self.says(copy.path + ".true"), "byte \(index)")
  }

  /// Every row of every table, in the order of the tables themselves rather than of an index.
  private static func says(_ path: String) throws -> [[[RawValue]]] {
    let database = try RawDatabase(path)
    return try [
      "event", "name NOT INDEXED", "ledger", "tile", "checkpoint", "migration",
    ].map { try database.rows("SELECT * FROM \($0)") }
  }
}
