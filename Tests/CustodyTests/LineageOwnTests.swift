import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("Custody's own runs, records, people and models are in the lineage")
struct LineageOwnTests {
  private static let table = "id,client,text\n1,p-0001,one\n2,p-0002,two\n3,p-0001,three\n"

  /// A table, a copy of it record by record, sums about nobody, and a run that writes nothing.
  private struct Place {
    let place: DatasetPlace
    var store: Store { place.store }
    var copied: EventID
    var summed: EventID
    var read: EventID

    init() async throws {
      place = try await DatasetPlace()
      try await place.table(LineageOwnTests.table)
      var step = RunStep(
        job: "copy", command: ["sh", "-c", "cut -d, -f1,3 {in:table} > {out:copies}"])
      (step.inputs, step.outputs, step.key) = ([.init("table")], [.init("copies")], "id")
      copied = try await Self.run(step, place.store)
      // Made of 1 and 2 together; whoever made the dataset says that it is about nobody.
      try place.write(place.target("from.csv"), "output,input\nboth,1\nboth,2\nlast,3\n")
      step = RunStep(
        job: "sum", command: ["sh", "-c", "printf 'name,n\\nboth,2\\nlast,1\\n' > {out:sums}"])
      (step.inputs, step.outputs, step.key) = ([.init("copies")], [.init("sums")], "name")
      step.derivations = place.target("from.csv")
      summed = try await Self.run(step, place.store)
      step = RunStep(job: "train", command: ["true"])
      step.inputs = [.init("copies")]
      read = try await Self.run(step, place.store)
    }

    private static func run(_ step: RunStep, _ store: Store) async throws -> EventID {
      let result = try await store.runs.run(step, appendEvents: { _, _ in 0 })
      #expect(result.end == .status(0))
      return result.id
    }

    func version(_ name: String) -> String { "version custody://\(store.ledgerID.uuid)/\(name)" }
    func record(_ dataset: String, _ key: String) -> String {
      "record custody://\(store.ledgerID.uuid)/\(dataset) \(key)"
    }
  }

  @Test("versions and runs lead from one to the other, and each record to those made of it")
  func runs() async throws {
    let place = try await Place()
    let lineage = place.store.lineage
    let found = try lineage.reach(from: ["table@v1"], .downstream)
    #expect(
      found.depths == [
        "run \(place.copied)": 1, place.version("copies@v1"): 2, "run \(place.summed)": 3,
        "run \(place.read)": 3, place.version("sums@v1"): 4,
      ])
    #expect(found.steps.allSatisfy { $0.node.kind != .run || $0.node.state == .completed })
    let design = try lineage.reach(from: ["sums"], .upstream)
    #expect(design.steps.map(\.node.name) == ["sum", "copies", "copy", "table"])

    let forward = try lineage.reach(fromRecord: "1", of: "table", at: "head", .downstream)
    #expect(
      forward.depths == [
        "run \(place.copied)": 1, place.record("copies", "1"): 2, "run \(place.summed)": 3,
        "run \(place.read)": 3, place.record("sums", "both"): 4,
      ])
    #expect(!forward.isComplete, "the run that wrote nothing did not say what it made of it")
    let back = try lineage.reach(fromRecord: "both", of: "sums", at: "head", .upstream)
    #expect(
      back.depths == [
        "run \(place.summed)": 1, place.record("copies", "1"): 2, place.record("copies", "2"): 2,
        "run \(place.copied)": 3, place.record("table", "1"): 4, place.record("table", "2"): 4,
      ])
    #expect(back.isComplete)
    let near = try lineage.reach(fromRecord: "both", of: "sums", at: "head", .upstream, depth: 2)
    #expect(near.depths == back.depths.filter { $0.value <= 2 } && !near.isComplete)
    #expect(try await place.store.projections.compare().allSatisfy { $0.isEqual })
    #expect(try lineage.gaps().map(\.kind) == [.noRun])
  }

  @Test("a change to one record leads only to what is made of that one since")
  func versions() async throws {
    let place = try await Place()
    try await place.place.commit(
      "table", LineageOwnTests.table.replacingOccurrences(of: "two", with: "TWO"))
    let lineage = place.store.lineage
    let changed = try lineage.reach(fromRecord: "2", of: "table", at: "v2", .downstream)
    #expect(changed.steps.isEmpty, "nobody read it yet")
    let same = try lineage.reach(fromRecord: "1", of: "table", at: "v2", .downstream)
    #expect(same.texts.contains(place.record("copies", "1")))
    let first = try lineage.reach(fromRecord: "2", of: "table", at: "v1", .downstream)
    #expect(first.texts.contains(place.record("copies", "2")))
    #expect(throws: CustodyError.self) {
      try lineage.reach(fromRecord: "9", of: "table", at: "head", .downstream)
    }
  }

  @Test("her data is told where it is, where it was made into something, and where it may be")
  func subject() async throws {
    let place = try await Place()
    let store = place.store
    try await store.models.add("byHand", trainedOn: [("sums", "v1")])
    try await store.models.add("byRun", run: place.read)
    try await store.importing([
      LineageSaid.run(
        1, "START", job: "ships", at: 1,
        in: [
          #"{"namespace":"custody://\#(store.ledgerID.uuid)","name":"copies","facets":"#
            + #"{"version":{\#(LineageSaid.base),"datasetVersion":"v1"}}}"#
        ], out: [LineageSaid.data("shipped")])
    ])
    let found = try store.lineage.reach(of: .identifier("p-0001"))
    func evidence(_ text: String) -> String? {
      found.entries.first { $0.node.text == text }.map {
        "\($0.evidence)\($0.records.map { " \($0)" } ?? "")"
      }
    }
    #expect(evidence(place.version("table@v1")) == "holds 2")
    #expect(evidence(place.version("copies@v1")) == "holds 2")
    #expect(evidence("run \(place.copied)") == "derived")
    #expect(evidence("run \(place.summed)") == "derived")
    #expect(evidence(place.version("sums@v1")) == "holds 2", "what comes from her is about her")
    #expect(evidence("run \(place.read)") == "possible", "it said of no record what came of it")
    #expect(evidence("run \(LineageSaid.id(1))") == "possible")
    #expect(evidence("version store/shipped@by 11111111") == "possible")
    let model = place.version("").replacing("version", with: "model")
    #expect(evidence("\(model)byHand@1") == "derived")
    #expect(evidence("\(model)byRun@1") != nil)
    #expect(found.isComplete)
    #expect(found.entries.map(\.node.kind.rank) == found.entries.map(\.node.kind.rank).sorted())
    let first = Moment.position(try store.datasets.versions(of: "table")[0].position)
    let then = try store.lineage.known(at: first).reach(of: .identifier("p-0001"))
    #expect(then.entries.map(\.node.text) == [place.version("table@v1")])
    #expect(throws: CustodyError.self) { try store.lineage.reach(of: .identifier("p-0009")) }
  }

  @Test("a model knows exactly what it was trained on, by the roots of versions")
  func models() async throws {
    let place = try await Place()
    let store = place.store
    let root = try store.datasets.versions(of: "copies")[0].root
    let byRun = try await store.models.add("emotion", run: place.read, owner: "study | team")
    #expect(byRun.version == "1" && byRun.trainedOn.map(\.root) == [root])
    let byHand = try await store.models.add(
      "emotion", trainedOn: [("table", "v1"), ("copies", "head")], purpose: "quality")
    #expect(byHand.version == "2" && byHand.trainedOn.map(\.dataset) == ["table", "copies"])
    #expect(byHand.trainedOn[1].root == root)
    #expect(try store.models.list().map(\.version) == ["1", "2"])
    #expect(byHand.modelCard.contains("| copies | v1 | `\(root.hex)` |"))
    #expect(byRun.modelCard.contains("study \\| team"))
    let up = try store.lineage.reach(from: ["model:emotion@1"], .upstream)
    #expect(up.depths["run \(place.read)"] == 1 && up.depths[place.version("table@v1")] == 4)
    let down = try store.lineage.reach(from: ["table@v1"], .downstream)
    #expect(down.steps.filter { $0.node.kind == .model }.map(\.depth).sorted() == [1, 4])
    await #expect(throws: CustodyError.self) {
      try await store.models.add("emotion", version: "2", run: place.read)
    }
    await #expect(throws: CustodyError.self) { try await store.models.add("other") }
    await #expect(throws: CustodyError.self) {
      try await store.models.add("other", trainedOn: [("table", "v9")])
    }
    #expect(try store.models.list().count == 2)
  }

  @Test("when she is erased, runs that read her say so, and her records have no name any more")
  func erased() async throws {
    let place = try await Place()
    let before = try place.store.lineage.reach(from: ["table@v1"], .downstream).depths
    let store = try await place.place.erasing("p-0001")
    let gaps = try store.lineage.gaps([.erasedInput])
    let found = Dictionary(uniqueKeysWithValues: gaps.map { ($0.node.id, $0.finding) })
    #expect(found.count == 3)
    #expect(found["\(place.copied)"]?.hasSuffix("erased: 2 of table@v1") == true)
    #expect(found["\(place.read)"]?.hasSuffix("erased: 2 of copies@v1") == true)
    #expect(try store.lineage.reach(from: ["table@v1"], .downstream).depths == before)
    #expect(throws: CustodyError.self) {
      try store.lineage.reach(fromRecord: "1", of: "table", at: "head", .downstream)
    }
    // What is about others is found as before.
    let others = try store.lineage.reach(fromRecord: "2", of: "table", at: "head", .downstream)
    #expect(others.texts.contains(place.record("copies", "2")))
    let sums = others.steps.filter { $0.node.name.hasPrefix("sums") }
    #expect(sums.count == 1)
    #expect(sums[0].node.state == .erased, "it is about her too: \(sums[0].node.name)")
    #expect(!sums[0].node.name.contains("both"))
  }
}

extension LineagePicture.Kind {
  fileprivate var rank: Int { self == .model ? 2 : self == .run ? 1 : 0 }
}
