import CustodyLedger
import CustodyModel
import CustodyTesting
import Testing

@Suite("An event of OpenLineage")
struct OpenLineageReadingTests {
  private static let dataset = #""dataset":{"namespace":"n","name":"d"}"#
  private static let job = #""job":{"namespace":"n","name":"j"}"#
  private static let run = #""run":{"runId":"\#(LineageSample.runID)"}"#
  private static let head =
    #""eventTime":"\#(LineageSample.time)","producer":"https://example.com/p""#

  @Test(
    "is what its shape says, whatever its schema is called",
    arguments: [
      ([run, job], "run"), ([job], "job"), ([dataset], "dataset"), ([run, job, dataset], "run"),
      ([#""run":null"#, job], "job"), ([#""job":null"#, #""run":null"#, dataset], "dataset"),
    ],
    [
      "https://openlineage.io/spec/1-0-1/OpenLineage.json#/definitions/RunEvent",
      "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/DatasetEvent", "http://123",
    ])
  func kind(parts: ([String], String), schema: String) throws {
    let members = [Self.head, #""schemaURL":"\#(schema)""#] + parts.0
    for members in [members, members.reversed()] {
      let event = try LineageSample.read("{\(members.joined(separator: ","))}")
      #expect(event.kind.rawValue == parts.1)
      #expect(event.schemaURL == schema)
      #expect((event.run != nil) == (parts.1 == "run"))
      #expect((event.job != nil) == (parts.1 != "dataset"))
      #expect((event.dataset != nil) == (parts.1 == "dataset"))
      #expect(event.warnings.count == (parts.0.count == 3 && parts.1 == "run" ? 1 : 0))
    }
  }

  @Test("has its type, its time, its names and its facets in order")
  func whole() throws {
    let event = try OpenLineageEvent(
      reading: LineageSample.event(.run, facets: #""airflow":{},"parent":{},"tags":null"#))
    #expect(event.kind == .run)
    #expect(event.eventType == .complete)
    #expect(event.eventType?.isTerminal == true)
    #expect(event.time.timestamp == Timestamp("2026-01-31T08:00:00Z"))
    #expect(event.time.hasZone)
    #expect(event.producer == "https://example.com/p")
    #expect(event.run?.id.uuid == LineageSample.runID)
    #expect(event.job?.name == LineageName(namespace: "airflow://production", name: "daily.load"))
    #expect(event.inputs.map(\.name.description) == ["s3://lake orders/raw"])
    #expect(event.outputs.map(\.name.name) == ["public.orders"])
    #expect(event.facets.map(\.key) == ["airflow", "parent"])
    #expect(event.unknownFacets == ["airflow"])
    #expect(event.faults.map(\.path) == ["$.run.facets.parent._producer"])
  }

  @Test(
    "of every type of the spec is taken, and of no other",
    arguments: ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"])
  func types(type: String) throws {
    let event = try OpenLineageEvent(
      reading: LineageSample.run(#","eventType":"\#(type)""#))
    #expect(event.eventType?.rawValue == type)
    #expect(event.eventType?.isTerminal == ["COMPLETE", "ABORT", "FAIL"].contains(type))
    let lower = LineageSample.run(#","eventType":"\#(type.lowercased())""#)
    #expect(LineageSample.refusal(lower)?.hasPrefix("$.eventType: START, ") == true)
  }

  @Test(
    "that cannot be used is refused with the place and the rule",
    arguments: [
      ("", "$: the text ends where a value is expected, at byte 0"),
      ("{", "$: a member name in quotes is expected, at byte 1"),
      ("{} x", "$: nothing is expected after the value, at byte 3"),
      ("[]", "$: an object is expected"), ("1", "$: an object is expected"),
      ("{}", "$: a run with its job, a job or a dataset is expected"),
      ("{\(run)}", "$.job: is missing"),
      ("{\(run),\(dataset)}", "$.job: is missing"),
      ("{\(job)}", "$.eventTime: is missing"),
      (#"{\#(job),"eventTime":null}"#, "$.eventTime: is missing"),
      (#"{\#(job),"eventTime":1}"#, "$.eventTime: a string is expected"),
      (
        #"{\#(job),"eventTime":"yesterday"}"#,
        "$.eventTime: a time as in 2026-01-31T08:00:00.000Z is expected"
      ),
      ("{\(head),\(job),\(job)}", "$.job: a member stands twice"),
      (#"{\#(head),"job":[]}"#, "$.job: an object is expected"),
      (#"{\#(head),"job":{"name":"j"}}"#, "$.job.namespace: is missing"),
      (#"{\#(head),"job":{"namespace":"n"}}"#, "$.job.name: is missing"),
      (#"{\#(head),"job":{"namespace":"n","name":""}}"#, "$.job.name: is empty"),
      (#"{\#(head),"job":{"namespace":1,"name":"j"}}"#, "$.job.namespace: a string is expected"),
      (
        #"{\#(head),"job":{"namespace":"n","name":"j","na\u006de":"k"}}"#,
        "$.job.name: a member stands twice"
      ),
      (
        #"{\#(head),"job":{"namespace":"n","name":"a\u0000b"}}"#,
        "$.job.name: has a control character"
      ),
      (
        #"{\#(head),"job":{"namespace":"n\u0085","name":"j"}}"#,
        "$.job.namespace: has a control character"
      ),
      (
        "{\(head),\"job\":{\"namespace\":\"n\",\"name\":\"\u{7f}\"}}",
        "$.job.name: has a control character"
      ),
      (#"{\#(head),\#(job),"run":{}}"#, "$.run.runId: is missing"),
      (#"{\#(head),\#(job),"run":{"runId":7}}"#, "$.run.runId: a string is expected"),
      (#"{\#(head),\#(job),"run":[]}"#, "$.run: an object is expected"),
      (#"{\#(head),\#(job),"inputs":{}}"#, "$.inputs: an array is expected"),
      (#"{\#(head),\#(job),"inputs":[1]}"#, "$.inputs[0]: an object is expected"),
      (
        #"{\#(head),\#(job),"outputs":[{"namespace":"n","name":"d"},{"namespace":"n"}]}"#,
        "$.outputs[1].name: is missing"
      ),
      (
        #"{\#(head),"job":{"namespace":"n","name":"j","facets":[]}}"#,
        "$.job.facets: an object is expected"
      ),
      (#"{\#(head),"dataset":{"namespace":"n"}}"#, "$.dataset.name: is missing"),
    ])
  func refused(text: String, reason: String) {
    #expect(LineageSample.refusal(Array(text.utf8)) == reason)
  }

  @Test(
    "of a run whose id is no UUID is refused",
    arguments: [
      "", "daily-1", "01a204a7ba707fdcb3147b88f7b5272a", "01a204a7-ba70-7fdc-b314-7b88f7b5272",
      "01a204a7-ba70-7fdc-b314-7b88f7b5272g", "{01a204a7-ba70-7fdc-b314-7b88f7b5272a}",
      "01a204a7-ba70-7fdc-b314-7b88f7b5272a ",
    ])
  func runID(id: String) {
    let text = #"{\#(Self.head),\#(Self.job),"run":{"runId":"\#(id)"}}"#
    #expect(LineageSample.refusal(Array(text.utf8)) == "$.run.runId: a UUID is expected")
  }

  @Test("knows a run by its id in either case")
  func runIDCase() throws {
    let id = LineageSample.runID.uppercased()
    let event = try LineageSample.read(
      #"{\#(Self.head),\#(Self.job),"run":{"runId":"\#(id)"}}"#)
    #expect(event.run?.id.uuid == LineageSample.runID)
  }

  @Test("takes names up to their size and no longer")
  func nameSize() throws {
    func text(_ count: Int) -> String {
      #"{\#(Self.head),"job":{"namespace":"n","name":"\#(String(repeating: "a", count: count))"}}"#
    }
    _ = try LineageSample.read(text(LineageName.sizeMax))
    #expect(
      LineageSample.refusal(Array(text(LineageName.sizeMax + 1).utf8))
        == "$.job.name: has more than 4096 bytes")
  }

  @Test("tells names apart by their bytes")
  func nameBytes() {
    let (composed, decomposed) = ("\u{e9}", "e\u{301}")
    #expect(composed == decomposed)
    let names = [composed, decomposed].map { LineageName(namespace: "n", name: $0) }
    #expect(names[0] != names[1])
    #expect(Set(names).count == 2)
    #expect(names[1] < names[0])
    #expect(LineageName(namespace: "a", name: "z") < LineageName(namespace: "b", name: "a"))
    #expect(LineageName(namespace: "ab", name: "c") != LineageName(namespace: "a", name: "bc"))
  }

  @Test(
    "with a time without a zone is kept and marked",
    arguments: ["2026-01-31T08:00:00", "2026-01-31 08:00:00.123456789"])
  func naive(time: String) throws {
    let event = try LineageSample.read(
      #"{\#(Self.job),"producer":"a:b","schemaURL":"a:b","eventTime":"\#(time)"}"#)
    #expect(!event.time.hasZone)
    #expect(event.time.description.hasSuffix("Z (without a zone)"))
    #expect(
      event.warnings.map(\.description)
        == ["$.eventTime: has no zone; it is read as UTC and orders nothing"])
    #expect(try OpenLineageEvent(reading: event.masked).time == event.time)
  }

  @Test(
    "has no time that is none",
    arguments: [
      "", "2026-01-31", "2026-01-31T08:00", "2026-02-29T08:00:00Z", "2026-13-01T08:00:00Z",
      "2026-01-31T24:00:00Z", "2026-01-31T08:60:00Z", "2026-01-31T08:00:60Z",
      "2026-01-31T08:00:00.Z", "2026-01-31T08:00:00+1", "2026-01-31T08:00:00+01:00x",
      "0000-01-31T08:00:00Z", "2026-01-31T08:00:00ZZ", "+026-01-31T08:00:00Z",
      "2026-01-31T08:00:00 Z",
    ])
  func noTime(time: String) { #expect(LineageTime(time) == nil) }

  @Test("has a time exactly when one can be read from it", arguments: 0..<200)
  func times(seed: UInt64) {
    var generator = SeededGenerator(seed)
    for _ in 0..<50 {
      var text = Array("2024-02-29T23:59:59.123+01:00".utf8)
      if Bool.random(using: &generator) {
        text.removeLast(Int.random(in: 0...10, using: &generator))
      }
      for _ in 0..<Int.random(in: 0...2, using: &generator) {
        let at = Int.random(in: 0..<text.count, using: &generator)
        text[at] = Array("0123456789:-TZ.+ z".utf8).randomElement(using: &generator)!
      }
      let time = String(decoding: text, as: UTF8.self)
      // With its zone, a time is one here exactly when it is one of the ledger's.
      let hasZone = time.count > 19 && time.dropFirst(19).contains { "Zz+-".contains($0) }
      #expect(
        (LineageTime(time) != nil) == (Timestamp(hasZone ? time : "\(time)Z") != nil), "\(time)")
      if let read = LineageTime(time) { #expect(read.hasZone == hasZone) }
    }
  }

  @Test("without producer and schema is taken with two warnings")
  func addresses() throws {
    let event = try LineageSample.read(#"{\#(Self.job),"eventTime":"\#(LineageSample.time)"}"#)
    #expect(
      event.warnings.map(\.description)
        == ["$.producer: is missing", "$.schemaURL: is missing"])
    for value in ["1", "{}", "\"\"", "\"no address\"", "\"/a\"", "[\"a:b\"]"] {
      let event = try LineageSample.read(
        #"{\#(Self.job),"eventTime":"\#(LineageSample.time)","schemaURL":"a:b","producer":\#(value)}"#
      )
      #expect(event.warnings.map(\.description) == ["$.producer: a URI is expected"])
    }
  }

  @Test("warns of a namespace with a user in it, and leaves him out")
  func userInNamespace() throws {
    let event = try LineageSample.read(
      #"{\#(Self.head),"schemaURL":"a:b","dataset":{"namespace":"postgres://u:p@h","name":"d"}}"#)
    #expect(event.warnings.map(\.path) == ["$.dataset.namespace"])
    #expect(event.warnings.first?.rule.contains("u:p") == false)
    #expect(event.dataset?.name.namespace == "postgres://h")
    #expect(!String(decoding: event.masked, as: UTF8.self).contains("u:p"))
  }

  @Test("that is nested too deep is refused, wherever it is", arguments: [600, 100_000])
  func depth(count: Int) {
    let deep = String(repeating: "[", count: count) + String(repeating: "]", count: count)
    for text in [deep, "{\(Self.head),\(Self.job),\"x\":\(deep)}"] {
      #expect(
        LineageSample.refusal(Array(text.utf8))?.contains("nesting deeper than 512") == true)
    }
    // As deep as JSON may be here, and through schema, facts and mask.
    let levels = 200
    let fields =
      String(repeating: #"{"name":"a","fields":["#, count: levels)
      + String(repeating: "]}", count: levels)
    let event = try? OpenLineageEvent(
      reading: LineageSample.event(
        .dataset, facets: #""schema":{\#(LineageSample.base),"fields":[\#(fields)]}"#))
    #expect(event?.faults.isEmpty == true)
    #expect(event?.outputs[0].facets[SchemaFacet.self]?.fields.count == 1)
    let masked = event?.masked ?? []
    #expect((try? OpenLineageEvent(reading: masked))?.masked == masked)
  }

  @Test("of a size that no event may have is refused before it is read")
  func size() {
    let bytes = [UInt8](repeating: 0x20, count: OpenLineageEvent.sizeMax + 1)
    #expect(LineageSample.refusal(bytes) == "$: an event has at most 16777216 bytes")
  }

  @Test("that breaks off anywhere is refused, and the same as a slice of more")
  func truncated() throws {
    let whole = LineageSample.event(.run, facets: #""airflow":{"a":[1,{"b":"c"}]}"#)
    for end in 0..<whole.count { #expect(LineageSample.refusal(Array(whole[..<end])) != nil) }
    let padded = [0x20, 0x5b] + whole + [0x5d]
    let event = try OpenLineageEvent(reading: padded[2..<2 + whole.count])
    #expect(event.masked == (try OpenLineageEvent(reading: whole)).masked)
  }
}
