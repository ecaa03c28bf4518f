import CustodyTesting
import Foundation
import Testing

/// Every verb that prints records or facts, in every format.
@Suite("Output formats")
struct FormatTests {
  static let verbs = [
    ["log"], ["log", "--content"], ["show", "head"], ["head"], ["status"], ["stats"], ["doctor"],
    ["verify"], ["subject", "list", "--identifiers"], ["subject", "show", "p,\"0001\"\u{e9}"],
    ["key", "list"], ["key", "show", "epoch"], ["key", "rotate", "--yes"],
    ["subject", "add", "p-2"], ["subject", "event", "p,\"0001\"\u{e9}", "case-closed"],
    ["dataset", "list"], ["dataset", "show", "t"],
    ["dataset", "log", "t"], ["dataset", "diff", "t", "v1", "v2"],
    ["dataset", "status", "t", "t.csv"],
    ["dataset", "commit", "t", "t.csv"], ["projection", "list"], ["projection", "status"],
    ["projection", "verify"], ["projection", "rebuild"],
    ["init", "--organization", "example.org", "--store", "other"],
  ]

  /// Names and contents that a careless writer of CSV or JSON would break on.
  private func folder() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "p,\"0001\"\u{e9}").succeeded()
    try await folder.run(
      "append", "--stream", "a, \"quoted\" stream \u{1f600}", "--type", "a.b",
      input: .text("{\"text\":\"comma, quote \\\" line \\n end\"}\n\"x\"\n")
    ).succeeded()
    try await folder.run(
      "dataset", "create", "t", "--kind", "csv", "--key", "k", "--subject", "none", "--tag", "a,b"
    ).succeeded()
    for rows in ["1,\"x\ny\"\n2,z\n", "\"3, \"\"q\"\"\",z\n2,\u{e9}\n", "4,w\n2,v\n"] {
      try folder.write("t.csv", "k,v\n" + rows)
      if !rows.hasPrefix("4") {
        try await folder.run("dataset", "commit", "t", "t.csv", "-m", "a \"word\", a\nline")
          .succeeded()
      }
    }
    try folder.write("binary", [0xff, 0x00, 0x0a])
    try await folder.run("append", "--whole", "--stream", "f", "--type", "a.b", "binary")
      .succeeded()
    return folder
  }

  @Test("json is one JSON text, ndjson an object a line, csv a table", arguments: verbs)
  func parses(verb: [String]) async throws {
    let folder = try await folder()
    let isList =
      ["log", "stats", "doctor", "projection"].contains(verb[0])
      || verb[0] == "subject" && verb[1] != "show"
      || verb[0] == "dataset" && !["show", "commit"].contains(verb[1])
      || verb == ["key", "list"]
    var names: [Set<String>] = []
    func arguments(_ format: String) -> [String] {
      // Making a store twice needs two places.
      (verb[0] == "init" ? verb.dropLast() + ["other-\(format)"] : verb) + ["--format", format]
    }
    func okay(_ result: CommandResult) { #expect(result.status == 0, "\(result)") }

    let json = try await folder.run(arguments("json"))
    okay(json)
    let records = try isList ? #require(json.json() as? [[String: Any]]) : [json.object()]
    names += records.map { Set($0.keys) }

    let lines = try await folder.run(arguments("ndjson"))
    okay(lines)
    let objects = try lines.objects()
    #expect(objects.count == records.count)
    names += objects.map { Set($0.keys) }

    let csv = try await folder.run(arguments("csv"))
    okay(csv)
    let rows = try CSV.rows(csv.text)
    #expect(Set(rows.map(\.count)).count == 1, "\(csv.text)")
    if verb != ["verify"] {
      #expect(rows.count == records.count + 1)
      names.append(Set(rows[0]))
    }
    #expect(Set(names).count == 1, "the same fields in every format")

    let table = try await folder.run(arguments("table"))
    okay(table)
    #expect(!table.text.isEmpty)
    for result in [json, lines, csv, table] {
      #expect(!result.output.contains(0x1b), "escape codes away from a terminal")
      #expect(!result.complaint.contains("\u{1b}"))
      #expect(result.text.hasSuffix("\n"))
    }
  }

  @Test("values are the same in every format, whatever is in them")
  func values() async throws {
    let folder = try await folder()
    let json = try #require(
      try await folder.run("log", "--content", "--format", "json").json() as? [[String: Any]])
    let lines = try await folder.run("log", "--content", "--format", "ndjson").objects()
    let rows = try CSV.rows(try await folder.run("log", "--content", "--format", "csv").text)
    let stream = "a, \"quoted\" stream \u{1f600}"
    let at = try #require(json.firstIndex { $0["stream"] as? String == stream })
    #expect(lines[at]["stream"] as? String == stream)
    let column = try #require(rows[0].firstIndex(of: "stream"))
    #expect(rows[at + 1][column] == stream)
    let text = "comma, quote \" line \n end"
    #expect((json[at]["content"] as? [String: String])?["text"] == text)
    #expect((lines[at]["content"] as? [String: String])?["text"] == text)
    #expect(json[at + 1]["content"] as? String == "x")
    let last = try #require(json.last)
    #expect(last["content"] is NSNull)
    #expect(last["contentBase64"] as? String == "/wAK")
  }

  @Test("a verification that finds something says so in every format")
  func findings() async throws {
    let folder = try await folder()
    try await folder.run("export", "ledger", "--to", "copy").succeeded()
    var bytes = try folder.read("copy")
    // The organization stands in the body of the first event, and nowhere else as JSON.
    let found = try #require(
      bytes.firstRange(of: Array(#"{"organization":"example.org"}"#.utf8)))
    bytes[found.lowerBound + 17] ^= 1
    try folder.write("copy", bytes)
    for format in ["table", "json", "ndjson", "csv"] {
      let result = try await folder.run("verify", "copy", "--format", format)
      #expect(result.status == 1)
      #expect(result.complaint.isEmpty)
      switch format {
      case "table":
        #expect(result.text.contains("position 0: "))
        #expect(result.text.contains("does not hold"))
      case "csv":
        let rows = try CSV.rows(result.text)
        #expect(rows[0] == ["rule", "position", "expected", "found"])
        #expect(rows.contains { $0[1] == "0" })
      default:
        let report = try result.object()
        #expect(report["holds"] as? Bool == false)
        let findings = try #require(report["findings"] as? [[String: Any]])
        #expect(findings.contains { $0["position"] as? Int == 0 })
        #expect(report["findingCount"] as? Int == findings.count)
      }
    }
  }
}

/// RFC 4180, read by hand so that nothing is forgiven.
enum CSV {
  static func rows(_ text: String) throws -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var field = ""
    var isQuoted = false
    var rest = Array(text.unicodeScalars)[...]
    while let scalar = rest.popFirst() {
      switch (scalar, isQuoted) {
      case ("\"", true) where rest.first == "\"":
        field.unicodeScalars.append("\"")
        rest.removeFirst()
      case ("\"", true):
        isQuoted = false
        guard let next = rest.first, next == "," || next == "\n" else { throw Malformed() }
      case ("\"", false):
        guard field.isEmpty else { throw Malformed() }
        isQuoted = true
      case (",", false):
        row.append(field)
        field = ""
      case ("\n", false):
        rows.append(row + [field])
        row = []
        field = ""
      default: field.unicodeScalars.append(scalar)
      }
    }
    guard field.isEmpty, row.isEmpty, !isQuoted else { throw Malformed() }
    return rows
  }

  struct Malformed: Error {}
}
