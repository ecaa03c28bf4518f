import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("What the ledger knew at a moment")
struct DatasetMomentTests {
  @Test(
    "is read from text as it is meant",
    arguments: [
      ("head", Moment.head), ("41", .position(Position(41))), ("0", .position(Position(0))),
      ("P0D", .time(Timestamp("2026-06-15T12:00:00Z")!)),
      ("P30D", .time(Timestamp("2026-05-16T12:00:00Z")!)),
      ("2026-01-02", .time(Timestamp("2026-01-02T23:59:59.999999Z")!)),
      ("2026-01-02T03:04:05+01:00", .time(Timestamp("2026-01-02T02:04:05Z")!)),
    ])
  func parsed(text: String, moment: Moment) throws {
    let now = try #require(Timestamp("2026-06-15T12:00:00Z"))
    #expect(Moment(text, now: now) == moment)
    if text.utf8.count == 10 {
      #expect(
        Moment(text, now: now, dateMeans: .start) == .time(Timestamp("2026-01-02T00:00:00Z")!))
    }
  }

  @Test(
    "is nothing else",
    arguments: ["", "-1", "+1", "v3", "P3", "PD", "P-3D", "P99999999D", "2026-13-01", "now", "1 "])
  func refused(text: String) {
    #expect(Moment(text, now: Timestamp(microseconds: 0)) == nil)
  }

  @Test("counts the events that there were")
  func counted() async throws {
    let temporary = try await SmallStore.make()
    let store = try temporary.open()
    let size = try store.head().size
    #expect(try store.eventCount(at: .head) == size)
    #expect(try store.eventCount(at: .position(Position(0))) == 1)
    #expect(try store.eventCount(at: .position(Position(.max))) == size)
    #expect(try store.eventCount(at: .time(Timestamp(microseconds: 0))) == 0)
    #expect(try store.eventCount(at: .time(Timestamp(microseconds: .max))) == size)
    for position in 0..<size {
      let time = try #require(try store.event(at: Position(position))).header.place.recordedAt
      #expect(try store.eventCount(at: .time(time)) >= position + 1)
    }
    let statistics = try store.statistics(at: .position(Position(1)))
    #expect(statistics.reduce(0) { $0 + $1.events } == 2)
  }

  @Test("has no later datasets, versions and tags, and answers every query")
  func bounded() async throws {
    let place = try await DatasetPlace()
    let datasets = place.datasets
    var moments: [Moment] = []
    func mark() throws { moments.append(.position(try place.store.head().position)) }
    try mark()
    try await datasets.create("table", kind: .csv, key: "id", subject: "none")
    try mark()
    try await place.commit("table", "id\n1\n")
    try await datasets.tag("table", "v1", as: "good")
    try mark()
    try await place.commit("table", "id\n1\n2\n")
    try await datasets.tag("table", "v2", as: "good")
    try await datasets.create("other", kind: .csv, subject: "none")
    try mark()

    func then(_ index: Int) throws -> Datasets { try datasets.known(at: moments[index]) }
    #expect(try then(0).all().isEmpty)
    #expect(try then(1).all().map { $0.newest?.number } == [nil])
    #expect(try then(2).all().map { $0.newest?.number } == [1])
    #expect(try then(3).all().map(\.name) == ["other", "table"])
    #expect(try then(2).versions(of: "table").map(\.tags) == [["good"]])
    #expect(try then(3).versions(of: "table").map(\.tags) == [[], ["good"]])
    #expect(try then(2).version("table", "good").number == 1)
    #expect(try then(3).version("table", "good").number == 2)
    #expect(try then(2).version("table", "P0D").number == 1, "what it can see of a time")
    #expect(try then(2).entry("table").newest?.tags == ["good"])

    try place.write(place.source, "id\n1\n2\n")
    #expect(try await then(2).differences("table", with: place.source) == ["added 2"])
    #expect(try await then(3).differences("table", with: place.source) == [])
    #expect(try then(3).differences("table", "v1", "head") == ["added 2"])
    try await then(2).restore("table", to: place.target("then"))
    #expect(try place.text("then") == "id\n1\n")
    let asNew = try await then(2).restoreAsNewVersion("table", "head")
    #expect(asNew.source == 1 && asNew.commit.version == 3)
    for query in [
      { try then(0).entry("table").name }, { try then(2).version("table", "v2").root.hex },
      { try then(1).version("table").root.hex }, { try then(2).entry("other").name },
      { try then(2).differences("table", "v1", "v2").joined() },
    ] {
      let error = #expect(throws: CustodyError.self) { _ = try query() }
      #expect(error?.code == .notFound)
    }
    for key in ["1", "2"] {
      var found: [UInt8] = []
      let read = { try then(2).content(of: "table", key: key) { found += $0 } }
      if key == "1" { try read() } else { #expect(throws: CustodyError.self) { try read() } }
    }
  }

  @Test("cannot be written to")
  func readOnly() async throws {
    let place = try await DatasetPlace()
    try await place.table("id,client\n1,p-0001\n")
    let then = try place.datasets.known(at: .position(try place.store.head().position))
    let size = try place.store.head().size
    for write in [
      { try await then.create("x", kind: .csv, subject: "none") },
      { _ = try await then.commit("table", place.source) },
      { try await then.tag("table", "v1", as: "x") },
    ] {
      let error = await #expect(throws: CustodyError.self) { try await write() }
      #expect(error?.code == .usage)
    }
    #expect(try place.store.head().size == size)
  }

  @Test("what was erased since stays erased")
  func erased() async throws {
    let place = try await DatasetPlace()
    try await place.table("id,client\n1,p-0001\n2,p-0002\n")
    let moment = Moment.position(try place.store.head().position)
    let datasets = try await place.erasing("p-0001").datasets.known(at: moment)
    let restored = try await datasets.restore("table", to: place.target("out"))
    #expect(restored.missing == 1)
    #expect(try place.text("out") == "id,client\n2,p-0002\n")
  }
}
