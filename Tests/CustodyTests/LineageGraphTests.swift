import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("Lineage says what events say, and nothing else")
struct LineageGraphTests {
  private typealias Said = LineageSaid

  private static func place(_ events: [String]) async throws -> (TemporaryStore, Store) {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let imported = try await store.importing(events)
    #expect(imported.refusals == [])
    return (temporary, store)
  }

  // MARK: - Edge by edge

  @Test("an output that states its inputs has only those, and one without any has none")
  func stated() async throws {
    let (temporary, store) = try await Self.place([
      Said.run(
        1, at: 1, in: [Said.data("a"), Said.data("b")],
        out: [
          Said.data("of a", Said.madeOf("a")), Said.data("of none", Said.madeOf()),
          Said.data("of all"), Said.data("of c", Said.madeOf("c")),
        ])
    ])
    defer { withExtendedLifetime(temporary) {} }
    for grain in [Lineage.Grain.design, .run] {
      func upstream(_ name: String) throws -> Set<String> {
        let reach = try store.lineage.reach(from: [name], .upstream, grain: grain)
        #expect(reach.isComplete)
        return Set(reach.steps.map { "\($0.depth) \($0.node.name)" })
      }
      #expect(try upstream("of a") == ["1 j", "2 a"], "\(grain)")
      #expect(try upstream("of none") == ["1 j"], "\(grain)")
      #expect(try upstream("of all") == ["1 j", "2 a", "2 b"], "\(grain)")
      #expect(try upstream("of c") == ["1 j", "2 c"], "\(grain)")
      let ofB = try store.lineage.reach(from: ["b"], .downstream, grain: grain)
      #expect(Set(ofB.steps.map(\.node.name)) == ["j", "of all"], "\(grain)")
      let ofRun = try store.lineage.reach(from: ["job:j"], .downstream, depth: 1, grain: grain)
      #expect(ofRun.count == 4, "\(grain)")
    }
  }

  @Test("a job that feeds or is fed is a job, in whatever grain, and not a dataset of its name")
  func jobsAsEnds() async throws {
    let entries = [
      #"{"namespace":"store","name":"out","type":"DATASET","inputs":[{"type":"JOB"}]}"#,
      #"{"type":"JOB","inputs":[{"namespace":"store","name":"in","type":"DATASET"}]}"#,
      #"{"namespace":"store","name":"sum","type":"DATASET","#
        + #""inputs":[{"namespace":"jobs","name":"other","type":"JOB"}]}"#,
    ]
    let facet = #""lineage":{\#(Said.base),"entries":[\#(entries.joined(separator: ","))]}"#
    let (temporary, store) = try await Self.place([
      Said.run(
        1, at: 1, in: [Said.data("in")], out: [Said.data("out"), Said.data("sum")],
        jobFacets: facet)
    ])
    defer { withExtendedLifetime(temporary) {} }
    for grain in [Lineage.Grain.design, .run] {
      for node in try store.lineage.picture(grain: grain).nodes {
        let isJob = ["j", "other"].contains(node.name)
        #expect(isJob == (node.kind == .job || node.kind == .run), "\(grain) \(node.text)")
      }
      let out = try store.lineage.reach(from: ["out"], .upstream, grain: grain)
      #expect(Set(out.steps.map(\.node.name)) == ["j"], "\(grain): it made it from nothing")
    }
    let sum = try store.lineage.reach(from: ["sum"], .upstream)
    #expect(sum.texts == ["job jobs/j", "job jobs/other"])
  }

  // MARK: - Names

  @Test("a renamed dataset is the one that it was, with all its versions and columns")
  func renamed() async throws {
    let (temporary, store) = try await Self.place([
      Said.run(1, job: "makes", at: 1, out: [Said.data("old", version: "7")]),
      Said.run(2, job: "reads", at: 5, in: [Said.data("new", version: "7")]),
      Said.dataset(Said.data("new", Said.renamed(from: "old")), at: 3),
      Said.run(
        3, job: "sums", at: 6, in: [Said.data("old")],
        out: [Said.data("sum", Said.columns("total", from: ("old", "x"), ("new", "x")))]),
    ])
    defer { withExtendedLifetime(temporary) {} }
    let list = try store.lineage.list().filter { $0.kind == .dataset }
    #expect(list.map(\.name) == ["new", "sum"])
    #expect(list[0].facts.map(\.value) == ["store old"])
    for name in ["old", "new"] {
      let design = try store.lineage.reach(from: ["dataset:\(name)"], .downstream, grain: .design)
      #expect(design.starts.map(\.name) == ["new"])
      #expect(design.texts == ["job jobs/reads", "job jobs/sums", "dataset store/sum"])
      let version = try store.lineage.reach(from: ["\(name)@7"], .downstream)
      #expect(version.texts.contains("run \(Said.id(2))"), "\(name)@7 \(version.texts)")
      let back = try store.lineage.reach(from: ["run:\(Said.id(2))"], .upstream)
      #expect(back.texts == ["version store/new@7", "run \(Said.id(1))"])
      let column = try store.lineage.reach(from: ["\(name)#x"], .downstream)
      #expect(column.texts == ["column store/sum#total"], "\(name)#x")
    }
    let total = try store.lineage.reach(from: ["sum#total"], .upstream)
    #expect(total.texts == ["column store/new#x"])
    let before = try store.lineage.known(at: .head, when: Timestamp("2026-01-31T00:02:00Z"))
    #expect(try before.reach(from: ["old"], .upstream).texts == ["job jobs/makes"])
  }

  @Test("symlinks are one dataset, also over several steps")
  func symlinks() async throws {
    let (temporary, store) = try await Self.place([
      Said.run(1, job: "makes", at: 1, out: [Said.data("path", Said.alsoCalled("table"))]),
      Said.run(
        2, job: "reads", at: 2, in: [Said.data("view")],
        out: [Said.data("out", Said.columns("y", from: ("view", "x")))]),
      Said.run(
        3, job: "links", at: 3,
        in: [Said.data("table", Said.alsoCalled("view"), Said.columns("x", from: ("in", "z")))]),
    ])
    defer { withExtendedLifetime(temporary) {} }
    let list = try store.lineage.list().filter { $0.kind == .dataset }
    #expect(list.map(\.name) == ["in", "out", "path"])
    for name in ["path", "table", "view"] {
      let found = try store.lineage.reach(from: ["dataset:\(name)"], .downstream)
      #expect(found.texts == ["job jobs/reads", "job jobs/links", "dataset store/out"], "\(name)")
      let column = try store.lineage.reach(from: ["\(name)#x"], .upstream)
      #expect(column.texts == ["column store/in#z"], "\(name)")
      let down = try store.lineage.reach(from: ["\(name)#x"], .downstream)
      #expect(down.texts == ["column store/out#y"], "\(name)")
    }
  }

  @Test("a later facet replaces, and one that is taken back is gone, whatever came first")
  func replaced() async throws {
    let events = [
      Said.dataset(Said.data("t", Said.columns("x", from: ("a", "x"))), at: 1),
      Said.dataset(Said.data("t", Said.columns("x", from: ("b", "x"))), at: 2),
      Said.dataset(
        Said.data("u", #""columnLineage":{\#(Said.base),"_deleted":true}"#), at: 4),
      Said.dataset(Said.data("u", Said.columns("x", from: ("a", "x"))), at: 3),
    ]
    for events in [events, events.reversed()] {
      let (temporary, store) = try await Self.place(events)
      defer { withExtendedLifetime(temporary) {} }
      let lineage = store.lineage
      #expect(try lineage.reach(from: ["t#x"], .upstream).texts == ["column store/b#x"])
      #expect(try lineage.reach(from: ["u#x"], .upstream).texts == [])
      let then = try lineage.known(at: .head, when: Timestamp("2026-01-31T00:03:00Z"))
      #expect(try then.reach(from: ["u#x"], .upstream).texts == ["column store/a#x"])
      let first = try lineage.known(at: .head, when: Timestamp("2026-01-31T00:01:00Z"))
      #expect(try first.reach(from: ["t#x"], .upstream).texts == ["column store/a#x"])
    }
  }

  @Test("gaps: each kind where it is, and none where nothing is missing")
  func gaps() async throws {
    let (temporary, store) = try await Self.place([
      Said.run(1, "START", at: 1),
      Said.run(2, at: 2),
      Said.run(3, "START", job: "ends", at: 3), Said.run(3, "COMPLETE", job: "ends", at: 4),
      Said.run(3, "FAIL", job: "ends", at: 5),
      Said.run(4, "START", job: "child", at: 6, runFacets: Said.parent(5, job: "absent")),
      Said.run(4, job: "child", at: 7),
      Said.run(6, "START", job: "round", at: 8, in: [Said.data("x")], out: [Said.data("x")]),
      Said.run(6, job: "round", at: 9),
      Said.dataset(Said.data("found", version: "1"), at: 1),
      Said.dataset(Said.data("found", version: "1"), at: 2),
      Said.run(7, "START", job: "twice", at: 1), Said.run(7, job: "twice", at: 9),
      Said.run(7, job: "twice", at: 9, in: [Said.data("found", version: "1")]),
    ])
    defer { withExtendedLifetime(temporary) {} }
    let gaps = try store.lineage.gaps()
    let found = gaps.map { "\($0.kind.rawValue) \($0.node.name) \($0.node.id?.prefix(1) ?? "")" }
    #expect(
      found.sorted() == [
        "contradiction ends 3", "contradiction twice 7", "feedback x ", "no-end j 1",
        "no-parent absent 5", "no-run found ", "no-start j 2",
      ])
    let version = try #require(gaps.first { $0.kind == .noRun })
    #expect(version.finding.hasPrefix("1 version without a run: 1;"), "\(version.finding)")
    #expect(try store.lineage.gaps([.noParent]).map(\.kind) == [.noParent])
    let then = try store.lineage.known(at: .head, when: Timestamp("2026-01-31T00:01:00Z"))
    #expect(try then.gaps().map(\.kind) == [.noRun], "as it was then, nothing was late")
  }
}

/// Events that others published.
@Suite("The events of others give the lineage that they describe", .needsOpenLineage)
struct LineageOfOthersTests {
  private static func place(_ folder: String) async throws -> (TemporaryStore, Store, [String]) {
    let root = try #require(SharedData.openLineage)
    let texts = try SharedData.openLineageFiles(under: folder).map {
      String(decoding: try Data(contentsOf: root.appending(path: $0)), as: UTF8.self)
    }
    #expect(!texts.isEmpty)
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let imported = try await store.importing(texts)
    #expect(imported.refusals == [] && imported.summary.imported == texts.count)
    #expect(imported.summary.faults == 0, "\(imported.remarks)")
    return (temporary, store, texts)
  }

  @Test("apples, late and out of order, are those of the day that is asked about")
  func apples() async throws {
    let (temporary, store, _) = try await Self.place("marquez/apples")
    defer { withExtendedLifetime(temporary) {} }
    func inputs(_ day: String) throws -> [String: Int] {
      let lineage = try store.lineage.known(at: .head, when: Timestamp("\(day)T23:59:59.999999Z"))
      return try lineage.reach(from: ["job:prepare_apple_filling"], .upstream).depths
    }
    #expect(
      try inputs("2020-09-03") == [
        "dataset grandmas.kitchen/apples": 1, "dataset grandmas.kitchen/cinnamon": 1,
        "job grandmas.kitchen/gather_apples": 2, "dataset laurents-orchard/red.delicious": 3,
      ])
    #expect(
      try inputs("2020-10-16") == [
        "dataset grandmas.kitchen/apples": 1, "dataset grandmas.kitchen/cinnamon": 1,
        "dataset cupboard/sugar": 1, "job grandmas.kitchen/gather_apples": 2,
        "dataset backyard/crab.apples": 3,
      ])
    // The cider is of the orchard's apples: the others were picked after it was made.
    let cider = try store.lineage.reach(from: ["apple.cider"], .upstream, grain: .run)
    #expect(cider.texts.contains("version laurents-orchard/red.delicious@as found"))
    #expect(!cider.texts.contains { $0.contains("crab") })
    let pie = try store.lineage.reach(from: ["apple.pie@bcef9942"], .upstream)
    #expect(
      pie.texts == [
        "run bcef9942-cb5c-476a-995b-3e5ca14aff27",
        "version grandmas.kitchen/apple.filling@by bee72b0f",
        "run e7d71919-25b3-49cc-a0f5-63ecbee72b0f",
        "version grandmas.kitchen/apples@by c4ba59b8", "version cupboard/sugar@as found",
        "version grandmas.kitchen/cinnamon@as found",
        "run 155dbf08-c4c5-43e6-bb3a-8095c4ba59b8",
        "version backyard/crab.apples@as found",
      ])
    let vinegar = try store.lineage.path(from: "red.delicious", to: "apple.vinegar", grain: .run)
    #expect(vinegar?.isForward == true && vinegar?.nodes.count == 7)
    #expect(try store.lineage.gaps().map(\.kind) == Array(repeating: .noStart, count: 8))
  }

  @Test("columns of Spark come from the right columns, directly and indirectly")
  func columns() async throws {
    let (temporary, store, _) = try await Self.place("consumer/CLL/events")
    defer { withExtendedLifetime(temporary) {} }
    func column(_ name: String) -> String { "column file//tmp/cll_test/\(name)" }
    let always = [column("cll_source1#a"), column("cll_source1#b"), column("cll_source2#a")]
    for (name, sources) in [
      ("ident", always), ("trans", always), ("agg", always + [column("cll_source2#c")]),
    ] {
      for spelling in ["file//tmp/cll_test/tbl1", "file:/tmp/cll_test/default.tbl1"] {
        let found = try store.lineage.reach(from: ["column:\(spelling)#\(name)"], .upstream)
        #expect(found.depths == Dictionary(uniqueKeysWithValues: sources.map { ($0, 1) }))
        #expect(found.starts.map(\.name) == ["/tmp/cll_test/tbl1#\(name)"])
      }
    }
    let summed = try store.lineage.reach(from: ["/tmp/cll_test/cll_source2#c"], .downstream)
    #expect(summed.texts == [column("tbl1#agg")])
    let table = try store.lineage.reach(from: ["default.tbl1"], .upstream, depth: 2)
    #expect(
      Set(table.steps.map(\.node.name)) == [
        "open_lineage_integration_create_table.execute_create_hive_table_as_select_command.default_tbl1",
        "/tmp/cll_test/cll_source1", "/tmp/cll_test/cll_source2",
      ])
    let gaps = try store.lineage.gaps()
    #expect(gaps.map(\.kind) == [.noStart])
    #expect(gaps[0].node.name.hasSuffix("cll_source2"))
  }

  @Test("tables of Airflow go from upload to upload_cp to result.csv")
  func airflow() async throws {
    let (temporary, store, _) = try await Self.place("consumer/airflow/events")
    defer { withExtendedLifetime(temporary) {} }
    let lineage = store.lineage
    for grain in [Lineage.Grain.design, .run] {
      let path = try lineage.path(
        from: "copied.csv", to: "gs://mock-bucket/result.csv", grain: grain)
      #expect(
        path?.nodes.map(\.name) == [
          "copied.csv", "BQ.upload", "mock-project.test.upload", "BQ.copy",
          "mock-project.test.upload_cp", "BQ.download", "result.csv",
        ])
    }
    for column in ["a", "b", "c", "d"] {
      let found = try lineage.reach(from: ["result.csv#\(column)"], .upstream)
      #expect(
        found.depths == [
          "column bigquery/mock-project.test.upload_cp#\(column)": 1,
          "column bigquery/mock-project.test.upload#\(column)": 2,
          "column gs://mock-bucket/copied.csv#\(column)": 3,
          "column gs://mock-bucket/test.csv#\(column)": 3,
        ])
    }
    let composed = try lineage.reach(from: ["compose_result.txt"], .upstream)
    #expect(
      Set(composed.steps.filter { $0.node.kind == .dataset }.map(\.node.name)) == [
        "uploaded_file.txt", "uploaded_data.txt", "copy_of_uploaded_data.txt",
        "copy_of_uploaded_file.txt", "/files/temp/data.txt",
      ])
    #expect(try lineage.gaps().isEmpty)
    let owners = try lineage.list().first { $0.name == "BQ.copy" }?.owners
    #expect(owners == ["***"])
  }

  @Test("everything that others published is accepted, comes back byte for byte and can be asked")
  func everything() async throws {
    for folder in ["consumer", "marquez/apples", "marquez/open_lineage"] {
      let root = try #require(SharedData.openLineage)
      let names = SharedData.openLineageFiles(under: folder)
        .filter { !$0.hasSuffix("config.json") && !$0.hasSuffix("maintainers.json") }
      let texts = try names.map {
        String(decoding: try Data(contentsOf: root.appending(path: $0)), as: UTF8.self)
      }
      let temporary = try TemporaryStore()
      let store = try await temporary.create()
      let imported = try await store.importing(texts)
      #expect(imported.refusals == [])
      var back: [[UInt8]] = []
      #expect(try store.lineage.forEachEvent(isRedacted: false) { back.append($0) }.erased == 0)
      #expect(back == texts.map { Array($0.utf8) })
      for node in try store.lineage.list() {
        let name = "\(node.kind):\(node.namespace)/\(node.name)"
        for direction in Lineage.Direction.allCases {
          #expect(try store.lineage.reach(from: [name], direction).isComplete)
        }
      }
      #expect(try await store.verify(level: .projections).holds)
    }
  }
}
