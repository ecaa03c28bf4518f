import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Processing outside of what people allow")
struct ConsentGapTests {
  private let place: DatasetPlace
  private var store: Store { place.store }
  private var consents: Consents { store.consents }

  /// Two versions of a table: p-0001 and p-0002 in both, p-0003 in the second, and a row about
  /// nobody that anybody knows.
  init() async throws {
    place = try await DatasetPlace()
    try await place.table(
      "id,client\n1,p-0001\n2,p-0002\n3,p-0002\n",
      "id,client\n1,p-0001\n2,p-0002\n3,p-0003\n")
    try await place.datasets.create("weather", kind: .csv, key: "id", subject: "none")
    try await place.commit("weather", "id,rain\n1,2\n")
  }

  private func id(_ name: String) throws -> KeyID {
    try #require(try store.subjects.id(of: name))
  }

  private func run(_ purpose: String?, _ inputs: String...) async throws {
    var step = RunStep(job: "study", command: ["true"])
    step.inputs = try inputs.map { try #require(RunStep.Input(parsing: $0)) }
    step.purpose = purpose
    _ = try await store.runs.run(step, appendEvents: { _, _ in 0 })
  }

  private func grant(
    _ people: String..., purpose: String = "research", from: String = "2020-01-01",
    expires: String? = nil, for recipients: [String] = [], basis: LegalBasis = .consent
  ) async throws {
    try await consents.grant(
      people.map { .identifier($0) },
      Consents.Terms(
        purposes: [purpose], basis: basis, textVersion: "1", from: Timestamp(from),
        expires: expires.flatMap { Timestamp($0) }, recipients: recipients))
  }

  /// `input: reason n, …` of each gap.
  private func gaps(
    _ purpose: String? = nil, at moment: Moment = .head, in filter: EventFilter = EventFilter()
  ) async throws -> [String] {
    try await consents.known(at: moment).gaps(purpose: purpose, in: filter).map { gap in
      let reasons = gap.outside.sorted { $0.key.rawValue < $1.key.rawValue }
        .map { "\($0.key.rawValue) \($0.value.count)" }
      return "\(gap.input): \(reasons.joined(separator: ", ")) of \(gap.people)"
    }
  }

  @Test("is found for each version that was read, by who was in it then")
  func versions() async throws {
    try await grant("p-0001", "p-0002")
    try await run("research", "table@v1", "weather")
    #expect(try await gaps() == [])
    try await run("research", "table@v2", "weather")
    #expect(try await gaps() == ["table@v2: not-given 1 of 3"])
    let found = try #require(try await consents.gaps().first)
    #expect(found.outside == [.notGiven: [try id("p-0003")]])
    #expect(found.job == "study" && found.purpose == "research" && found.erased == 0)
  }

  @Test("says whether consent was never given, ended, taken back, or given to others")
  func reasons() async throws {
    try await grant("p-0001", from: "2020-01-01", expires: "2021-01-01")
    try await grant("p-0002")
    try await grant("p-0003", for: ["clinic-b"])
    try await consents.withdraw([.identifier("p-0002")])
    try await run("research", "table@v2")
    #expect(
      try await gaps() == ["table@v2: expired 1, for-others 1, withdrawn 1 of 3"])
    try await run("quality", "table@v2")
    #expect(try await gaps("quality") == ["table@v2: not-given 3 of 3"])
  }

  @Test("is none when any basis covers the purpose, for the organization or who acted")
  func covered() async throws {
    try await grant("p-0001", basis: .legalObligation)
    try await grant("p-0002", for: ["example.org", "clinic-b"])
    try await grant("p-0003", for: ["uid:1"])
    try await run("research", "table@v2")
    #expect(try await gaps() == [])
  }

  @Test(
    "is what was so when the run began: a later withdrawal changes nothing, an earlier grant does")
  func times() async throws {
    try await grant("p-0001", "p-0002", "p-0003")
    try await run("research", "table@v2")
    try await consents.withdraw([.identifier("p-0001")])
    #expect(try await gaps() == [])
    try await run("research", "table@v2")
    #expect(try await gaps() == ["table@v2: withdrawn 1 of 3"])
    let before = try store.head().position
    // A form on paper that came in later.
    try await grant("p-0001")
    #expect(try await gaps() == [])
    #expect(try await gaps(at: .position(before)) == ["table@v2: withdrawn 1 of 3"])
  }

  @Test("includes runs without a purpose that read records about people")
  func noPurpose() async throws {
    try await grant("p-0001", "p-0002", "p-0003")
    try await run(nil, "table@v2", "weather")
    try await run(nil, "weather")
    #expect(try await gaps() == ["table@v2: no-purpose 3 of 3"])
    #expect(try await gaps("research") == [])
  }

  @Test("is looked for among the runs of a range, as far as the ledger knew them")
  func ranges() async throws {
    try await run("research", "table@v1")
    let middle = try store.head().position
    try await run("research", "table@v2")
    #expect(try await gaps().count == 2)
    #expect(try await gaps(in: EventFilter(to: middle)) == ["table@v1: not-given 2 of 2"])
    #expect(try await gaps(in: EventFilter(from: middle)) == ["table@v2: not-given 3 of 3"])
    #expect(try await gaps(at: .position(middle)) == ["table@v1: not-given 2 of 2"])
    #expect(try await gaps("quality") == [])
  }

  @Test("says of how many nobody can tell any more, and knows who kept her record of consent")
  func erased() async throws {
    try await grant("p-0001", "p-0002")
    try await consents.withdraw([.identifier("p-0001"), .identifier("p-0002")])
    try await run("research", "table@v1")
    let kept = try id("p-0001")
    _ = try await store.erasures.run(
      try store.erasures.plan([.key(kept)], classes: ["default"], reason: .request))
    let both = try await consents.gaps()
    #expect(both.map(\.count) == [2] && both[0].erased == 0)
    _ = try await store.erasures.run(
      try store.erasures.plan([.identifier("p-0002")], reason: .request))
    let gap = try #require(try await consents.gaps().first)
    #expect(gap.outside == [.withdrawn: [kept]])
    #expect(gap.erased == 1 && gap.people == 1)
  }

  @Test("is not what a caller says of a run elsewhere")
  func forged() async throws {
    try await run("research", "table@v1")
    #expect(try await gaps().count == 1)
    let started = try #require(
      try store.folder.read {
        try $0.events(EventFilter(type: "run.started"), ledgerID: store.ledgerID, limit: 1)
      }.first)
    try await store.append(
      NewEvent(
        stream: "elsewhere", type: "run.started",
        content: try #require(try store.content(of: started))))
    #expect(try await gaps().count == 1)
  }
}
