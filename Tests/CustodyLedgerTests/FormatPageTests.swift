import CustodyLedger
import Foundation
import Testing

/// What `Format.md` shows is what the examples hold.
@Suite("The page of the format shows values of the examples")
struct FormatPageTests {
  let file: FormatFile
  /// The page without white space, so that it may break lines where it likes.
  let page: String
  /// The digits at the beginning of each line, joined for each block of the page.
  let blocks: [String]

  init() throws {
    file = try ExamplesTests().file
    let package = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(
      contentsOf: package.appending(
        path: "Sources/CustodyLedger/Documentation.docc/Format.md"), encoding: .utf8)
    page = text.filter { !$0.isWhitespace }
    blocks = text.components(separatedBy: "```").map { block in
      block.split(separator: "\n").compactMap { line in
        line.split(separator: " ").first.map(String.init)
      }.filter { Hex.decode($0.utf8) != nil }.joined()
    }
  }

  private func shows(_ text: String) -> Bool { page.contains(text.filter { !$0.isWhitespace }) }

  @Test("the header of position 4, part by part")
  func header() {
    let event = file.events[4]
    #expect(blocks.contains(Hex.encode(event.claim.bytes)))
    #expect(blocks.contains(Hex.encode(event.header.bytes.dropFirst(event.claim.bytes.count))))
  }

  @Test("its sealing, step by step")
  func sealing() throws {
    let event = file.events[4]
    #expect(shows(String(decoding: event.content.bytes, as: UTF8.self)))
    #expect(shows("data key" + Hex.encode(file.key(event.keyIds[0]).bytes)))
    #expect(shows("message nonce" + Hex.encode(event.nonce.bytes.dropFirst(12))))
    #expect(shows("salt" + Hex.encode(event.salt.bytes)))
    let plaintext = try #require(event.plaintext).bytes
    #expect(shows("plaintext" + Hex.encode(plaintext)))
    #expect(shows("body" + Hex.encode(event.body.bytes)))
    #expect(shows("body hash" + Hex.encode(event.bodyHash.bytes)))
    #expect(shows("commitment" + Hex.encode(event.commitment.bytes)))
    #expect(shows("leaf" + Hex.encode(event.leaf.bytes)))
    // The key of the message is the page's own: it seals to the body.
    let parts = page.components(separatedBy: "messagekey")
    let key = try #require(parts.compactMap { Hex.decode($0.prefix(64).utf8) }.first)
    let body = AES256GCM().seal(
      plaintext, key: key, nonce: Array(event.nonce.bytes[12...]), aad: event.claim.bytes)
    #expect(body == event.body.bytes)
  }

  @Test("a receipt")
  func receipt() throws {
    let header = try Header(parsing: file.events[4].header.bytes)
    let leaf = Hex.encode(file.events[4].leaf.bytes)
    let (claim, place) = (header.claim, header.place)
    #expect(
      shows(
        #"{"ledger":"\#(claim.ledgerID)","id":"\#(claim.eventID)","position":\#(place.position),"#
          + #""revision":\#(place.revision),"leaf":"\#(leaf)"}"#))
  }

  @Test("a joint key")
  func jointKey() {
    for id in file.events[5].keyIds { #expect(shows(id + Hex.encode(file.key(id).bytes))) }
    let key = JointKey.derive(file.keys(file.events[5].keyIds))
    #expect(shows("joint key" + Hex.encode(key.bytes)))
  }

  @Test("the tree of five leaves, its checkpoint and a proof")
  func tree() throws {
    let leaves = file.leaves
    for position in 0..<5 { #expect(shows("leaf \(position)" + leaves[position].hex)) }
    let source = LeafSource(leaves: leaves)
    #expect(shows("node(0,1)" + source.subtree(level: 1, place: 0).hex))
    #expect(shows("node(2,3)" + source.subtree(level: 1, place: 1).hex))
    #expect(shows("node(0…3)" + source.subtree(level: 2, place: 0).hex))
    #expect(shows("root of 5 leaves" + file.reader.root(size: 5).hex))
    let checkpoint = try #require(file.checkpoint(size: 5))
    #expect(shows(checkpoint.note + checkpoint.cosignature))
    #expect(shows(file.verifierKey))
    #expect(shows(try #require(file.witnessKey)))
    let proof = try #require(file.inclusion.first { $0.index == 4 && $0.size == 5 }).proof
    #expect(proof.hasSuffix(checkpoint.note + checkpoint.cosignature))
    #expect(
      shows(String(proof.dropLast((checkpoint.note + checkpoint.cosignature).count))))
  }

  @Test("contents of events that explain")
  func systemEvents() {
    for position in [0, 1, 11, 12, 13] {
      #expect(shows(String(decoding: file.events[position].content.bytes, as: UTF8.self)))
    }
  }

  @Test("an object, and the root of a dataset version")
  func objects() {
    #expect(blocks.contains(Hex.encode(file.objects[0].object.bytes)))
    #expect(shows("content" + Hex.encode(file.objectContents[0].bytes)))
    #expect(shows("address" + Hex.encode(file.objects[0].address.bytes)))
    for entry in file.versionRoot.entries {
      #expect(shows("ordinal \(entry.ordinal)" + Hex.encode(entry.address.bytes)))
    }
    #expect(shows("it is `" + Hex.encode(file.versionRoot.root.bytes) + "`"))
  }
}
