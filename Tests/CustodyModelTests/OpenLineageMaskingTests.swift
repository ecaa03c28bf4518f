import CustodyModel
import CustodyTesting
import Testing

@Suite("A masked event of OpenLineage")
struct OpenLineageMaskingTests {
  private func isClean(_ text: String) -> Bool {
    !text.lowercased().contains(RandomLineage.mark.lowercased())
      && !text.contains(RandomLineage.number)
  }

  private func isClean(_ bytes: [UInt8]) -> Bool { isClean(String(decoding: bytes, as: UTF8.self)) }

  @Test("and all that is said of it holds nothing about anybody", arguments: 0..<200)
  func clean(seed: UInt64) throws {
    var generator = SeededGenerator(seed)
    for _ in 0..<5 {
      let lineage = try RandomLineage(&generator)
      let event = try LineageSample.read(lineage.shuffled)
      #expect(!isClean(lineage.text))
      #expect(isClean(event.masked))
      for fault in event.faults + event.warnings { #expect(isClean("\(fault)")) }
      #expect(isClean(event.unknownFacets.joined()))
    }
  }

  @Test("is refused in words that hold nothing about anybody", arguments: 0..<200)
  func cleanRefusals(seed: UInt64) throws {
    var generator = SeededGenerator(seed)
    for _ in 0..<5 {
      let text = try RandomLineage(&generator).text
      let refused = [
        text.replacing("\"eventTime\":\"", with: "\"eventTime\":\"\(RandomLineage.mark)"),
        text.replacing("\"runId\":\"", with: "\"runId\":\"\(RandomLineage.mark)"),
        text.replacing("\"namespace\":\"", with: "\"namespace\":\"\(RandomLineage.mark)\\u0000"),
        text.replacing("\"eventType\":\"", with: "\"eventType\":\"\(RandomLineage.mark)"),
        String(text.prefix(Int.random(in: 0..<text.count, using: &generator))),
      ]
      for text in refused {
        if let refusal = LineageSample.refusal(Array(text.utf8)) { #expect(isClean(refusal)) }
      }
    }
  }

  @Test("says the same of the graph, and masked again is the same bytes", arguments: 0..<200)
  func same(seed: UInt64) throws {
    var generator = SeededGenerator(seed)
    for _ in 0..<5 {
      let lineage = try RandomLineage(&generator)
      let event = try LineageSample.read(lineage.text)
      let masked = event.masked
      let again = try OpenLineageEvent(reading: masked)
      #expect(again.masked == masked)
      #expect(LineageFacts(again) == LineageFacts(event))
      #expect(again.faults.isEmpty, "\(again.faults)")
      #expect(again.unknownFacets == event.unknownFacets)
      #expect(again.warnings == event.warnings)
    }
  }

  @Test("is the same whatever the order and spacing of the original", arguments: 0..<200)
  func deterministic(seed: UInt64) throws {
    var generator = SeededGenerator(seed)
    for _ in 0..<5 {
      let lineage = try RandomLineage(&generator)
      let masked = try LineageSample.read(lineage.text).masked
      #expect(try LineageSample.read(lineage.shuffled).masked == masked)
    }
  }

  @Test("without what is wrong has a place for every facet of the spec", arguments: 0..<50)
  func whole(seed: UInt64) throws {
    var generator = SeededGenerator(seed)
    let lineage = try RandomLineage(&generator, mayBeBroken: false)
    let event = try LineageSample.read(lineage.text)
    #expect(event.faults.isEmpty, "\(event.faults)")
    #expect(Set(event.unknownFacets).isSubset(of: ["airflow"]))
  }

  // MARK: - By example

  private func masked(
    _ place: OpenLineageFacet.Place, _ key: String, _ members: String
  ) throws -> String {
    let event = try OpenLineageEvent(
      reading: LineageSample.event(
        place, facets: #""\#(key)":{\#(LineageSample.base),\#(members)}"#))
    #expect(event.faults.isEmpty, "\(event.faults)")
    let text = String(decoding: event.masked, as: UTF8.self)
    let start = try #require(text.firstRange(of: #"/s.json""#)).upperBound
    return String(text[start...].prefix { $0 != "}" }.dropFirst())
  }

  @Test("has its members in one order, and facets by their keys")
  func example() throws {
    let text = #"""
      { "outputs": [], "inputs": [{"name":"a\/b\u00e9","namespace":"n","x":1,
        "inputFacets":{"inputStatistics":{"size":1e3,"_schemaURL":"b:c","_producer":"a:b"}},
        "facets":{}}], "schemaURL":null, "job":{"facets":{"z":{"v":1},"a":{"_deleted":true},
        "ownership":{"_deleted":true,"owners":[{"name":"gone"}]}},"name":"j","namespace":"n"},
        "producer":"not an address", "eventTime":"2026-01-31T08:00:00.123456789+01:00" }
      """#
    #expect(
      String(decoding: try LineageSample.read(text).masked, as: UTF8.self)
        == #"{"eventTime":"2026-01-31T08:00:00.123456789+01:00","job":{"namespace":"n","name":"j","#
        + #""facets":{"a":{"_deleted":true},"ownership":{"_deleted":true},"z":{}}},"#
        + #""inputs":[{"namespace":"n","name":"a/bé","inputFacets":{"inputStatistics":{"#
        + #""_producer":"a:b","_schemaURL":"b:c","size":1e3}}}]}"#)
  }

  @Test(
    "has addresses without user, password and query",
    arguments: [
      ("https://h/p", "https://h/p"), ("https://h/p?token=x", "https://h/p"),
      ("https://u@h/p", "https://h/p"), ("https://u:p@h:1/p", "https://h:1/p"),
      ("https://u:p/w@h/p", "https://h/p"), ("https://h/@scope/p", "https://h/@scope/p"),
      ("postgres://u:a@b@h/d", "postgres://h/d"), ("https://h/p#x", "https://h/p"),
      ("https://h/p#/$defs/A", "https://h/p#/$defs/A"), ("https://h/p?a#/b", "https://h/p#/b"),
      ("jdbc:sqlserver://h;user=u;password=p", "jdbc:sqlserver://h"),
      ("jdbc:postgresql://u:p@h/d", "jdbc:h/d"),
      ("jdbc:db2://h:1/d:user=u;", "jdbc:db2://h:1/d:user"),
      ("jdbc:mysql://address=(host=h)(password=p)/d", "jdbc:mysql://address"),
      ("jdbc:oracle:thin:scott/tiger@//h:1/s", "jdbc://h:1/s"), ("s3://b/day=1", "s3://b/day=1"),
      ("file", "file"), ("u p@h", "?"), ("u@h", "?"), ("", ""), ("urn:a:b", "urn:a:b"),
    ])
  func addresses(uri: String, expected: String) throws {
    #expect(try masked(.dataset, "dataSource", #""uri":"\#(uri)""#) == #""uri":"\#(expected)""#)
    #expect(
      try masked(.dataset, "dataSource", #""uri":"\#(expected)""#) == #""uri":"\#(expected)""#)
  }

  @Test("has names of sources as they are, unless they are addresses")
  func sourceNames() throws {
    for (name, expected) in [("My warehouse, EU", "My warehouse, EU"), ("pg://u:p@h", "pg://h")] {
      #expect(
        try masked(.dataset, "dataSource", #""name":"\#(name)""#) == #""name":"\#(expected)""#)
    }
    #expect(try masked(.dataset, "dataSource", #""name":"//u:p@h""#) == #""name":"?""#)
  }

  @Test("has words where words stand, and nothing longer")
  func words() throws {
    for (language, expected) in [
      ("C++", "C++"), ("PL/SQL for Jane", "?"), (String(repeating: "a", count: 33), "?"), ("", ""),
    ] {
      #expect(
        try masked(.run, "errorMessage", #""message":"m","programmingLanguage":"\#(language)""#)
          == #""message":"?","programmingLanguage":"\#(expected)""#)
    }
  }

  // MARK: - What is recorded

  @Test("is recorded with what was said of it, and reads back the same", arguments: 0..<50)
  func recorded(seed: UInt64) throws {
    var generator = SeededGenerator(seed)
    let event = try LineageSample.read(try RandomLineage(&generator).shuffled)
    let recorded = LineageRecorded(event, source: LineageRecorded.example.source)
    #expect(LineageRecorded(content: recorded.content) == recorded)
    #expect(recorded.event == event.masked)
    #expect(recorded.faults.first == event.faults)
    #expect(isClean(recorded.content))
    let read = try OpenLineageEvent(reading: recorded.event)
    #expect(LineageFacts(read) == LineageFacts(event))
  }

  @Test("that is wrong all over names the first of its faults, and counts all")
  func manyFaults() throws {
    let datasets = (0..<5000).map {
      #"{"namespace":"n","name":"d\#($0)","facets":{"schema":1,"u\#($0)":{}}}"#
    }
    let event = try OpenLineageEvent(
      reading: LineageSample.run(#","inputs":[\#(datasets.joined(separator: ","))]"#))
    let recorded = LineageRecorded(event, source: LineageRecorded.example.source)
    #expect(recorded.faults.count == 5000)
    #expect(recorded.faults.first.count == LineageRecorded.namedMax)
    #expect(recorded.unknownFacets.count == 5000)
    #expect(LineageRecorded(content: recorded.content) == recorded)
  }
}
