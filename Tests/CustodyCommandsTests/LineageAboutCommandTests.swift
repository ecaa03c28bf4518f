import CustodyTesting
import Foundation
import Testing

/// What `lineage show` tells of a thing itself, before what lies around it.
@Suite("lineage show tells what a thing is")
struct LineageAboutCommandTests {
  private typealias Events = LineageEvents
  private static let secret = "Qzxcanary"
  private static let base =
    #""_producer":"https://example.com/p","_schemaURL":"https://example.com/s""#

  private static func facets(_ facets: [(key: String, members: String)]) -> String {
    facets.map { #""\#($0.key)":{\#(base),\#($0.members)}"# }.joined(separator: ",")
  }

  /// An event of the run 01a2…, with facets in every place.
  private static func event(
    _ type: String = "COMPLETE", at time: String = "2026-01-31T08:05:00Z",
    dataset: [(String, String)] = [], input: [(String, String)] = [],
    output: [(String, String)] = [], job: [(String, String)] = [], run: [(String, String)] = []
  ) -> String {
    #"{"eventType":"\#(type)","eventTime":"\#(time)","producer":"https://example.com/p","#
      + #""schemaURL":"https://example.com/s","run":{"runId":"\#(Events.run)","facets":{\#(facets(run))}},"#
      + #""job":{"namespace":"jobs","name":"load","facets":{\#(facets(job))}},"#
      + #""inputs":[{"namespace":"store","name":"orders","inputFacets":{\#(facets(input))}}],"#
      + #""outputs":[{"namespace":"store","name":"sales","facets":{\#(facets(dataset))},"#
      + #""outputFacets":{\#(facets(output))}}]}"#
  }

  private static let schema = (
    "schema",
    #""fields":[{"name":"id","type":"bigint","description":"\#(secret)"},"#
      + #"{"name":"address","type":"struct","fields":[{"name":"street","type":"text"}]}]"#
  )

  private static let whole = event(
    dataset: [
      schema,
      ("ownership", #""owners":[{"name":"team:sales","type":"MAINTAINER"},{"name":"bob"}]"#),
      ("documentation", #""description":"\#(secret)""#),
      (
        "tags",
        #""tags":[{"key":"pii","value":"\#(secret)","field":"id"},{"key":"gold","value":"1"}]"#
      ),
      ("version", #""datasetVersion":"12""#),
      ("dataSource", #""name":"warehouse","uri":"postgres://u:\#(secret)@db:5432/x""#),
      ("storage", #""storageLayer":"iceberg","fileFormat":"parquet""#),
      ("catalog", #""framework":"iceberg","type":"hive","name":"main""#),
      ("lifecycleStateChange", #""lifecycleStateChange":"OVERWRITE""#),
      ("symlinks", #""identifiers":[{"namespace":"s3://b","name":"sales","type":"LOCATION"}]"#),
      ("datasetType", #""datasetType":"TABLE""#),
      (
        "dataQualityMetrics",
        #""rowCount":3,"columnMetrics":{"id":{"nullCount":0,"distinctCount":3,"max":99887766}}"#
      ), ("spark_plan", #""deep":"\#(secret)""#),
    ],
    input: [
      ("inputStatistics", #""rowCount":7,"size":1500,"fileCount":1"#),
      (
        "dataQualityAssertions",
        #""assertions":[{"assertion":"not_null","success":true,"column":"id"},"#
          + #"{"assertion":"unique","success":false,"severity":"error"}]"#
      ),
    ],
    output: [("outputStatistics", #""rowCount":3,"size":2500"#)],
    job: [
      ("sql", #""query":"SELECT id\nFROM orders WHERE name = '\#(secret)'","dialect":"postgres""#),
      ("jobType", #""processingType":"BATCH","integration":"DBT","jobType":"MODEL""#),
      (
        "sourceCodeLocation",
        #""type":"git","url":"https://example.com/r","version":"abc","branch":"main""#
      ), ("sourceCode", #""language":"python","sourceCode":"\#(secret)""#),
    ],
    run: [
      (
        "parent",
        #""run":{"runId":"\#(Events.other)"},"job":{"namespace":"jobs","name":"all"},"#
          + #""root":{"run":{"runId":"\#(Events.third)"},"job":{"namespace":"jobs","name":"first"}}"#
      ),
      (
        "nominalTime",
        #""nominalStartTime":"2026-01-31T00:00:00","nominalEndTime":"2026-02-01T00:00:00Z""#
      ),
      ("processing_engine", #""version":"3.4.1","name":"spark","openlineageAdapterVersion":"1.9""#),
      ("errorMessage", #""message":"\#(secret)","programmingLanguage":"JAVA""#),
      (
        "test",
        #""tests":[{"name":"rows","status":"pass"},{"name":"sum","status":"fail","severity":"warn"}]"#
      ),
      ("environmentVariables", #""environmentVariables":[{"name":"A","value":"\#(secret)"}]"#),
    ])

  private static func folder(_ events: String...) async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try folder.write("events.ndjson", events.map { $0 + "\n" }.joined())
    try await folder.run("lineage", "import", "events.ndjson").succeeded()
    return folder
  }

  /// The row of a title, with what follows it in lines of its own.
  private static func row(_ title: String, _ lines: [String]) -> [String] {
    guard let first = lines.firstIndex(where: { $0.hasPrefix(title + " ") }) else { return [] }
    let start = lines[first].dropFirst(title.count).prefix { $0 == " " }.count + title.count
    let margin = String(repeating: " ", count: start)
    let rest = lines[(first + 1)...].prefix { $0.hasPrefix(margin) }
    return ([lines[first]] + rest).map { String($0.dropFirst(start)) }
  }

  @Test("a dataset: every facet in words, and of sealed texts where the original stands")
  func dataset() async throws {
    let folder = try await Self.folder(Self.whole)
    let shown = try await folder.run("lineage", "show", "sales").succeeded()
    #expect(!shown.text.contains(Self.secret) && !shown.text.contains("99887766"))
    #expect(shown.lines[0] == "dataset store/sales")
    let rows = { Self.row($0, shown.lines) }
    #expect(rows("name") == ["store/sales"])
    #expect(rows("seen") == ["2026-01-31T08:05:00Z"])
    #expect(rows("fields") == ["id       bigint", "address  struct", "  street  text"])
    #expect(rows("owners") == ["team:sales (MAINTAINER), bob"])
    #expect(rows("documented") == ["sealed"])
    #expect(rows("tags") == ["id: pii", "gold"])
    #expect(rows("version") == ["12"])
    #expect(rows("source") == ["warehouse, postgres://db:5432/x"])
    #expect(rows("storage") == ["iceberg, parquet"])
    #expect(rows("catalog") == ["main, iceberg, hive"])
    #expect(rows("lifecycle") == ["OVERWRITE"])
    #expect(rows("symlinks") == ["s3://b/sales, LOCATION"])
    #expect(rows("datasetType") == ["datasetType: TABLE"])
    #expect(rows("metrics") == ["3 rows", "id: 0 null, 3 distinct"])
    #expect(rows("wrote") == ["3 rows, 2.5 kB by run f7b5272a"])
    #expect(rows("kept") == ["not understood, with how many events say it: spark_plan 1"])
    let sealed = try #require(rows("sealed").first)
    let names = "dataQualityMetrics, dataSource, documentation, schema, tags"
    #expect(sealed.hasPrefix("\(names): custody show "), "\(sealed)")
    #expect(sealed.hasSuffix(" --content"), "\(sealed)")
    let position = try #require(sealed.split(separator: " ").dropLast().last.flatMap { Int($0) })
    let original = try await folder.content(at: position)
    #expect(original == Array(Self.whole.utf8))
    // What lies around it follows.
    #expect(shown.lines.contains("upstream") && shown.text.contains("complete; visited"))

    let alone = try await folder.run("lineage", "show", "sales", "--alone").succeeded()
    #expect(shown.text.hasPrefix(alone.text) && !alone.text.contains("visited"))
    let few = try await folder.run("lineage", "show", "sales", "--alone", "--limit", "2")
    #expect(try few.succeeded().text.contains("and 1 more: --limit 0"))
    for options in [
      ["--upstream"], ["--depth", "1"], ["--format", "csv"], ["--group", "parent"],
    ] {
      expect(
        try await folder.run(["lineage", "show", "sales", "--alone"] + options),
        Refusal(status: 2, says: [options[0] == "--format" ? "take json" : "leave out"]))
    }
  }

  @Test("a run, a job and a column: what is said of each")
  func others() async throws {
    let folder = try await Self.folder(Self.whole)
    let run = try await folder.run("lineage", "show", Events.run, "--alone").succeeded()
    #expect(!run.text.contains(Self.secret))
    #expect(run.lines[0] == "run f7b5272a of load")
    var rows = { Self.row($0, run.lines) }
    #expect(rows("id") == [Events.run] && rows("job") == ["jobs/load"])
    #expect(rows("state") == ["completed"] && rows("began") == ["2026-01-31T08:05:00Z"])
    #expect(rows("parent") == ["jobs/all, run \(Events.other)"])
    #expect(rows("root") == ["jobs/first, run \(Events.third)"])
    #expect(rows("nominal") == ["2026-01-31T00:00:00~ to 2026-02-01T00:00:00Z"])
    #expect(rows("engine") == ["spark 3.4.1, OpenLineage 1.9"])
    #expect(rows("error") == ["sealed, JAVA"])
    #expect(rows("tests") == ["pass rows", "fail sum, warn"])
    #expect(rows("environmentVariables") == ["environmentVariables: sealed"])
    #expect(rows("read").first?.hasSuffix("orders: 7 rows, 1.5 kB, 1 file") == true)
    #expect(rows("wrote").first?.hasSuffix("sales: 3 rows, 2.5 kB") == true)
    #expect(rows("asserted").count == 2 && rows("asserted")[1].contains("not met unique, error"))
    #expect(run.lines.last?.hasPrefix("~ said without a time zone") == true)

    let job = try await folder.run("lineage", "show", "load", "--alone").succeeded()
    #expect(!job.text.contains(Self.secret))
    rows = { Self.row($0, job.lines) }
    #expect(rows("runs") == ["1"] && rows("last run") == [Events.run])
    #expect(rows("last state") == ["completed"])
    #expect(rows("sql, postgres") == ["SELECT id FROM orders WHERE name = ?"])
    #expect(rows("type") == ["BATCH, DBT, MODEL"])
    #expect(rows("code") == ["git https://example.com/r, version abc, branch main"])
    #expect(rows("sourceCode") == ["language: python", "sourceCode: sealed"])
    #expect(rows("sealed").first?.hasPrefix("sourceCode, sql: custody show") == true)

    let column = try await folder.run("lineage", "show", "sales#id", "--alone").succeeded()
    rows = { Self.row($0, column.lines) }
    #expect(rows("type") == ["bigint"] && rows("tags") == ["pii"])
    #expect(rows("metrics") == ["0 null, 3 distinct"])
    #expect(!column.text.contains("address"))
    let version = try await folder.run("lineage", "show", "sales@12", "--alone").succeeded()
    rows = { Self.row($0, version.lines) }
    #expect(rows("written") == ["2026-01-31T08:05:00Z"] && rows("storage") == ["iceberg, parquet"])
  }

  @Test("for programs: the facets as OpenLineage has them")
  func objects() async throws {
    let folder = try await Self.folder(Self.whole)
    for options in [[], ["--alone"]] {
      let shown = try await folder.run(["lineage", "show", "sales", "--format", "json"] + options)
        .succeeded().object()
      #expect((shown["upstream"] == nil) == (options == ["--alone"]))
      let thing = try #require((shown["of"] as? [[String: Any]])?.first)
      #expect(thing["firstSeen"] as? String == "2026-01-31T08:05:00Z")
      let facets = try #require(thing["facets"] as? [String: [String: Any]])
      #expect(
        facets.keys.sorted() == [
          "catalog", "dataQualityMetrics", "dataSource", "datasetType", "documentation",
          "lifecycleStateChange", "ownership", "schema", "storage", "symlinks", "tags", "version",
        ])
      let fields = (facets["schema"]?["value"] as? [String: Any])?["fields"] as? [[String: Any]]
      #expect(fields?.map { $0["name"] as? String } == ["id", "address"])
      #expect(facets["documentation"]?["sealed"] as? Bool == true)
      #expect(facets["storage"]?["sealed"] as? Bool == false)
      #expect(facets["schema"]?["original"] as? Int != nil)
      #expect((thing["outputFacets"] as? [String: Any])?.keys.sorted() == ["outputStatistics"])
      #expect(thing["unknownFacets"] as? [String: Int] == ["spark_plan": 1])
    }
    let lines = try await folder.run("lineage", "show", Events.run, "--format", "ndjson")
      .succeeded().objects()
    #expect(lines.first?["direction"] as? String == "of" && lines.first?["depth"] as? Int == 0)
    #expect((lines[0]["facets"] as? [String: Any])?["errorMessage"] != nil)
    let inputs = try #require(lines[0]["inputs"] as? [[String: Any]])
    #expect((inputs[0]["inputFacets"] as? [String: Any])?.count == 2)
    #expect(lines.dropFirst().allSatisfy { $0["facets"] == nil } && lines.count == 3)
  }

  @Test("the newest word counts, as of the moment; what is wrong or taken back does not")
  func moments() async throws {
    func owner(_ name: String, at time: String) -> String {
      Self.event(at: time, dataset: [("ownership", #""owners":[{"name":"\#(name)","type":"X"}]"#)])
    }
    let folder = try await Self.folder(
      owner("second", at: "2026-02-02T00:00:00Z"), owner("first", at: "2026-02-01T00:00:00Z"),
      Self.event(at: "2026-02-03T00:00:00Z", dataset: [("ownership", #""owners":"none""#)]),
      Self.event(at: "2026-02-04T00:00:00Z", dataset: [("ownership", #""_deleted":true"#)]))
    func owners(_ options: String...) async throws -> [String] {
      let shown = try await folder.run(["lineage", "show", "sales", "--alone"] + options)
      return Self.row("owners", try shown.succeeded().lines)
    }
    #expect(try await owners() == [])
    #expect(try await owners("--when", "2026-02-03") == ["second (X)"])
    #expect(try await owners("--when", "2026-02-01") == ["first (X)"])
    // What came first of what is known is the later word.
    let positions = try await folder.events("--type", "lineage.recorded")
      .compactMap { $0["position"] as? Int }
    #expect(try await owners("--at", "\(positions[1])") == ["second (X)"])
    let then = try await folder.run(
      "lineage", "show", "sales", "--alone", "--when", "2026-02-02T12:00:00Z")
    #expect(
      Self.row("seen", try then.succeeded().lines) == [
        "2026-02-01T00:00:00Z to 2026-02-02T00:00:00Z"
      ])
  }

  @Test("times without a zone are marked in tables and have none for programs")
  func naive() async throws {
    let folder = try await Self.folder(
      Events.event(Events.run, "START", at: "2026-01-31T08:00:00", in: ["a"], out: ["b"]),
      Events.event(Events.run, at: "2026-01-31T08:30:00", in: ["a"], out: ["b"]))
    let shown = try await folder.run("lineage", "show", "b", "--grain", "run", "--upstream")
      .succeeded()
    #expect(Self.row("seen", shown.lines) == ["2026-01-31T08:00:00~ to 2026-01-31T08:30:00~"])
    #expect(shown.lines.contains { $0.contains("f7b5272a  completed  2026-01-31T08:00:00~") })
    #expect(shown.text.ranges(of: "~ said without a time zone").count == 2)
    let run = try await folder.run("lineage", "show", Events.run, "--alone", "--format", "json")
      .succeeded().object()
    let thing = try #require((run["of"] as? [[String: Any]])?.first)
    #expect(thing["startedAt"] as? String == "2026-01-31T08:00:00")
    #expect(thing["endedAt"] as? String == "2026-01-31T08:30:00")
    #expect(thing["timeBasis"] as? String == "naive")
    let path = try await folder.run("lineage", "path", "a", "b", "--grain", "run").succeeded()
    #expect(path.lines.last?.hasPrefix("~ said") == true)
    let drawing = try await folder.run("lineage", "export", Events.run, "--format", "html")
    #expect(try drawing.succeeded().text.contains("2026-01-31 08:00~"))
    let zoned = try await Self.folder(Self.whole)
    let none = try await zoned.run("lineage", "show", "sales").succeeded()
    #expect(!none.text.contains("~"))
  }

  @Test("what is asked in both directions begins at its starts once")
  func visited() async throws {
    let folder = try await Events.folder()
    let json = try await folder.run("lineage", "show", "sales", "--format", "json").succeeded()
      .object()
    // load, orders; sum, report, copy, orders of the lake; and sales.
    #expect(json["visited"] as? Int == 7)
    let one = try await folder.run("lineage", "show", "sales", "--upstream", "--format", "json")
    #expect(try one.succeeded().object()["visited"] as? Int == 3)
  }

  @Test("of Custody's own datasets, versions and models it says what the ledger knows")
  func own() async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("answers.csv", "id,client,text\n1,p-0001,one\n2,p-0002,two\n")
    try await folder.run(
      "dataset", "create", "answers", "--kind", "csv", "--key", "id", "--subject", "client",
      "--owner", "study"
    ).succeeded()
    try await folder.run("dataset", "commit", "answers", "answers.csv", "--message", "hello")
      .succeeded()
    try await folder.run("model", "add", "emotion", "--trained-on", "answers@v1").succeeded()
    let dataset = try await folder.run("lineage", "show", "answers", "--alone").succeeded()
    var rows = { Self.row($0, dataset.lines) }
    #expect(rows("content") == ["csv"] && rows("owners") == ["study"])
    #expect(rows("versions") == ["1"] && rows("newest") == ["v1"] && rows("records") == ["2"])
    let version = try await folder.run("lineage", "show", "answers@v1", "--alone").succeeded()
    rows = { Self.row($0, version.lines) }
    #expect(version.lines[0] == "version answers@v1")
    let listed = try await folder.run("dataset", "log", "answers", "--format", "ndjson")
    let root = try #require(try listed.succeeded().objects()[0]["root"] as? String)
    #expect(rows("root").first.map { root.hasSuffix($0) } == true)
    #expect(rows("added") == ["2"] && rows("message") == ["hello"])
    let model = try await folder.run("lineage", "show", "model:emotion", "--alone").succeeded()
    #expect(model.lines[0] == "model emotion@1")
    #expect(Self.row("trained on", model.lines) == ["answers@v1"])
    let record = try await folder.run("lineage", "show", "answers", "2", "--alone").succeeded()
    #expect(record.lines[0] == "record answers 2@v1")
    try await folder.run(
      "run", "--job", "copy", "--in", "answers", "--out", "copies", "--key", "id", "--",
      "sh", "-c", "cut -d, -f1,3 {in:answers} > {out:copies}"
    ).succeeded()
    let job = try await folder.run("lineage", "show", "job:copy", "--alone").succeeded()
    let id = try #require(Self.row("last run", job.lines).first)
    let run = try await folder.run("lineage", "show", id, "--alone").succeeded()
    rows = { Self.row($0, run.lines) }
    #expect(rows("command") == ["sh"] && rows("result") == ["completed"])
    #expect(rows("reads") == ["answers@v1"] && rows("writes") == ["copies@v1"])
    #expect(!run.text.contains("cut -d"))
  }

  @Test("why says for programs, too, what other tools reported of a version that was committed")
  func before() async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("answers.csv", "id,text\n1,one\n")
    try await folder.run(
      "dataset", "create", "answers", "--kind", "csv", "--key", "id", "--subject", "none"
    ).succeeded()
    try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
    let why = ["why", "answers", "1", "--format", "json"]
    func committed() async throws -> [String: Any] {
      let told = try await folder.run(why).succeeded().object()
      return try #require(told["committed"] as? [String: Any])
    }
    #expect((try await committed()["before"] as? [Any])?.isEmpty == true)
    let listed = try await folder.run("lineage", "list", "--format", "ndjson").succeeded()
    let own = try #require(try listed.objects()[0]["namespace"] as? String)
    let version = #""version":{\#(Self.base),"datasetVersion":"v1"}"#
    try folder.write(
      "event.json",
      Events.event(job: "survey", in: (0..<12).map { "forms\($0)" }, out: ["\(own)|answers"])
        .replacing(#""name":"answers"}"#, with: #""name":"answers","facets":{\#(version)}}"#))
    try await folder.run("lineage", "import", "event.json").succeeded()
    let told = try await committed()
    let before = try #require(told["before"] as? [[String: Any]])
    #expect(before.count == 13 && told["beforeCount"] as? Int == 13)
    #expect(before[0]["name"] as? String == "survey" && before[0]["depth"] as? Int == 1)
    #expect(told["beforeComplete"] as? Bool == true)
  }

  @Test("many events come out byte for byte, in a file as on standard output")
  func streaming() async throws {
    let folder = try await CommandFolder.withStore()
    let events = (0..<400).map { number in
      Events.event(
        "01a204a7-ba70-7fdc-b314-\(String(repeating: "0", count: 9))\(100 + number)",
        job: "j\(number)\(String(repeating: "x", count: 300))", out: ["d\(number)"])
    }
    try folder.write("events.ndjson", events.map { $0 + "\n" }.joined())
    try await folder.run("lineage", "import", "events.ndjson").succeeded()
    let options = ["lineage", "export", "--format", "openlineage"]
    let text = try await folder.run(options).succeeded().text
    #expect(text == "[\n\(events.joined(separator: ",\n"))\n]\n")
    try await folder.run(options + ["--to", "out.json"]).succeeded()
    #expect(try folder.read("out.json") == Array(text.utf8))
    let empty = try await CommandFolder.withStore()
    #expect(try await empty.run(options).succeeded().text == "[\n]\n")
  }
}
