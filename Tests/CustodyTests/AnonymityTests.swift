import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Measuring how many people share what a version says")
struct AnonymityTests {
  /// Five people; one of them has three of the records of her combination.
  private static let text = """
    id,client,city,year,text
    1,p-0001,Bern,1980,one
    2,p-0002,Bern,1980,two
    3,p-0003,Bern,1980,three
    4,p-0004,Chur,1980,four
    5,p-0004,Chur,1980,five
    6,p-0004,Chur,1980,six
    7,p-0005,Chur,1980,seven

    """

  private static func place() async throws -> DatasetPlace {
    let place = try await DatasetPlace()
    try await place.table(text)
    return place
  }

  @Test("counts people, not records, and whoever is alone")
  func counts() async throws {
    let place = try await Self.place()
    func measured(_ columns: String...) async throws -> Datasets.Measurement {
      try await place.datasets.measureAnonymity(
        of: "table", columns: columns, required: 2, isTrial: true)
    }
    let both = try await measured("city", "year")
    #expect(both.numbers == [2, 2, 0, 7])
    #expect(both.others == ["client", "id", "text"] && !both.isReached)
    let year = try await measured("year")
    #expect(year.numbers == [1, 5, 0, 7])
    // Three records of one person hide nobody.
    let client = try await measured("client")
    #expect(client.numbers == [5, 1, 7, 7])
    // Values that join to the same text are others.
    try await place.commit(
      "table", "id,client,city,year,text\n1,p-0001,ab,c,\n2,p-0002,a,bc,\n")
    let joined = try await measured("city", "year")
    #expect(joined.numbers == [2, 1, 2, 2])
  }

  @Test("a version is anonymized as measured when all is accounted for and nothing leads back")
  func story() async throws {
    let place = try await Self.place()
    let columns = ["id", "client"]
    let done = try await place.datasets.pseudonymize(
      "table", columns: columns, tokens: .keyed(purpose: "p"), to: "released")
    func measure(_ required: Int, _ sensitive: [String]) async throws -> Datasets.State {
      try await place.datasets.measureAnonymity(
        of: "released", columns: ["city", "year"], sensitive: sensitive, required: required)
      return try place.datasets.state(of: "released")
    }
    let measured = try await measure(2, ["text"])
    #expect(measured.kind == .pseudonymized, "the key lives")
    #expect(measured.measured?.isReached == true && measured.measured?.smallest == 2)
    let position = try #require(measured.measured?.position)
    let event = try #require(try place.store.event(at: position))
    #expect(event.header.claim.type.text == "dataset.anonymity.measured")

    _ = try await place.store.erasures.destroy(
      pseudonymKey: try #require(done.key), reason: .request)
    let state = try place.datasets.state(of: "released")
    #expect(state.kind == .anonymizedAsMeasured && state.obstacles.isEmpty)
    // Whoever has the store knows more than whoever has the version, and the state says by what.
    #expect(state.links == [.people, .values(dataset: "table", version: 1, by: [.run])])
    let claimed = try await place.datasets.claimAnonymity(of: "released", method: "expert")
    #expect(claimed.kind == .anonymizedAsMeasured && claimed.claim?.method == "expert")
    // What was measured last counts.
    #expect(try await measure(3, ["text"]).kind == .anonymizedAsClaimed)
    #expect(try await measure(2, []).kind == .anonymizedAsClaimed, "a column was not looked at")
    #expect(try await measure(2, ["text"]).kind == .anonymizedAsMeasured)
    // A key that is made anew leads back from new tokens, not from these.
    try await place.datasets.pseudonymize(
      "table", columns: columns, tokens: .keyed(purpose: "p"), to: "released")
    #expect(try place.datasets.state(of: "released", "v1").kind == .anonymizedAsMeasured)
    #expect(try place.datasets.state(of: "released", "v2").kind == .pseudonymized)
    #expect(try await place.store.projections.compare().allSatisfy(\.isEqual))
  }

  @Test("a raw version stays raw when too few share what was measured")
  func raw() async throws {
    let place = try await Self.place()
    let columns = ["id", "client", "city", "year", "text"]
    try await place.datasets.measureAnonymity(of: "table", columns: columns)
    let state = try place.datasets.state(of: "table")
    #expect(state.kind == .raw && state.measured?.smallest == 1)
    #expect(state.links == [.column("client"), .people])
    let then = try place.datasets.known(at: .position(try place.datasets.version("table").position))
    #expect(try then.state(of: "table").links.isEmpty)
  }

  @Test("of JSON lines, members that nobody named are found, also below others")
  func lines() async throws {
    let place = try await DatasetPlace()
    try await place.datasets.create("lines", kind: .lines, subject: "json:who")
    try await place.commit(
      "lines",
      """
      {"who":"p-0001","at":{"city":"Bern","year":1980},"ok":true}
      {"who":"p-0002","at":{"city":"Bern","year":1980},"ok":true,"more":[1]}
      {"who":["p-0003"],"at":{"city":"Bern"},"ok":false}

      """)
    let measured = try await place.datasets.measureAnonymity(
      of: "lines", columns: ["at.city", "ok"], sensitive: ["more"], required: 2)
    #expect(measured.others == ["at.year", "who"])
    #expect(measured.numbers == [2, 1, 1, 3])
    // Names of members may be names of people: the ledger has their number.
    let state = try place.datasets.state(of: "lines")
    #expect(state.measured?.others == [] && state.measured?.otherCount == 2)
  }

  @Test("records about nobody count one by one, and erased ones are missing")
  func people() async throws {
    let place = try await DatasetPlace()
    try await place.datasets.create("visits", kind: .csv, subject: "none")
    try await place.commit("visits", "city\nBern\nBern\n")
    let nobody = try await place.datasets.measureAnonymity(
      of: "visits", columns: ["city"], required: 2)
    #expect(nobody.smallest == 2 && nobody.isReached)
    #expect(try place.datasets.state(of: "visits").kind == .anonymizedAsMeasured)
    try await place.table(Self.text)
    _ = try await place.store.erasures.run(
      try place.store.erasures.plan([.identifier("p-0005")], reason: .request))
    let left = try await place.datasets.measureAnonymity(of: "table", columns: ["city"])
    #expect(left.missing == 1 && left.numbers == [2, 1, 3, 6])
  }

  @Test(
    "what cannot be measured is refused",
    arguments: [
      ([], [], 5), (["city"], [], 1), (["city"], ["#3"], 5), (["city"], ["client"], 5),
      (["nothing"], [], 5), (["city"], ["nothing"], 5),
    ] as [([String], [String], Int)])
  func refusals(columns: [String], sensitive: [String], required: Int) async throws {
    let place = try await Self.place()
    let size = try place.store.head().size
    let error = await #expect(throws: CustodyError.self) {
      try await place.datasets.measureAnonymity(
        of: "table", columns: columns, sensitive: sensitive, required: required)
    }
    let isThere = !(columns + sensitive).contains("nothing")
    #expect(error?.code == (isThere ? .usage : .invalidInput))
    #expect(try place.store.head().size == size)
  }
}

extension Datasets.Measurement {
  /// Groups, the fewest people in one, records of somebody alone, records.
  fileprivate var numbers: [Int] { [groups, smallest, unique, records] }
}
