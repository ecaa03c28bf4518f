import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("Another program's tree has the same roots", .needsPymerkle)
struct PymerkleTests {
  @Test("over any number of leaves")
  func lists() async throws {
    var random = SeededGenerator(6962)
    let sizes = Array(0...17) + [31, 32, 33, 63, 64, 65, 255, 256, 257, 1000]
    let lists = sizes.map { size in
      (0..<size).map { _ in random.bytes(Int.random(in: 0...300, using: &random)) }
    }
    let ours = lists.map { entries in
      TreeFrontier.root(over: entries.map { SHA256.hash([0] + $0) }).hex
    }
    #expect(try await Pymerkle.roots(of: lists) == ours)
  }

  @Test("over the entries of exported tiles: the roots of checkpoints")
  func tiles() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    var notes = [try await store.checkpoint()]
    for count in [1, 2, 249, 1, 1, 300] {
      try await store.append(
        (0..<count).map { NewEvent(stream: "many", type: "a.b", content: Array("\($0)".utf8)) })
      notes.append(try await store.checkpoint())
    }
    let lists = try notes.map { note in
      let folder = "\(temporary.folder)/tiles-\(note.checkpoint.size)"
      #expect(
        try store.evidence.exportTiles(under: note.note.encoded, to: folder)
          == note.checkpoint.size)
      return try Self.entries(folder, count: note.checkpoint.size)
    }
    #expect(try await Pymerkle.roots(of: lists) == notes.map(\.checkpoint.root.hex))
    try await store.close()
  }

  /// The entries of an export's bundles, `u16 length ‖ entry` each.
  private static func entries(_ folder: String, count: Int) throws -> [[UInt8]] {
    try stride(from: 0, to: count, by: 256).flatMap { start in
      let width = min(256, count - start)
      let name = "00\(start / 256)" + (width < 256 ? ".p/\(width)" : "")
      let path = URL(filePath: "\(folder)/tile/entries/\(name)")
      var bundle = [UInt8](try Data(contentsOf: path))[...]
      return (0..<width).map { _ in
        let length = bundle.popFirst().map(Int.init)! << 8 | bundle.popFirst().map(Int.init)!
        defer { bundle = bundle.dropFirst(length) }
        return Array(bundle.prefix(length))
      }
    }
  }
}
