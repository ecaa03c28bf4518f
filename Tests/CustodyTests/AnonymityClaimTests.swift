import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("Claiming that a version is anonymous, and what contradicts it")
struct AnonymityClaimTests {
  private static let text = """
    id,client,city
    1,p-0001,Bern
    2,p-0002,Bern
    3,p-0003,Bern

    """

  private static func place() async throws -> DatasetPlace {
    let place = try await DatasetPlace()
    try await place.table(text)
    return place
  }

  private static func destroyKey(_ purpose: String, _ place: DatasetPlace) async throws {
    let key = try place.store.keys.all().first { $0.dataClass == purpose }
    _ = try await place.store.erasures.destroy(
      pseudonymKey: try #require(key).id, reason: .request)
  }

  /// What a claim is refused for; nothing is recorded.
  private static func refusal(_ name: String, _ place: DatasetPlace) async throws -> String {
    let size = try place.store.head().size
    let error = await #expect(throws: CustodyError.self) {
      try await place.datasets.claimAnonymity(of: name, method: "expert")
    }
    #expect(error?.code == .restricted)
    #expect(try place.store.head().size == size)
    return error?.message ?? ""
  }

  @Test("records that are sealed under keys of people are not about nobody")
  func attributed() async throws {
    let place = try await Self.place()
    #expect(try await Self.refusal("table", place).contains("--column client"))
    // Where another file says whom records are about, no column does.
    try place.write(place.target("who.csv"), "key,subject\n1,p-0001\n2,p-0002\n3,p-0003\n")
    try await place.datasets.create("visits", kind: .csv, key: "id", subject: "file:")
    try place.write(place.target("visits.csv"), "id,city\n1,Bern\n2,Bern\n3,Chur\n")
    _ = try await place.datasets.commit(
      "visits", place.target("visits.csv"), subjectFile: place.target("who.csv"))
    #expect(try await Self.refusal("visits", place).contains("sealed under keys of people"))
    // Nor does a count help that hides who is there among the others.
    try await place.datasets.measureAnonymity(
      of: "visits", columns: ["city"], sensitive: ["id"], required: 2)
    #expect(try place.datasets.state(of: "visits").kind == .raw)
  }

  @Test("a version about nobody is what somebody says, and as of before it is not")
  func nobody() async throws {
    let place = try await DatasetPlace()
    try await place.datasets.create("sums", kind: .csv, key: "city", subject: "none")
    try await place.commit("sums", "city,people\nBern,120\n")
    let state = try await place.datasets.claimAnonymity(of: "sums", method: "expert")
    #expect(state.kind == .anonymizedAsClaimed && state.links.isEmpty)
    let then = try place.datasets.known(at: .position(try place.datasets.version("sums").position))
    #expect(try then.state(of: "sums").kind == .raw)
    let error = await #expect(throws: CustodyError.self) {
      try await place.datasets.claimAnonymity(of: "sums", method: "two words\n")
    }
    #expect(error?.code == .invalidInput)
  }

  @Test("a key that makes tokens contradicts it while it lives")
  func key() async throws {
    let place = try await Self.place()
    try await place.datasets.pseudonymize(
      "table", columns: ["client"], tokens: .keyed(purpose: "research"), to: "released")
    #expect(try await Self.refusal("released", place).contains("key destroy --purpose research"))
    try await Self.destroyKey("research", place)
    let state = try await place.datasets.claimAnonymity(of: "released", method: "expert")
    #expect(state.kind == .anonymizedAsClaimed)
    // The natural key and the order were kept: the version with the names is joined by either.
    #expect(
      state.links == [
        .people, .values(dataset: "table", version: 1, by: [.key("id"), .order, .run]),
      ])
    #expect(try await place.store.projections.compare().allSatisfy(\.isEqual))
  }

  @Test("a table contradicts it while it has a row, and a new one ends what was claimed")
  func table() async throws {
    let place = try await Self.place()
    try await place.datasets.pseudonymize("table", columns: ["client", "id"], to: "released")
    #expect(try await Self.refusal("released", place).contains("--class pseudonym-table"))
    _ = try await place.store.erasures.run(
      try place.store.erasures.plan(
        ["p-0001", "p-0002", "p-0003"].map { .identifier($0) }, classes: ["pseudonym-table"],
        reason: .request))
    let state = try await place.datasets.claimAnonymity(of: "released", method: "expert")
    #expect(state.kind == .anonymizedAsClaimed)
    #expect(state.links == [.people, .values(dataset: "table", version: 1, by: [.run])])
    try await place.datasets.pseudonymize("table", columns: ["client"], to: "other")
    #expect(try place.datasets.state(of: "released").kind == .pseudonymized)
  }

  @Test("a column that says whom records are about contradicts it, whatever else has tokens")
  func column() async throws {
    let place = try await Self.place()
    try await place.datasets.pseudonymize(
      "table", columns: ["id"], tokens: .keyed(purpose: "research"), to: "released")
    try await Self.destroyKey("research", place)
    #expect(try await Self.refusal("released", place).contains("the column client says"))
    // In this dataset nothing names it: the one with the values does.
    let error = await #expect(throws: CustodyError.self) {
      try await place.datasets.measureAnonymity(
        of: "released", columns: ["city"], sensitive: ["client"], required: 2)
    }
    #expect(error?.code == .usage && error?.message.contains("client") == true)
    #expect(try place.datasets.state(of: "released").obstacles == [.column("client")])
  }

  @Test("values are where all of them are, also when tokens came column by column")
  func steps() async throws {
    let place = try await Self.place()
    try await place.datasets.pseudonymize(
      "table", columns: ["id"], tokens: .keyed(purpose: "research"), to: "half")
    try await place.datasets.pseudonymize(
      "half", columns: ["client"], tokens: .keyed(purpose: "research"), to: "released")
    let state = try place.datasets.state(of: "released")
    #expect(state.source?.dataset == "half")
    #expect(state.links.last == .values(dataset: "table", version: 1, by: [.run]))
    #expect(state.links.count == 3 && state.obstacles.count == 1)
    // What was erased is nowhere any more.
    _ = try await place.store.erasures.run(
      try place.store.erasures.plan(
        ["p-0001", "p-0002", "p-0003"].map { .identifier($0) }, reason: .request))
    #expect(try place.datasets.state(of: "released").links.count == 1)
  }

  @Test("a version that a run wrote is raw, and leads back to those with tokens over any runs")
  func runs() async throws {
    let place = try await Self.place()
    try await place.datasets.pseudonymize(
      "table", columns: ["client"], tokens: .keyed(purpose: "research"), to: "released")
    try await place.datasets.create("places", kind: .csv, key: "city", subject: "none")
    try await place.commit("places", "city,canton\nBern,BE\n")
    for (job, inputs, output) in [
      ("copy", ["released", "places"], "copies"), ("again", ["copies"], "more"),
    ] {
      var step = RunStep(
        job: job, command: ["sh", "-c", "cut -d, -f1,2,3 {in:\(inputs[0])} > {out:\(output)}"])
      (step.inputs, step.outputs, step.key) = (inputs.map { .init($0) }, [.init(output)], "id")
      #expect(try await place.store.runs.run(step, appendEvents: { _, _ in 0 }).end == .status(0))
      let made = try place.datasets.ancestors(of: output)
      #expect(
        made.map { "\($0.dataset)@v\($0.version) \($0.state)" } == [
          "places@v1 raw", "released@v1 pseudonymized",
        ])
      #expect(try place.datasets.state(of: output).kind == .raw)
      #expect(try await Self.refusal(output, place).contains("sealed under keys of people"))
    }
    // With tokens of its own its source is named, and nobody's run made what was committed.
    #expect(try place.datasets.ancestors(of: "released").isEmpty)
    #expect(try place.datasets.ancestors(of: "table").isEmpty)
  }
}
