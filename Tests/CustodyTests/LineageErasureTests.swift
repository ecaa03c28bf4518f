import Custody
import CustodyModel
import CustodyTesting
import Foundation
import Testing

@Suite("A version of which records were erased says so wherever it is shown")
struct LineageErasureTests {
  private typealias Object = [String: Any]

  /// Two versions of a table, and a copy of the first; then she is erased.
  private struct Place {
    let place: DatasetPlace
    let store: Store
    let before: LineagePicture
    let destroyed: StoredEvent
    let copied: Position

    init() async throws {
      place = try await DatasetPlace()
      try await place.table("id,client,text\n1,p-0001,one\n2,p-0002,two\n3,p-0001,three\n")
      try await place.datasets.create("copies", kind: .csv, key: "id", subject: "client")
      try await place.commit("copies", "id,client\n1,p-0001\n")
      try await place.commit("table", "id,client,text\n2,p-0002,two\n4,p-0003,four\n")
      copied = try place.datasets.versions(of: "copies")[0].position
      before = try place.store.lineage.picture(grain: .run)
      store = try await place.erasing("p-0001")
      var found: StoredEvent?
      for try await event in store.events(EventFilter(type: "key.destroyed")) { found = event }
      destroyed = try #require(found)
    }

    func node(_ picture: LineagePicture, _ name: String, _ version: String) throws
      -> LineagePicture.Node
    {
      try #require(picture.nodes.first { $0.name == name && $0.version == version })
    }
  }

  @Test("the state, the time and the event that destroyed the keys, as of the moment")
  func states() async throws {
    let place = try await Place()
    let picture = try place.store.lineage.picture(grain: .run)
    let first = try place.node(picture, "table", "v1")
    let at = place.destroyed.header.place.recordedAt
    #expect(first.state == .partlyErased && first.invalidatedAt == at)
    #expect(
      first.erasures == [
        .init(position: place.destroyed.position, time: at, reason: "erasure", records: 2)
      ])
    #expect(try place.node(picture, "copies", "v1").state == .erased, "nothing is left of it")
    let second = try place.node(picture, "table", "v2")
    #expect(second.state == nil && second.erasures.isEmpty, "she was not in it")
    #expect(place.before.nodes.allSatisfy { $0.state == nil })
    // What was not known or not so yet is not shown.
    for then in [
      try place.store.lineage.known(at: .position(Position(place.destroyed.position.value - 1))),
      try place.store.lineage.known(
        at: .head, when: Timestamp(microseconds: at.microseconds - 1)),
    ] {
      let picture = try then.picture(grain: .run)
      #expect(try place.node(picture, "table", "v1").state == nil)
      #expect(try then.gaps([.erasedInput]).isEmpty)
    }
    let about = try place.store.lineage.about("table@v1")[0]
    #expect(about.node.state == .partlyErased && about.node.erasures.count == 1)
  }

  @Test("every drawing says that a part is erased")
  func drawings() async throws {
    let place = try await Place()
    let picture = try place.store.lineage.picture(of: ["table@v1"], grain: .run)
    let position = place.destroyed.position.value
    #expect(picture.svg.contains("version v1 erased in part"))
    #expect(picture.svg.contains("2 records, position \(position)"))
    #expect(picture.svg.contains("href=\"#sign-partly-erased\""))
    #expect(picture.dot.contains("erased in part"))
    #expect(picture.mermaid.contains("erased in part"))
    #expect(picture.html.contains("erased in part"))
    #expect(picture.html.contains("s-partly-erased"))
    #expect(picture.graphML.contains("partly-erased"))
    let whole = try place.store.lineage.picture(of: ["copies@v1"], grain: .run)
    #expect(whole.svg.contains("version v1 erased") && !whole.svg.contains("erased in part<"))
  }

  @Test("PROV: an activity invalidates it at that time, and a later one only influences it")
  func invalidated() async throws {
    let place = try await Place()
    let at = place.destroyed.header.place.recordedAt
    let position = place.destroyed.position.value
    var picture = try place.store.lineage.picture(grain: .run)
    var document = try Self.read(picture)
    var found = Self.statements(document, "wasInvalidatedBy")
    #expect(found.count == 2)
    #expect(found.allSatisfy { $0["prov:activity"] as? String == "custody:erasure.\(position)" })
    #expect(found.allSatisfy { $0["prov:time"] as? String == "\(at)" })
    #expect(Set(found.compactMap { $0["custody:records"] as? String }) == ["1", "2"])
    let activity = try #require(
      (document["activity"] as? Object)?["custody:erasure.\(position)"] as? Object)
    #expect(activity["prov:startTime"] as? String == "\(at)")
    #expect(activity["custody:reason"] as? String == "erasure")
    #expect(picture.provN.contains("custody:erasure.\(position), \(at), ["))

    let index = try #require(picture.nodes.firstIndex { $0.state == .partlyErased })
    let later = Timestamp(microseconds: at.microseconds + 1_000_000)
    picture.nodes[index].erasures.append(
      .init(
        position: Position(position + 5), time: later, reason: "expiry",
        request: Position(position + 4), records: 1))
    document = try Self.read(picture)
    found = Self.statements(document, "wasInvalidatedBy")
    #expect(found.count == 2)
    let influence = try #require(Self.statements(document, "wasInfluencedBy").first)
    #expect(influence["prov:influencer"] as? String == "custody:erasure.\(position + 5)")
    let second = (document["activity"] as? Object)?["custody:erasure.\(position + 5)"] as? Object
    #expect(second?["custody:request"] as? String == "\(position + 4)")
  }

  @Test("PROV of erasures loads in the library of others", .needsProvLibrary)
  func library() async throws {
    let place = try await Place()
    let picture = try place.store.lineage.picture(grain: .run)
    let expected = try Self.read(picture).filter { $0.key != "prefix" }.values
      .reduce(0) { $0 + (($1 as? Object)?.count ?? 0) }
    #expect(try await ProvLibrary.recordCounts(of: [picture.provJSON]) == [expected])
  }

  private static func read(_ picture: LineagePicture) throws -> Object {
    try #require(
      try JSONSerialization.jsonObject(with: Data(picture.provJSON.utf8)) as? Object)
  }

  private static func statements(_ document: Object, _ relation: String) -> [Object] {
    (document[relation] as? Object ?? [:]).sorted { $0.key < $1.key }
      .compactMap { $0.value as? Object }
  }
}
