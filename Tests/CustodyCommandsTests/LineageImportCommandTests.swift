import CustodyTesting
import Foundation
import Testing

@Suite("lineage import")
struct LineageImportCommandTests {
  private typealias Events = LineageEvents

  /// A file that has nothing that can be taken.
  struct Bad: CustomTestStringConvertible, Sendable {
    let what: String
    let bytes: [UInt8]
    let says: String
    var status: Int32 = 6
    var testDescription: String { what }

    init(_ what: String, _ text: String, _ says: String) {
      self.init(what, Array(text.utf8), says)
    }

    init(_ what: String, _ bytes: [UInt8], _ says: String) {
      (self.what, self.bytes, self.says) = (what, bytes, says)
    }
  }

  private static let mark = "Qzxcanary"

  static let bad: [Bad] = [
    Bad("no JSON", "\(mark)\n", "$: a value is expected, at byte 0"),
    Bad("half an object", #"{"eventTime":"\#(mark)""#, "a comma or a closing brace is expected"),
    Bad("a number", "17", "$: an object is expected"),
    Bad(
      "deep nesting", String(repeating: "[", count: 600) + String(repeating: "]", count: 600),
      "nesting deeper than 512 is refused"),
    Bad(
      "deep in an event",
      Events.event(
        more: #","x":"# + String(repeating: "[", count: 600) + String(repeating: "]", count: 600)),
      "nesting deeper than 512 is refused"),
    Bad("nothing", "", "$: nothing is here"),
    Bad("white space", "\n \r\n\t", "$: nothing is here"),
    Bad("an id that is no UUID", Events.event(mark), "$.run.runId: a UUID is expected"),
    Bad("no time", Events.event(at: mark), "$.eventTime: a time as in"),
    Bad(
      "a name with a control character", Events.event(job: #"\#(mark)\u0007"#),
      "$.job.name: has a control character"),
    Bad("an empty name", Events.event(job: ""), "$.job.name: is empty"),
    Bad(
      "a name that is too long", Events.event(job: String(repeating: mark, count: 500)),
      "$.job.name: has more than 4096 bytes"),
    Bad(
      "a member twice", Events.event(more: #","eventTime":"2026-01-31T08:00:00Z""#),
      "a member stands twice"),
    Bad("an unknown type", Events.event(Events.run, mark), "$.eventType: START, RUNNING"),
    Bad(
      "an array with one bad member",
      "[\(Events.event()),{\"\(mark)\":1},\(Events.event(Events.other))]", "$[1]"),
    Bad(
      "a line with one bad member", "\(Events.event())\n\(Events.event(mark))\n",
      "bad, line 2"),
    Bad(
      "UTF-16", [0xff, 0xfe] + Events.event().utf8.flatMap { [$0, 0] },
      "$: is UTF-16; save it as UTF-8"),
    Bad(
      "a byte-order mark", [0xef, 0xbb, 0xbf] + Array(Events.event().utf8),
      "a byte-order mark stands before it"),
    Bad("no UTF-8", Events.event(job: "@").utf8.map { $0 == 0x40 ? 0xff : $0 }, "UTF-8"),
    Bad("a gzip file of nothing", [31, 139, 8, 0, 0, 0, 0, 0, 0, 3], "bad is no whole gzip file"),
  ]

  @Test("what cannot be taken is named, and nothing is appended; --keep-going takes the others")
  func bad() async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("good.json", Events.event(Events.third))
    for bad in Self.bad {
      try folder.write("bad", bad.bytes)
      let refusal = Refusal(status: bad.status, says: [bad.says], hides: [Self.mark])
      try await expectRefusal(refusal, in: folder) {
        try await folder.run("lineage", "import", "good.json", "bad")
      }
      try await expectRefusal(refusal, in: folder) {
        try await folder.run("lineage", "import", "--dry-run", "good.json", "bad")
      }
    }
    // A file that is nothing as a whole is refused even then.
    var goods = 0
    for bad in Self.bad where !bad.what.contains("gzip") {
      try folder.write("bad", bad.bytes)
      try folder.write(
        "good.json", Events.event(Events.third, at: "2026-02-01T08:00:\(10 + goods)Z"))
      goods += 1
      let before = try await folder.size()
      let result = try await folder.run("lineage", "import", "--keep-going", "bad", "good.json")
      expect(result, Refusal(status: 6, says: [bad.says], hides: [Self.mark]))
      #expect(result.text.contains("refused 1 event"), "\(result)")
      // The first time, the other events of the array and of the lines are new as well.
      #expect(try await folder.size() >= before + 2, "\(bad.what)")
    }
    #expect(try await folder.run("verify", "--level", "contents").status == 0)
  }

  @Test("an event of more than 16 MiB is refused, in a file, an array or a line")
  func large() async throws {
    let folder = try await CommandFolder.withStore()
    let large = Events.event(more: #","x":"\#(String(repeating: "x", count: 16 << 20))""#)
    for text in [large, "[\(Events.event(Events.other)),\(large)]"] {
      try folder.write("large", text)
      let says = "an event has at most 16777216 bytes"
      try await expectRefusal(Refusal(status: 6, says: [says]), in: folder) {
        try await folder.run("lineage", "import", "large")
      }
    }
    try folder.write("lines", "\(Events.event(Events.other))\n\(large)\n\(Events.event())\n")
    let result = try await folder.run("lineage", "import", "--keep-going", "lines")
    expect(result, Refusal(status: 6, says: ["lines, line 2", "at most 16777216 bytes"]))
    #expect(result.text.hasPrefix("imported 2 events, positions 4 to 7; refused 1 event"))
  }

  @Test("files, folders, standard input, arrays, lines and gzip are taken, each event once")
  func forms() async throws {
    let folder = try await CommandFolder.withStore()
    let events = Events.story
    try folder.write("array.json", "[\(events[0...1].joined(separator: ",\n "))]\n")
    let first = try await folder.run("lineage", "import", "array.json").succeeded()
    #expect(first.text == "imported 2 events, positions 4 to 7\n")
    #expect(first.complaint.isEmpty)
    let again = try await folder.run("lineage", "import", "array.json").succeeded()
    #expect(again.text == "imported 0 events; 2 stood there already\n")

    let lines = events[0...2].map { $0 + "\r\n" }.joined()
    let piped = try await folder.run("lineage", "import", "-", input: .text(lines)).succeeded()
    #expect(piped.text == "imported 1 event, positions 8 to 9; 2 stood there already\n")
    #expect(try await folder.content(at: 8) == Array(events[2].utf8), "the CR is no part of it")

    try folder.write("one", events[3] + "\n")
    try folder.write("two", events[4] + "\n")
    try await folder.shell(
      "gzip -k one two; cat one.gz two.gz > both.gz; head -c 40 one.gz > cut.gz"
    )
    .succeeded()
    let both = try await folder.run("lineage", "import", "both.gz").succeeded()
    #expect(both.text == "imported 2 events, positions 10 to 13\n")
    try await expectRefusal(Refusal(status: 6, says: ["cut.gz is no whole gzip file"]), in: folder)
    {
      try await folder.run("lineage", "import", "cut.gz")
    }

    let inner = folder.file("events/deeper")
    try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
    try folder.write("events/b.json", events[5])
    try folder.write("events/a.ndjson", "\n\(events[0])\n\n\(events[4])\n")
    try folder.write("events/deeper/c.jsonl", Events.event(at: "2026-02-01T00:00:00Z"))
    try folder.write("events/notes.txt", "no event")
    try folder.write("events/.hidden.json", "no event")
    let all = try await folder.run("lineage", "import", "events").succeeded()
    #expect(all.text == "imported 2 events, positions 14 to 17; 2 stood there already\n")
    let empty = folder.file("empty")
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
    try await expectRefusal(
      Refusal(status: 6, says: ["empty has no file that ends in"]), in: folder
    ) { try await folder.run("lineage", "import", "empty") }
    try await expectRefusal(Refusal(status: 2, says: ["named once"]), in: folder) {
      try await folder.run("lineage", "import", "-", "-")
    }
    let json = try await folder.run(
      "lineage", "import", "events", "--format", "json"
    ).succeeded()
    #expect(json.text.contains("\"repeats\":4"), "\(json)")
    let exported = try await folder.run("lineage", "export", "--format", "openlineage").succeeded()
    #expect((try exported.json() as? [Any])?.count == 7)
  }

  @Test("a file that is not there or may not be read is named")
  func unreadable() async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("good.json", Events.event())
    try await expectRefusal(Refusal(status: 3, says: ["absent"]), in: folder) {
      try await folder.run("lineage", "import", "good.json", "absent")
    }
    try folder.write("locked.json", Events.event(Events.other), mode: 0o000)
    // Root may read everything.
    if access(folder.file("locked.json"), R_OK) != 0 {
      try await expectRefusal(Refusal(status: 7, says: ["locked.json"]), in: folder) {
        try await folder.run("lineage", "import", "good.json", "locked.json")
      }
    }
  }

  @Test("a time without a zone is kept and warned about, and counts at no time")
  func zoneless() async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("event.json", Events.event(at: "2026-01-31T08:00:00", in: ["a"], out: ["b"]))
    let result = try await folder.run("lineage", "import", "event.json").succeeded()
    #expect(result.text == "imported 1 event, positions 4 to 5; 1 warning\n")
    #expect(
      result.complaint
        == "event.json: $.eventTime: has no zone; it is read as UTC and orders nothing\n")
    let all = try await folder.run("lineage", "show", "b", "--upstream", "--format", "ndjson")
    #expect(try all.succeeded().objects().map { $0["depth"] as? Int } == [0, 1, 2])
    let then = try await folder.run(
      "lineage", "show", "b", "--upstream", "--when", "2026-12-31", "--format", "ndjson")
    #expect(try then.succeeded().objects().map { $0["depth"] as? Int } == [0])
  }

  @Test("a facet that is not as it should be is named and not used; one that is unknown is counted")
  func facets() async throws {
    let folder = try await CommandFolder.withStore()
    let base = #""_producer":"https://example.com/p","_schemaURL":"https://example.com/s""#
    let event = Events.event(
      more: #","outputs":[]"#
    ).replacing(
      #""outputs":[],"outputs":[]"#,
      with:
        #""outputs":[{"namespace":"store","name":"t","facets":{"schema":{\#(base),"fields":7},"#
        + #""ours":{"a":"\#(Self.mark)"}}}]"#)
    try folder.write("event.json", event)
    let result = try await folder.run("lineage", "import", "event.json").succeeded()
    #expect(
      result.text
        == "imported 1 event, positions 4 to 5; 1 facet not as the specification asks; "
        + "facets that the specification does not have: ours 1\n")
    #expect(result.complaint.contains("event.json: $.outputs[0].facets.schema.fields: "))
    #expect(result.complaint.contains("; the facet is not used"))
    #expect(!result.complaint.contains(Self.mark))
  }

  @Test("--dry-run says what could be imported, and appends nothing")
  func dryRun() async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("story.ndjson", Events.storyText)
    let size = try await folder.size()
    let dry = try await folder.run("lineage", "import", "--dry-run", "story.ndjson").succeeded()
    #expect(dry.text == "6 events can be imported\n")
    try folder.write("bad", "{}\n")
    let some = try await folder.run(
      "lineage", "import", "--dry-run", "--keep-going", "story.ndjson", "bad")
    #expect(some.status == 6 && some.text == "6 events can be imported; refused 1 event\n")
    #expect(try await folder.size() == size)
  }

  @Test("an import that is killed and repeated ends as one that was not", arguments: 0..<2)
  func killed(round: Int) async throws {
    let folder = try await CommandFolder.withStore()
    let lines = (0..<6000).map { number in
      let id = "01a204a7-ba70-7fdc-b314-7b88f7b5" + String(format: "%04x", number % 97)
      return Events.event(
        id, at: "2026-01-31T08:00:00.\(100_000 + number)Z", out: ["t\(number % 9)"])
    }
    try folder.write("events.ndjson", lines.joined(separator: "\n"))
    let command = try folder.start("lineage", "import", "events.ndjson", input: .nothing)
    // Until something stands in the ledger, or it ended.
    for _ in 0..<400 {
      try await Task.sleep(for: .milliseconds(10))
      if try await folder.size() > 4 + round * 3000 { break }
    }
    command.send(SIGKILL)
    _ = try await command.finish()
    try await folder.run("lineage", "import", "events.ndjson").succeeded()
    let stats = try await folder.run("stats", "--format", "ndjson").succeeded().objects()
    var counts: [String: Int] = [:]
    for row in stats {
      counts[row["type"] as? String ?? "", default: 0] += row["events"] as? Int ?? 0
    }
    #expect(counts["lineage.received"] == 6000 && counts["lineage.recorded"] == 6000, "\(counts)")
    let again = try await folder.run("lineage", "import", "events.ndjson").succeeded()
    #expect(again.text == "imported 0 events; 6000 stood there already\n")
  }
}
