import CustodyTesting
import Foundation
import FoundationXML
import Testing

/// What the verbs of `lineage` and `model` print; what is behind it is tested with the library.
@Suite("lineage, as people and programs read it")
struct LineageCommandTests {
  private typealias Events = LineageEvents

  @Test("show: a table for people, and everything for programs")
  func show() async throws {
    let folder = try await Events.folder()
    let table = try await folder.run("lineage", "show", "sales").succeeded()
    #expect(
      table.text == """
        dataset sales
        name  store/sales
        seen  2026-01-31T08:05:00Z to 2026-01-31T09:01:00Z

        upstream
        depth  kind     name          version  state  time
            1  job      load
            2  dataset  store/orders
        2 upstream: 1 at depth 1, 1 at depth 2; complete; visited 3 nodes; now

        downstream
        depth  kind     name         version  state  time
            1  job      sum
            2  dataset  report
            3  job      copy
            4  dataset  lake/orders
        4 downstream: 1 at depth 1, 1 at depth 2, 1 at depth 3, 1 at depth 4; complete; visited 5 nodes; \
        now

        """)
    let runs = try await folder.run(
      "lineage", "show", "sales", "--upstream", "--grain", "run", "--limit", "1"
    ).succeeded()
    #expect(
      runs.text == """
        dataset sales
        name  store/sales
        seen  2026-01-31T08:05:00Z to 2026-01-31T09:01:00Z

        depth  kind  name  version   state      time
            1  run   load  f7b5272a  completed  2026-01-31T08:00:00Z
        2 upstream: 1 at depth 1, 1 at depth 2; 1 shown; complete; visited 3 nodes; now

        """)
    let near = try await folder.run("lineage", "show", "sales", "--downstream", "--depth", "1")
    #expect(try near.succeeded().lines.last?.contains("not complete; visited 2 nodes") == true)
    let none = try await folder.run("lineage", "show", "store/orders", "--upstream").succeeded()
    #expect(none.text.hasSuffix("\n\nnothing is upstream\ncomplete; visited 1 node; now\n"))

    let json = try await folder.run("lineage", "show", "sales", "--format", "json").succeeded()
      .object()
    #expect(
      json.keys.sorted() == [
        "complete", "downstream", "downstreamCount", "moment", "of", "upstream", "upstreamCount",
        "visited",
      ])
    #expect(json["complete"] as? Bool == true && json["upstreamCount"] as? Int == 2)
    let steps = try #require(json["upstream"] as? [[String: Any]])
    #expect(steps.map { $0["name"] as? String } == ["load", "orders"])
    #expect(steps.map { $0["namespace"] as? String } == ["jobs", "store"])
    let lines = try await folder.run("lineage", "show", "sales", "--format", "ndjson").succeeded()
    #expect(try lines.objects().map { $0["depth"] as? Int } == [0, 1, 2, 1, 2, 3, 4])
    #expect(lines.complaint.contains("2 upstream: ") && lines.complaint.contains("4 downstream: "))
    let csv = try await folder.run("lineage", "show", "sales", "--upstream", "--format", "csv")
    #expect(
      csv.lines == [
        "direction,depth,kind,namespace,name,label,version,run,state,time,owners,note",
        "upstream,1,job,jobs,load,load,,,,,,", "upstream,2,dataset,store,orders,store/orders,,,,,,",
      ])
  }

  @Test(
    "no line of a table is wider than the terminal",
    .enabled(if: hasScript, "The program script is not here."), arguments: [72, 100])
  func width(columns: Int) async throws {
    let folder = try await CommandFolder.withStore()
    let long = String(repeating: "long_", count: 30)
    try folder.write(
      "e.ndjson", Events.event(Events.run, job: long, in: [long + "a"], out: [long + "b"]) + "\n")
    try await folder.run("lineage", "import", "e.ndjson").succeeded()
    for verb in [
      "show \(long)b --upstream", "impact \(long)a", "gaps", "list", "path \(long)a \(long)b",
    ] {
      let result = try await folder.shell(
        "script -qec \"stty cols \(columns) rows 24; custody lineage \(verb)\" /dev/null < /dev/null",
        environment: ["TERM": "xterm", "NO_COLOR": "1"])
      let lines = result.text.split(whereSeparator: \.isNewline)
      #expect(lines.count > 1, "\(result)")
      for line in lines where !line.contains("visited") {
        #expect(line.count <= columns, "\(verb): \(line)")
      }
    }
  }

  @Test("impact, path, list and gaps in every format")
  func others() async throws {
    let folder = try await Events.folder()
    let impact = try await folder.run("lineage", "impact", "report").succeeded()
    #expect(impact.lines[0].split(separator: " ").map(String.init).last == "owners")
    #expect(impact.lines.count == 4 && impact.lines[3].hasPrefix("2 downstream: "))
    let csv = try await folder.run("lineage", "impact", "report", "--format", "csv").succeeded()
    #expect(csv.lines[2].hasPrefix("downstream,2,dataset,lake,orders,lake/orders,"))

    let path = try await folder.run("lineage", "path", "store/orders", "report").succeeded()
    #expect(path.complaint.isEmpty)
    #expect(
      path.lines.dropFirst().map { $0.split(separator: " ")[2] } == [
        "store/orders", "load", "sales", "sum", "report",
      ])
    let back = try await folder.run(
      "lineage", "path", "report", "store/orders", "--format", "ndjson")
    #expect(try back.succeeded().objects().map { $0["step"] as? Int } == [0, 1, 2, 3, 4])
    #expect(back.complaint == "The data went from store/orders to report.\n")
    try folder.write("island.json", Events.event(at: "2026-02-01T00:00:00Z", out: ["island"]))
    try folder.write(
      "island.json",
      Events.event(
        "01d204a7-ba70-7fdc-b314-7b88f7b5272a", "START", job: "alone", at: "2026-02-01T00:00:00Z",
        out: ["island"]))
    try await folder.run("lineage", "import", "island.json").succeeded()
    let none = try await folder.run("lineage", "path", "island", "sales")
    #expect(none.status == 1 && none.text.isEmpty)
    #expect(none.complaint == "no data went from island to sales, nor the other way\n")

    let list = try await folder.run("lineage", "list", "--format", "json").succeeded()
    let rows = try #require(try list.json() as? [[String: Any]])
    #expect(
      rows.map { $0["name"] as? String } == [
        "orders", "island", "orders", "report", "sales", "alone", "copy", "load", "sum",
      ])
    let then = try await folder.run(
      "lineage", "list", "--at", "9", "--format", "ndjson"
    ).succeeded().objects()
    #expect(then.map { $0["name"] as? String } == ["orders", "sales", "load", "sum"])

    let gaps = try await folder.run("lineage", "gaps").succeeded()
    #expect(gaps.lines.count == 2 && gaps.lines[1].hasPrefix("no-end  alone"))
    let objects = try await folder.run("lineage", "gaps", "--format", "ndjson").succeeded()
      .objects()
    #expect(
      objects[0].keys.sorted() == [
        "finding", "gap", "kind", "label", "name", "namespace", "run", "time",
      ])
    let clean = try await folder.run("lineage", "gaps", "--kind", "feedback").succeeded()
    #expect(clean.text.isEmpty && clean.complaint == "no gaps\n")
    let wrong = try await folder.run("lineage", "gaps", "--kind", "holes")
    expect(wrong, Refusal(status: 2, says: ["holes"]))
  }

  @Test("what contradicts itself or goes round is a gap")
  func contradictions() async throws {
    let folder = try await CommandFolder.withStore()
    let events = [
      Events.event(Events.run, "START", in: ["a"], out: ["b"]),
      Events.event(Events.run, in: ["a"], out: ["b"]),
      Events.event(Events.run, in: ["c"], out: ["b"]),
      Events.event(Events.other, "START", job: "back", in: ["b"], out: ["a"]),
      Events.event(Events.other, job: "back", at: "2026-01-31T09:00:00Z", in: ["b"], out: ["a"]),
    ]
    try folder.write("events", events.joined(separator: "\n"))
    try await folder.run("lineage", "import", "events").succeeded()
    let gaps = try await folder.run("lineage", "gaps", "--format", "ndjson").succeeded().objects()
    #expect(gaps.map { $0["gap"] as? String } == ["contradiction", "feedback"])
    #expect(
      gaps[0]["finding"] as? String
        == "two events of one type and time differ: positions 7 and 9")
    let round = try #require(gaps[1]["finding"] as? String)
    for name in ["dataset a", "dataset b", "job back", "job load"] { #expect(round.contains(name)) }
    // Asked about, the circle ends.
    let shown = try await folder.run("lineage", "show", "a", "--format", "ndjson").succeeded()
    #expect(try shown.objects().filter { $0["depth"] as? Int != 0 }.count == 7)
  }

  // MARK: - Names

  @Test("a name of nothing has the nearest beside it; one of several things all their whole names")
  func names() async throws {
    let folder = try await Events.folder()
    for verb in ["show", "impact"] {
      expect(
        try await folder.run("lineage", verb, "reprot"),
        Refusal(status: 3, says: ["knows nothing called reprot. Near: dataset:report."]))
      expect(
        try await folder.run("lineage", verb, "orders"),
        Refusal(
          status: 2,
          says: ["orders names 2 things", "dataset:store/orders", "dataset:lake/orders"]))
    }
    expect(
      try await folder.run("lineage", "show", "zzzzzzzz"),
      Refusal(status: 3, says: ["custody lineage list shows what there is"]))
    expect(
      try await folder.run("lineage", "path", "sales", "nothing"),
      Refusal(status: 3, says: ["nothing"]))
    expect(
      try await folder.run("lineage", "show", "sales@none"),
      Refusal(status: 3, says: ["sales@none"]))
    expect(
      try await folder.run("lineage", "show", "sales#none"),
      Refusal(status: 3, says: ["sales#none"]))
    for name in ["run:01a204a7", "01a204a7", Events.run, "RUN:01A204A7".lowercased()] {
      let found = try await folder.run("lineage", "show", name, "--format", "json").succeeded()
        .object()
      let start = try #require((found["of"] as? [[String: Any]])?.first)
      #expect(start["run"] as? String == Events.run, "\(name)")
    }
    expect(
      try await folder.run("lineage", "show", "01c204a7", "--at", "9"),
      Refusal(status: 3, says: ["knows nothing called 01c204a7"]))
    let written = try await folder.run(
      "lineage", "show", "sales@01a204a7", "--upstream", "--format", "ndjson")
    #expect(try written.succeeded().objects().map { $0["depth"] as? Int } == [0, 1, 2])
    for options in [["--depth", "0"], ["--grain", "none"], ["--when", "soon"]] {
      expect(
        try await folder.run(["lineage", "show", "sales"] + options),
        Refusal(status: 2, says: [options[0] == "--depth" ? "1 or more" : options[1]]))
    }
    for verb in ["show", "impact"] {
      expect(
        try await folder.run("lineage", verb, "sales", "--limit=-1"),
        Refusal(status: 2, says: ["--limit is 0 or more"]))
    }
    for target in [["export", "--format", "svg"], ["show", "sales"]] {
      expect(
        try await folder.run(["lineage"] + target + ["--grain", "record"]),
        Refusal(status: 2, says: ["Records are named by dataset and natural key"]))
    }
    expect(
      try await folder.run("lineage", "show", "sales", "7"),
      Refusal(status: 3, says: ["sales"]))
    let empty = try await CommandFolder.withStore()
    let list = try await empty.run("lineage", "list").succeeded()
    #expect(list.text.isEmpty && list.complaint.hasPrefix("Nothing yet: "))
    expect(
      try await empty.run("lineage", "show", "anything"),
      Refusal(status: 3, says: ["custody lineage list"]))
  }

  // MARK: - Exporting

  @Test("every format can be read by what reads it", arguments: ["json", "xml", "text"])
  func export(kind: String) async throws {
    let folder = try await Events.folder()
    let formats = [
      "json": ["openlineage", "prov-json"], "xml": ["graphml", "svg"],
      "text": ["dot", "mermaid", "prov-n", "html"],
    ][kind]!
    for format in formats {
      let result = try await folder.run("lineage", "export", "--format", format).succeeded()
      #expect(result.complaint.isEmpty)
      switch kind {
      case "json": _ = try result.json()
      case "xml": #expect(XMLParser(data: Data(result.output)).parse(), "\(format)")
      default: #expect(result.text.contains("report"), "\(format)")
      }
      guard format != "openlineage" else { continue }
      let part = try await folder.run(
        "lineage", "export", "report", "--format", format, "--upstream", "--depth", "1")
      #expect(try part.succeeded().complaint.contains("the picture ends at --depth"))
    }
  }

  @Test("a file that is there is replaced only with --force")
  func existing() async throws {
    let folder = try await Events.folder()
    try folder.write("out.svg", "mine")
    let options = ["lineage", "export", "--format", "svg", "--to", "out.svg"]
    expect(try await folder.run(options), Refusal(status: 4, says: ["out.svg exists already"]))
    #expect(try folder.read("out.svg") == Array("mine".utf8))
    try await folder.run(options + ["--force"]).succeeded()
    #expect(try String(decoding: folder.read("out.svg"), as: UTF8.self).contains("<svg"))
    expect(
      try await folder.run("lineage", "export", "report", "--format", "openlineage"),
      Refusal(status: 2, says: ["leave out NODE"]))
    expect(
      try await folder.run("lineage", "export", "--redacted", "--format", "svg"),
      Refusal(status: 2, says: ["--redacted is of openlineage"]))
    let redacted = try await folder.run(
      "lineage", "export", "--redacted", "--format", "openlineage")
    #expect((try redacted.succeeded().json() as? [Any])?.count == 6)
    let whole = try await folder.run("lineage", "export", "--format", "openlineage").succeeded()
    #expect(whole.text == "[\n\(Events.story.joined(separator: ",\n"))\n]\n")
  }

  // MARK: - People and models

  @Test("subject and model: tables, cards and objects")
  func models() async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("answers.csv", "id,client,text\n1,p-0001,one\n2,p-0002,two\n")
    try await folder.run(
      "dataset", "create", "answers", "--kind", "csv", "--key", "id", "--subject", "client"
    ).succeeded()
    try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
    try folder.write("model.bin", "weights")
    let none = try await folder.run("model", "list").succeeded()
    #expect(none.complaint == "no models: custody model add records one\n")
    try await folder.run(
      "model", "add", "emotion", "--trained-on", "answers@v1", "--owner", "study team",
      "--purpose", "quality", "--file", "model.bin"
    ).succeeded()
    let added = try await folder.run(
      "model", "add", "emotion", "--trained-on", "answers", "--as", "beta", "--format", "ndjson")
    #expect(try added.succeeded().objects()[0]["trainedOn"] as? [String] == ["answers@v1"])
    for (options, status, says) in [
      (["emotion", "--trained-on", "answers", "--as", "beta"], Int32(4), "has a version beta"),
      (["other"], 2, "--trained-on"), (["other", "--run", "x"], 2, "no id of a run"),
      (["other", "--trained-on", "none"], 3, "none"),
      (["other", "--trained-on", "answers@v9"], 3, "no version v9"),
      (["a/b", "--trained-on", "answers"], 2, "cannot name a model"),
      (["other", "--run", LineageEvents.run], 3, "no run"),
      (["p-0001", "--trained-on", "answers"], 6, "identif"),
    ] {
      try await expectRefusal(
        Refusal(status: status, says: [says], hides: status == 6 ? ["p-0001"] : []), in: folder
      ) { try await folder.run(["model", "add"] + options) }
    }
    let list = try await folder.run("model", "list").succeeded()
    #expect(list.lines[0].split(separator: " ").prefix(4) == ["model", "version", "trained", "on"])
    #expect(list.lines.count == 3)
    let shown = try await folder.run("model", "show", "emotion@1", "--format", "json").succeeded()
      .object()
    #expect((shown["digest"] as? String)?.hasPrefix("sha256:") == true)
    let root = try #require(
      (shown["trainedOn"] as? [[String: Any]])?.first?["root"] as? String)
    let card = try await folder.run("model", "show", "emotion@1", "--card").succeeded()
    #expect(card.text.hasPrefix("## Training data\n\nemotion 1 was trained on:\n"))
    #expect(card.lines.contains("| answers | v1 | `\(root)` |"))
    #expect(card.text.contains("Purpose: quality.") && card.text.contains("study team"))
    #expect(try await folder.run("model", "show", "emotion").text.contains("beta"))
    expect(
      try await folder.run("model", "show", "none"), Refusal(status: 3, says: ["no model none"]))
    expect(
      try await folder.run("model", "show", "emotion@9"),
      Refusal(status: 3, says: ["It has: 1, beta"]))

    let subject = try await folder.run("lineage", "subject", "p-0001").succeeded()
    #expect(
      subject.lines[0].split(separator: " ") == [
        "kind", "name", "version", "records", "evidence", "state", "time",
      ])
    #expect(
      subject.lines[1].split(separator: " ").prefix(5) == [
        "version", "answers", "v1", "1", "holds",
      ])
    #expect(subject.lines.last?.hasPrefix("1 version, 0 runs, 2 models; complete; visited") == true)
    let objects = try await folder.run("lineage", "subject", "p-0001", "--format", "ndjson")
    #expect(
      try objects.succeeded().objects().map { $0["evidence"] as? String } == [
        "holds", "derived", "derived",
      ])
    expect(try await folder.run("lineage", "subject", "p-0009"), Refusal(status: 3, says: []))
    let impact = try await folder.run("lineage", "impact", "answers@v1", "--format", "ndjson")
    #expect(try impact.succeeded().objects().map { $0["version"] as? String } == ["1", "beta"])
    let record = try await folder.run("lineage", "show", "answers", "9")
    expect(record, Refusal(status: 3, says: []))
    #expect(!record.complaint.contains("9."), "natural keys may be about somebody: \(record)")
  }
}
