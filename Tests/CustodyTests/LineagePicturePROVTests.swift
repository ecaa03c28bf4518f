import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("A picture in the words of PROV")
struct LineagePicturePROVTests {
  private typealias Object = [String: Any]

  private static func read(_ picture: LineagePicture) throws -> Object {
    let json = try JSONSerialization.jsonObject(with: Data(picture.provJSON.utf8))
    return try #require(json as? Object)
  }

  private static func ids(_ document: Object, _ type: String) -> Set<String> {
    Set((document[type] as? Object ?? [:]).keys)
  }

  private static func statements(_ document: Object, _ relation: String) -> [Object] {
    (document[relation] as? Object ?? [:]).sorted { $0.key < $1.key }
      .compactMap { $0.value as? Object }
  }

  /// A training run by somebody, of a job, from an erased version.
  private static let training: LineagePicture = {
    let at = LineagePictureSamples.at
    return LineagePicture(
      title: "Training",
      nodes: [
        .init(kind: .dataset, namespace: "raw", name: "orders", owners: ["Ann"]),
        .init(
          kind: .version, namespace: "raw", name: "orders", version: "v3", state: .erased,
          startedAt: at(1), invalidatedAt: at(9)),
        .init(kind: .job, namespace: "ml", name: "train"),
        .init(
          kind: .run, name: "train", id: "018f3c5e-0b7a-7cc2-9d5e-0123456789ab", state: .completed,
          startedAt: at(2), endedAt: at(3), actor: "bob"),
        .init(kind: .model, namespace: "ml", name: "churn", version: "v1", startedAt: at(3)),
      ],
      edges: [
        .init(source: 0, target: 1, kind: .contains), .init(source: 2, target: 3, kind: .contains),
        .init(source: 1, target: 3, kind: .trains, time: at(2)),
        .init(source: 3, target: 4, kind: .writes, time: at(3)),
        .init(source: 1, target: 4, kind: .trains),
      ])
  }()

  @Test("says who used, made and owned what, and when")
  func relations() throws {
    let document = try Self.read(Self.training)
    let version = "custody:version.raw.orders.v3"
    let run = "custody:run.018f3c5e-0b7a-7cc2-9d5e-0123456789ab"
    let model = "custody:model.ml.churn.v1"
    #expect(Self.ids(document, "entity").isSuperset(of: [version, model, "custody:plan.ml.train"]))
    #expect(Self.ids(document, "activity") == [run])
    #expect(Self.ids(document, "agent") == ["custody:agent.Ann", "custody:agent.bob"])

    let activity = try #require((document["activity"] as? Object)?[run] as? Object)
    #expect(activity["prov:startTime"] as? String == "2026-01-02T02:00:00Z")
    #expect(activity["prov:endTime"] as? String == "2026-01-02T03:00:00Z")
    let used = try #require(Self.statements(document, "used").first)
    #expect(used["prov:activity"] as? String == run && used["prov:entity"] as? String == version)
    #expect(used["prov:time"] as? String == "2026-01-02T02:00:00Z")
    let made = Self.statements(document, "wasGeneratedBy")
    #expect(made.map { $0["prov:entity"] as? String } == [version, model])
    #expect(made.map { $0["prov:activity"] as? String } == [nil, run])
    let derived = try #require(Self.statements(document, "wasDerivedFrom").first)
    #expect(derived["prov:generatedEntity"] as? String == model)
    #expect(derived["prov:usedEntity"] as? String == version)
    let erased = try #require(Self.statements(document, "wasInvalidatedBy").first)
    #expect(erased["prov:entity"] as? String == version)
    #expect(erased["prov:time"] as? String == "2026-01-02T09:00:00Z")
    let who = try #require(Self.statements(document, "wasAssociatedWith").first)
    #expect(who["prov:agent"] as? String == "custody:agent.bob")
    #expect(who["prov:plan"] as? String == "custody:plan.ml.train")
    let owner = try #require(Self.statements(document, "wasAttributedTo").first)
    #expect(owner["prov:agent"] as? String == "custody:agent.Ann")
    let special = try #require(Self.statements(document, "specializationOf").first)
    #expect(special["prov:specificEntity"] as? String == version)
  }

  @Test("says the same for people to read")
  func notation() {
    let text = Self.training.provN
    #expect(text.hasPrefix("document\n  prefix custody <urn:custody:lineage:>\n"))
    #expect(text.hasSuffix("endDocument\n"))
    let run = "custody:run.018f3c5e-0b7a-7cc2-9d5e-0123456789ab"
    #expect(text.contains("activity(\(run), 2026-01-02T02:00:00Z, 2026-01-02T03:00:00Z, ["))
    #expect(
      text.contains("used(\(run), custody:version.raw.orders.v3, 2026-01-02T02:00:00Z, ["))
    #expect(
      text.contains("wasInvalidatedBy(custody:version.raw.orders.v3, -, 2026-01-02T09:00:00Z, ["))
    #expect(
      text.contains("wasAssociatedWith(\(run), custody:agent.bob, custody:plan.ml.train, ["))
  }

  @Test("has ids that any notation can have, and declares what it relates", arguments: 0..<20)
  func ids(seed: Int) throws {
    let names = seed.isMultiple(of: 2) ? [] : LineagePictureSamples.hostileNames
    let picture = LineagePictureSamples.random(40, 90, seed: seed, names: names)
    let document = try Self.read(picture)
    let types = ["entity", "activity", "agent"].map { Self.ids(document, $0) }
    let all = types.reduce(into: Set()) { $0.formUnion($1) }
    #expect(all.count == types.map(\.count).reduce(0, +), "nothing is two of the three")
    for id in all {
      #expect(
        id.wholeMatch(of: #/custody:[a-z]+(\.([A-Za-z0-9_-]|%[0-9A-F]{2})*)+/#) != nil, "\(id)")
    }
    let ends = [
      "prov:entity", "prov:activity", "prov:agent", "prov:plan", "prov:trigger", "prov:starter",
      "prov:generatedEntity", "prov:usedEntity", "prov:informed", "prov:informant",
      "prov:influencee", "prov:influencer", "prov:specificEntity", "prov:generalEntity",
      "prov:collection",
    ]
    for (relation, _) in document
    where !["prefix", "entity", "activity", "agent"].contains(relation) {
      for statement in Self.statements(document, relation) {
        for end in ends {
          guard let id = statement[end] as? String else { continue }
          #expect(all.contains(id), "\(relation) \(end)")
        }
      }
    }
  }

  @Test("keeps strings of PROV-N closed, whatever is in them")
  func strings() {
    let text = LineagePictureSamples.hostile().provN
    for line in text.split(separator: "\n").dropFirst(2).dropLast() {
      let strings = #/"([^"\\]|\\[tbnrf"'\\])*"/#.matchingSemantics(.unicodeScalar)
      let rest = String(line.replacing(strings, with: ""))
      #expect(!rest.unicodeScalars.contains("\""), "\(line)")
      #expect(rest.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    }
  }

  @Test("loads in the library of others, and comes out of it as it went in", .needsProvLibrary)
  func library() async throws {
    let pictures =
      [Self.training, LineagePictureSamples.random(0, 0, seed: 0), LineagePictureSamples.hostile()]
      + (1...6).map { LineagePictureSamples.random(60, 120, seed: $0) }
    let expected = try pictures.map { picture in
      try Self.read(picture).filter { $0.key != "prefix" }.values
        .reduce(0) { $0 + (($1 as? Object)?.count ?? 0) }
    }
    #expect(try await ProvLibrary.recordCounts(of: pictures.map(\.provJSON)) == expected)
  }
}
