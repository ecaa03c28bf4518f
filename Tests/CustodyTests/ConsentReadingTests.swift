import Custody
import CustodyLedger
import CustodyModel
import CustodyTesting
import Foundation
import Testing

@Suite("What was read outside of what people allow")
struct ConsentReadingTests {
  private let place: DatasetPlace
  private var store: Store { place.store }

  /// Two versions of a table: p-0001 and p-0002 in both, p-0003 in the second. p-0001 allows research.
  init() async throws {
    place = try await DatasetPlace()
    try await place.table(
      "id,client\n1,p-0001\n2,p-0002\n3,p-0002\n",
      "id,client\n1,p-0001\n2,p-0002\n3,p-0003\n")
    try await grant("p-0001")
  }

  private func grant(_ people: String...) async throws {
    try await store.consents.grant(
      people.map { .identifier($0) },
      Consents.Terms(
        purposes: ["research"], basis: .consent, textVersion: "1", from: Timestamp("2020-01-01")))
  }

  /// `kind input: reason n, … of n` of each gap.
  private func gaps(
    _ purpose: String? = nil, at moment: Moment = .head, in filter: EventFilter = EventFilter()
  ) async throws -> [String] {
    try await store.consents.known(at: moment).gaps(purpose: purpose, in: filter).map { gap in
      let reasons = gap.outside.sorted { $0.key.rawValue < $1.key.rawValue }
        .map { "\($0.key.rawValue) \($0.value.count)" }
      let what = "\(gap.kind.rawValue) \(gap.input)"
      return "\(what): \(reasons.joined(separator: ", ")) of \(gap.people)"
    }
  }

  private func run(_ purpose: String?, on ground: RestrictionGround? = nil, path: String? = nil)
    async throws
  {
    var step = RunStep(job: "study", command: ["true"])
    step.inputs = [.init("table", "v2", path: path)]
    (step.purpose, step.ground) = (purpose, ground)
    _ = try await store.runs.run(step, appendEvents: { _, _ in 0 })
  }

  @Test("is found in restores, by the purpose that they name")
  func restores() async throws {
    try await store.datasets.restore(
      "table", "v2", to: place.target("a.csv"), for: "research")
    #expect(try await gaps() == ["restore table@v2: not-given 2 of 3"])
    let gap = try #require(try await store.consents.gaps().first)
    #expect(gap.run == nil && gap.job == nil && gap.purpose == "research" && gap.actor != nil)
    let middle = try store.head().position
    try await store.datasets.restore("table", "v1", to: place.target("b.csv"))
    #expect(
      try await gaps() == [
        "restore table@v2: not-given 2 of 3", "restore table@v1: no-purpose 2 of 2",
      ])
    #expect(try await gaps("research") == ["restore table@v2: not-given 2 of 3"])
    #expect(try await gaps(at: .position(middle)).count == 1)
    #expect(try await gaps(in: EventFilter(from: middle.next)).count == 1)
  }

  @Test("is looked for among the people whose records were chosen")
  func parts() async throws {
    let datasets = store.datasets
    try await datasets.restore(
      "table", "v2", keys: ["1"], to: place.target("a.csv"), for: "research")
    #expect(try await gaps() == [])
    try await datasets.restore(
      "table", "v2", matching: .init(keys: ["3"]), to: place.target("b.csv"),
      for: "research")
    #expect(try await gaps() == ["restore table@v2: not-given 1 of 1"])
  }

  @Test("is found in disclosures of events about people")
  func disclosures() async throws {
    for people in [["p-0001"], ["p-0001", "p-0002"], []] {
      try await store.append(
        NewEvent(
          stream: "notes", type: "note.made", subjects: people.map { .identifier($0) },
          content: [1]))
    }
    _ = try await store.checkpoint()
    var positions: [Position] = []
    for try await event in store.events(EventFilter(stream: "notes")) {
      positions.append(event.position)
      _ = try await store.evidence.disclose(event.position, to: [], purpose: "research")
      _ = try await store.evidence.disclose(event.position, to: [])
    }
    #expect(
      try await gaps() == [
        "disclosure position \(positions[0]): no-purpose 1 of 1",
        "disclosure position \(positions[1]): not-given 1 of 2",
        "disclosure position \(positions[1]): no-purpose 2 of 2",
      ])
  }

  @Test("is none of what was restricted then, and left out")
  func restricted() async throws {
    let others = [Subject.identifier("p-0002"), .identifier("p-0003")]
    try await store.restrictions.place(others, reason: .objectionPending)
    try await run("research")
    try await store.datasets.restore("table", "v2", to: place.target("a.csv"), for: "research")
    #expect(try await gaps() == [])
    try await run("research", on: .legalClaim)
    #expect(try await gaps() == ["run table@v2: not-given 2 of 3"])
    try await store.restrictions.lift(others)
    // What holds is what was restricted when it began.
    #expect(try await gaps() == ["run table@v2: not-given 2 of 3"])
  }

  @Test("is told once of what a run restored for itself")
  func ownRestore() async throws {
    try await run("research", path: place.target("table.csv"))
    #expect(FileManager.default.fileExists(atPath: place.target("table.csv")))
    #expect(try await gaps() == ["run table@v2: not-given 2 of 3"])
  }

  // MARK: - What others report

  private static func tag(_ purpose: String) -> String {
    #""tags":{\#(LineageSaid.base),"tags":[{"key":"purpose","value":"\#(purpose)"}]}"#
  }

  private func table(_ version: String?) -> String {
    let facet = version.map { #""version":{\#(LineageSaid.base),"datasetVersion":"\#($0)"}"# }
    return
      #"{"namespace":"custody://\#(store.ledgerID.uuid)","name":"table","facets":{\#(facet ?? "")}}"#
  }

  @Test("is found in runs that others report, where tags of the run or the job name a purpose")
  func reported() async throws {
    try await store.importing([
      LineageSaid.run(
        1, "START", at: 1, in: [table("v2")], runFacets: Self.tag("research"),
        jobFacets: Self.tag("quality")),
      LineageSaid.run(1, at: 2, in: [table("v2")], runFacets: Self.tag("research")),
      LineageSaid.run(2, job: "k", at: 3, in: [table("v1")], jobFacets: Self.tag("quality")),
      LineageSaid.run(3, at: 4, in: [table("v1"), LineageSaid.data("elsewhere")]),
      LineageSaid.run(4, at: 5, in: [LineageSaid.data("elsewhere")], out: [table("v9")]),
    ])
    #expect(
      try await gaps() == [
        "reported-run table@v2: not-given 2 of 3", "reported-run table@v1: not-given 2 of 2",
        "reported-run table@v1: no-purpose 2 of 2",
      ])
    let found = try await store.consents.gaps()
    #expect(found.map(\.job) == ["j", "k", "j"] && found.allSatisfy { $0.actor == nil })
    #expect(found[0].startedAt == Timestamp("2026-01-31T00:01:00Z"))
    #expect(found[1].run.map { "\($0)" } == LineageSaid.id(2))
    #expect(try await gaps("quality") == ["reported-run table@v1: not-given 2 of 2"])
    #expect(try await gaps(in: EventFilter(from: found[1].position)).count == 2)
    #expect(try await gaps(at: .position(found[1].position)).count == 2)
    try await grant("p-0002", "p-0003")
    #expect(try await gaps("research") == [])
  }

  @Test("is by the tags that a reported run had last, each purpose for itself")
  func tags() async throws {
    let both = Self.tag("research").replacing(
      #""tags":["#,
      with: #""tags":[{"key":"purpose","value":"quality"},{"key":"team","value":"a"},"#)
    try await store.importing([
      LineageSaid.run(1, "START", at: 1, in: [table("v1")], runFacets: Self.tag("research")),
      LineageSaid.run(1, at: 2, in: [table("v1")], runFacets: Self.tag("teaching")),
      LineageSaid.run(2, at: 3, in: [table("v1")], runFacets: both),
    ])
    #expect(
      try await store.consents.gaps().map { "\($0.purpose ?? "-") \($0.count)" } == [
        "teaching 2", "quality 2", "research 1",
      ])
  }

  @Test("is found in reported runs that name no version, or the dataset by another name")
  func unnamed() async throws {
    let late = LineageSaid.run(1, at: 1, in: [table(nil)]).replacing(
      "2026-01-31T", with: "2099-01-31T")
    let early = LineageSaid.run(2, at: 1, in: [table(nil)])
    let own = #"{"namespace":"custody://\#(store.ledgerID.uuid)","name":"table","type":"TABLE"}"#
    let linked = LineageSaid.data(
      "linked", version: "v1", #""symlinks":{\#(LineageSaid.base),"identifiers":[\#(own)]}"#)
    try await store.importing([late, early, LineageSaid.run(3, at: 2, in: [linked])])
    #expect(
      try await gaps() == [
        "reported-run table@v2: no-purpose 3 of 3", "reported-run table@v1: no-purpose 2 of 2",
        "reported-run table@v1: no-purpose 2 of 2",
      ])
  }

  @Test("is not what a caller says elsewhere of a restore or a disclosure")
  func forged() async throws {
    for (type, content) in [
      (DatasetRestored.type, DatasetRestored.example.content),
      (DisclosureMade.type, DisclosureMade.example.content),
    ] {
      try await store.append(NewEvent(stream: "elsewhere", type: type, content: content))
    }
    #expect(try await gaps() == [])
  }
}
