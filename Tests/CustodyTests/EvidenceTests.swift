import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("What is handed to others proves what it says, and nothing once it is changed")
struct EvidenceTests {
  /// A store with the events of the sample, and what was handed out of it.
  private struct Handed {
    let temporary: TemporaryStore
    let store: Store
    let key: VerifierKey

    static func make() async throws -> Handed {
      let temporary = try TemporaryStore()
      let store = try await temporary.create()
      _ = try await SampleLedger.fill(store)
      try await store.append(
        (0..<300).map {
          NewEvent(stream: "many", type: "number.seen", content: Array("\($0)".utf8))
        })
      _ = try await store.checkpoint()
      return Handed(temporary: temporary, store: store, key: try store.verifierKey)
    }

    func file(_ name: String) -> String { "\(temporary.folder)/\(name)" }

    func write(_ text: String, _ name: String = "file") throws -> String {
      try text.write(toFile: file(name), atomically: false, encoding: .utf8)
      return file(name)
    }

    func verify(
      _ path: String, receipts: [Receipt] = [], anchors: [(name: String, note: String)] = []
    ) throws -> EvidenceReport {
      let file = try #require(try EvidenceFile.open(path))
      return try Store.verify(
        evidence: file, keys: [key], receipts: receipts, anchors: anchors)
    }

    /// Whether a file is refused, in whatever way.
    func refuses(_ bytes: Data, _ name: String = "changed") throws -> Bool {
      try bytes.write(to: URL(fileURLWithPath: file(name)))
      do {
        guard let file = try EvidenceFile.open(file(name)) else { return true }
        return try !Store.verify(evidence: file, keys: [key]).holds
      } catch is CustodyError {
        return true
      }
    }
  }

  @Test("a proof holds for every event, now and under every later checkpoint")
  func proofs() async throws {
    let handed = try await Handed.make()
    let (store, size) = (handed.store, try handed.store.head().size)
    let old = try #require(try store.head().checkpoint).note.encoded
    for position in 0..<size {
      let path = try handed.write(try store.evidence.proof(of: Position(position)))
      let report = try handed.verify(path)
      #expect(report.holds && report.event?.place.position == Position(position))
      #expect(report.eventCount == 1 && report.checkpoint?.size == size)
    }
    try await store.append(NewEvent(stream: "s", type: "a.b", content: []))
    _ = try await store.checkpoint()
    // Under the one that somebody kept, and under the newest.
    for note in [old, nil] {
      let path = try handed.write(try store.evidence.proof(of: Position(7), under: note))
      #expect(try handed.verify(path).holds)
      #expect(try handed.verify(path).checkpoint?.size == (note == nil ? size + 1 : size))
    }
    #expect(throws: CustodyError.self) {
      try store.evidence.proof(of: Position(size), under: old)
    }
    #expect(throws: CustodyError.self) { try store.evidence.proof(of: Position(size + 9)) }
    #expect(throws: CustodyError.self) { try store.evidence.proof(of: Position(1), under: "x") }
  }

  @Test("a receipt is turned into a proof, and shows a ledger that was changed")
  func receipts() async throws {
    let handed = try await Handed.make()
    let receipt = try await handed.store.append(
      NewEvent(stream: "s", type: "a.b", content: Array("{}".utf8)))
    let read = try Receipt(json: Array(receipt.json.utf8))
    #expect(read == receipt)
    _ = try await handed.store.checkpoint()
    let path = try handed.write(try handed.store.evidence.proof(for: read))
    #expect(try handed.verify(path, receipts: [read]).holds)
    let other = Receipt(
      ledgerID: receipt.ledgerID, eventID: receipt.eventID, position: receipt.position,
      revision: receipt.revision, leaf: Leaf())
    #expect(try !handed.verify(path, receipts: [other]).holds)
    func code(_ receipt: Receipt) -> CustodyError.Code? {
      SmallStore.code { try handed.store.evidence.proof(for: receipt) }
    }
    #expect(code(other) == .needsRecovery)
    #expect(
      code(
        Receipt(
          ledgerID: receipt.ledgerID, eventID: receipt.eventID, position: Position(9999),
          revision: receipt.revision, leaf: receipt.leaf)) == .needsRecovery)
    #expect(throws: CustodyError.self) { try Receipt(json: Array("{}".utf8)) }
  }

  @Test("one ledger begins with another, and not with a third")
  func consistency() async throws {
    let handed = try await Handed.make()
    let old = try #require(try handed.store.head().checkpoint)
    try await handed.store.append(NewEvent(stream: "s", type: "a.b", content: []))
    let new = try await handed.store.checkpoint().checkpoint.size
    let path = try handed.write(
      try handed.store.evidence.consistency(from: old.checkpoint.size, to: new))
    #expect(try handed.verify(path, anchors: [("old", old.note.encoded)]).holds)
    let third = try await Handed.make()
    let foreign = try #require(try third.store.head().checkpoint).note.encoded
    #expect(try !handed.verify(path, anchors: [("third", foreign)]).holds)
    #expect(throws: CustodyError.self) { try handed.verify(path) }
    #expect(throws: CustodyError.self) {
      try handed.store.evidence.consistency(from: 1, to: new + 1)
    }
  }

  @Test("a disclosure opens one content, sealed to its reader, and the ledger says so")
  func disclosure() async throws {
    let handed = try await Handed.make()
    let store = handed.store
    let receipt = try await store.append(
      NewEvent(
        stream: "s", type: "a.b", subjects: [.identifier("patient-0017")],
        content: Array("said".utf8)))
    _ = try await store.checkpoint()
    let plain = try await store.evidence.disclose(receipt.position, to: [], purpose: "audit")
    let report = try handed.verify(try handed.write(String(decoding: plain, as: UTF8.self)))
    #expect(report.holds && report.content == Array("said".utf8))
    var made: [StoredEvent] = []
    for try await event in store.events(EventFilter(type: "disclosure.made")) { made.append(event) }
    let recorded = try #require(made.first)
    let content = try #require(try store.content(of: recorded))
    #expect(String(decoding: content, as: UTF8.self).contains(#""purpose":"audit""#))
    await #expect(throws: CustodyError.self) {
      try await store.evidence.disclose(receipt.position, to: ["age1nobody"])
    }
    await #expect(throws: CustodyError.self) {
      try await store.evidence.disclose(receipt.position, to: [], purpose: "patient-0017")
    }
    // Events without keys disclose as well: what everybody may read.
    let open = try await store.evidence.disclose(Position(0), to: [])
    #expect(try handed.verify(try handed.write(String(decoding: open, as: UTF8.self))).holds)
    // The largest content.
    let large = try await store.append(
      NewEvent(
        stream: "s", type: "a.b", content: [UInt8](repeating: 7, count: Limits.contentSizeMax)))
    _ = try await store.checkpoint()
    let file = try await store.evidence.disclose(large.position, to: [])
    let opened = try handed.verify(try handed.write(String(decoding: file, as: UTF8.self)))
    #expect(opened.holds && opened.content?.count == Limits.contentSizeMax)
    for at in stride(from: 0, to: plain.count, by: 3) {
      var changed = plain
      changed[at] ^= 1 << UInt8(at % 7)
      #expect(try handed.refuses(Data(changed)), "byte \(at)")
    }
  }

  @Test("a range has every event of its times or positions, and shows when one is left out")
  func ranges() async throws {
    let handed = try await Handed.make()
    let (store, size) = (handed.store, try handed.store.head().size)
    func export(_ filter: EventFilter) throws -> (path: String, export: Evidence.EventExport) {
      let path = handed.file("range")
      return (path, try store.evidence.exportEvents(filter, to: path, replacing: true))
    }
    for (from, to) in [(0, size), (3, 9), (size - 1, size), (7, 7), (255, 258)] {
      let (path, made) = try export(EventFilter(from: Position(from), to: Position(to)))
      let report = try handed.verify(path)
      #expect(report.holds && report.eventCount == to - from && made.count == to - from)
    }
    let times = try [0, 5, size - 1].map {
      try #require(try store.event(at: Position($0))).header.place.recordedAt
    }
    for since in [nil, Timestamp(microseconds: 0)] + times.map({ Optional($0) }) {
      for until in [nil, Timestamp(microseconds: Int64.max)] + times.map({ Optional($0) }) {
        guard (since ?? Timestamp(microseconds: .min)) <= (until ?? Timestamp(microseconds: .max))
        else {
          continue
        }
        let (path, made) = try export(EventFilter(since: since, until: until))
        let report = try handed.verify(path)
        #expect(report.holds && report.eventCount == made.count, "\(report.steps)")
      }
    }
    let (path, _) = try export(EventFilter(since: times[1]))
    let text = try String(contentsOfFile: path, encoding: .utf8)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let first = try #require(lines.lastIndex(of: "", before: lines.count - 1)) + 1
    func refused(_ lines: [Substring]) throws -> Bool {
      try handed.refuses(Data(lines.joined(separator: "\n").utf8))
    }
    #expect(try !refused(lines))
    for at in [first, first + 1, lines.count - 2] {
      var less = lines
      less.remove(at: at)
      #expect(try refused(less), "line \(at) left out")
    }
    lines.swapAt(first, first + 1)
    #expect(try refused(lines))
    // A time at one end alone promises everything up to the other.
    let note = try #require(try store.head().checkpoint)
    let root = Base64.encode(note.checkpoint.root.bytes)
    for (at, promise) in [(0, "since 0"), (size, "until 0"), (0, "since 0\nuntil 9")] {
      let forged =
        "custody/events@v1\nfrom \(at)\nto \(at)\n\(promise)\n\(root)\n\n\(note.note.encoded)\n"
      let isTrue = promise.contains("until 9")  // Nothing was recorded before the first event.
      #expect(try handed.refuses(Data(forged.utf8)) || isTrue, "\(promise)")
    }
    #expect(throws: CustodyError.self) {
      try export(EventFilter(to: Position(3), since: times[0]))
    }
    // A narrower range under the same promise.
    let (narrow, _) = try export(EventFilter(from: Position(20), to: Position(30)))
    let body = try String(contentsOfFile: narrow, encoding: .utf8)
    for promise in ["since 0", "until 9999999999999999", "since -5"] {
      let more = body.replacing("to 30\n", with: "to 30\n\(promise)\n")
      #expect(try handed.refuses(Data(more.utf8)), "\(promise)")
    }
    let bytes = Array(body.utf8)
    for at in bytes.indices where at % 3 == 0 {
      var changed = bytes
      changed[at] ^= 1 << UInt8(at % 7)
      #expect(try handed.refuses(Data(changed)), "byte \(at)")
    }
  }

  @Test("tiles have every header, and every changed byte of them is found")
  func tiles() async throws {
    let handed = try await Handed.make()
    let folder = handed.file("tiles")
    let size = try handed.store.evidence.exportTiles(to: folder)
    let note = try #require(try handed.store.head().checkpoint).note.encoded
    #expect(try handed.verify(folder, anchors: [("same", note)]).holds)
    #expect(try handed.verify(folder).eventCount == size && size > 256)
    #expect(throws: CustodyError.self) { try handed.store.evidence.exportTiles(to: folder) }
    try "mine".write(toFile: "\(folder)/notes", atomically: false, encoding: .utf8)
    #expect(throws: CustodyError.self) {
      try handed.store.evidence.exportTiles(to: folder, replacing: true)
    }
    try FileManager.default.removeItem(atPath: "\(folder)/notes")
    _ = try handed.store.evidence.exportTiles(to: folder, replacing: true)
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(folder)/\($0)", isDirectory: &isFolder)
        && !isFolder.boolValue
    }
    #expect(
      Set(names) == [
        "checkpoint", "tile/0/000", "tile/0/001.p/\(size - 256)", "tile/1/000.p/1",
        "tile/entries/000", "tile/entries/001.p/\(size - 256)",
      ])
    for name in names {
      let path = "\(folder)/\(name)"
      let bytes = try #require(FileManager.default.contents(atPath: path))
      for at in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)) {
        var changed = bytes
        changed[at] ^= 0x10
        try changed.write(to: URL(fileURLWithPath: path))
        #expect(try !handed.verify(folder).holds, "\(name), byte \(at)")
      }
      try FileManager.default.removeItem(atPath: path)
      if name == "checkpoint" {
        #expect(try EvidenceFile.open(folder) == nil)
      } else {
        #expect(try !handed.verify(folder).holds, "\(name) missing")
      }
      try bytes.write(to: URL(fileURLWithPath: path))
    }
    #expect(try handed.verify(folder).holds)
  }
}

extension Array where Element: Equatable {
  fileprivate func lastIndex(of element: Element, before end: Int) -> Int? {
    self[..<end].lastIndex(of: element)
  }
}
