import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A verifier on one page says what ours says", .needsPageVerifier)
struct PageVerifierTests {
  @Test("has at most 330 lines")
  func length() throws {
    let text = try String(contentsOfFile: PageVerifier.script, encoding: .utf8)
    #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 331)
  }

  @Test("of a ledger that holds, as a copy and as a store")
  func holds() async throws {
    let copy = try await TamperedCopy()
    let key = "\(copy.sample.verifierKey)"
    #expect(try await PageVerifier.ask([copy.path, "--vkey", key]).holds)
    #expect(try await PageVerifier.ask([copy.path]).holds)
    let temporary = try await SmallStore.make()
    #expect(try await PageVerifier.ask([temporary.path]).holds)
  }

  @Test(
    "of every column that an auditor reads",
    arguments: LedgerColumn.all.filter { ["event", "ledger", "checkpoint"].contains($0.table) })
  func columns(column: LedgerColumn) async throws {
    let key = "\(try await TamperedCopy().sample.verifierKey)"
    var asked = 0
    for place in ["min", "max"] {
      let copy = try await TamperedCopy()
      let database = try RawDatabase(copy.path)
      let value = try database.rows(
        "SELECT \(column.name) FROM \(column.table) ORDER BY 1 \(place == "min" ? "" : "DESC") LIMIT 1"
      )[0][0]
      for change in TamperColumnTests.changes(of: value).prefix(3) {
        let changed = try await TamperedCopy()
        do {
          try RawDatabase.withLooseTables(changed.path) {
            try $0.execute(
              "UPDATE \(column.table) SET \(column.name) = \(change.literal) "
                + "WHERE \(column.name) IS \(value.literal)")
          }
        } catch {
          continue  // SQLite itself refuses it.
        }
        let ours = try await changed.verify()
        let answer = try await PageVerifier.ask([changed.path, "--vkey", key])
        #expect(answer.holds == ours.holds, "\(column) \(change.literal): \(answer)")
        asked += 1
      }
    }
    #expect(asked > 0)
  }

  @Test("of what is handed to others, as it is and with one byte changed")
  func evidence() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    _ = try await SampleLedger.fill(store)
    let old = try await store.checkpoint()
    let receipt = try await store.append(
      (0..<300).map { NewEvent(stream: "many", type: "a.b", content: Array("\($0)".utf8)) })[250]
    let size = try await store.checkpoint().checkpoint.size
    let key = "\(try store.verifierKey)"
    func path(_ name: String) -> String { "\(temporary.folder)/\(name)" }
    let evidence = store.evidence
    for (name, text) in [
      ("proof", try evidence.proof(of: receipt.position)),
      ("consistency", try evidence.consistency(from: old.checkpoint.size, to: size)),
      (
        "disclosure",
        String(decoding: try await evidence.disclose(receipt.position, to: []), as: UTF8.self)
      ),
      ("anchor", old.note.encoded), ("receipt", receipt.json + "\n"),
    ] {
      try text.write(toFile: path(name), atomically: false, encoding: .utf8)
    }
    _ = try evidence.exportEvents(
      EventFilter(from: Position(5), to: Position(270)), to: path("events"))
    _ = try evidence.exportEvents(EventFilter(since: Timestamp(microseconds: 1)), to: path("times"))
    _ = try evidence.exportTiles(to: path("tiles"))
    let more = ["--vkey", key]
    for name in ["proof", "consistency", "disclosure", "events", "times", "tiles"] {
      let anchor = name == "consistency" ? ["--anchor", path("anchor")] : []
      let answer = try await PageVerifier.ask([path(name)] + more + anchor)
      #expect(answer.holds, "\(name): \(answer)")
      let target = name == "tiles" ? path("tiles/tile/entries/000") : path(name)
      let bytes = try #require(FileManager.default.contents(atPath: target))
      for at in [bytes.count / 5, bytes.count / 2, bytes.count - 40] {
        var changed = bytes
        changed[at] ^= 4
        try changed.write(to: URL(fileURLWithPath: target))
        let answer = try await PageVerifier.ask([path(name)] + more + anchor)
        #expect(!answer.holds, "\(name), byte \(at): \(answer)")
      }
      try bytes.write(to: URL(fileURLWithPath: target))
    }
    #expect(try await PageVerifier.ask([path("proof"), "--receipt", path("receipt")] + more).holds)
    try await store.close()
  }
}
