import CustodyModel
import CustodyTesting

/// An event of OpenLineage with facets by chance, and marks in every place that can hold something
/// about a person.
struct RandomLineage {
  /// Stands wherever a text is free.
  static let mark = "Qzxcanary"
  /// Stands wherever a number is a value of somebody.
  static let number = "86753091"

  let text: String
  /// The members of objects in another order, other white space and other escapes.
  let shuffled: String

  init(_ generator: inout SeededGenerator, mayBeBroken: Bool = true) throws {
    func facets(_ place: OpenLineageFacet.Place) -> String {
      Self.facets(place, &generator, mayBeBroken: mayBeBroken)
    }
    func entity(_ name: String, _ places: OpenLineageFacet.Place...) -> String {
      let parts = places.map { #""\#($0.member)":{\#(facets($0))}"# }
      return #"{"namespace":"pg://h:1","name":"\#(name)","x":"\#(Self.mark)","#
        + "\(parts.joined(separator: ","))}"
    }
    let head =
      #""eventTime":"2026-01-31T08:00:0\#(Int.random(in: 0...9, using: &generator)).5Z","#
      + #""producer":"https://\#(Self.mark):\#(Self.mark)@h/p?q=\#(Self.mark)#\#(Self.mark)","#
      + #""schemaURL":"https://example.com/s#/$defs/RunEvent","note":{"a":["\#(Self.mark)"]}"#
    let kind = Int.random(in: 0...5, using: &generator)
    var members = [head]
    if kind > 1 {
      members += [
        #""eventType":"START""#,
        #""run":{"runId":"\#(LineageSample.runID)","u":"\#(Self.mark)","facets":{\#(facets(.run))}}"#,
      ]
    }
    if kind > 0 {
      members.append(#""job":\#(entity("j", .job))"#)
      for (name, place) in [("inputs", OpenLineageFacet.Place.input), ("outputs", .output)] {
        let datasets = (0..<Int.random(in: 0...3, using: &generator)).map {
          entity("\(name)\($0)", .dataset, place)
        }
        members.append(#""\#(name)":[\#(datasets.joined(separator: ","))]"#)
      }
    } else {
      members.append(#""dataset":\#(entity("d", .dataset))"#)
    }
    text = "{\(members.joined(separator: ","))}"
    shuffled = Self.shuffled(try JSONDocument(Array(text.utf8)).root, &generator)
  }

  private static func facets(
    _ place: OpenLineageFacet.Place, _ generator: inout SeededGenerator, mayBeBroken: Bool
  ) -> String {
    let all = templates[place] ?? []
    var chosen = all.filter { _ in Int.random(in: 0...2, using: &generator) == 0 }
    // Two forms of one facet may be there, and a text in another order would have another last.
    if chosen.suffix(2).map(\.key) == ["subset", "subset"] { chosen.removeLast() }
    var facets = chosen.map { key, members -> String in
      let whole = #""_producer":"https://\#(mark)@h/p","_schemaURL":"https://h/s?\#(mark)","#
      guard mayBeBroken, Int.random(in: 0...5, using: &generator) == 0 else {
        return #""\#(key)":{\#(whole)"more":["\#(mark)",{"a":\#(number)}],\#(members)}"#
      }
      let broken = [
        #""\#(mark)""#, number, #"["\#(mark)"]"#, #"{"x":"\#(mark)"}"#, "{\(members)}",
        #"{\#(whole)"fields":"\#(mark)","tests":"\#(mark)","owners":{"\#(mark) x":1}}"#,
      ]
      return #""\#(key)":\#(broken.randomElement(using: &generator)!)"#
    }
    if Bool.random(using: &generator) {
      facets.append(#""airflow":{"user":"\#(mark)","task":{"\#(mark)":[\#(number),"\#(mark)"]}}"#)
    }
    if mayBeBroken, Int.random(in: 0...9, using: &generator) == 0 {
      facets.append(#""about \#(mark)":{}"#)
    }
    return facets.joined(separator: ",")
  }

  // MARK: - Another text of the same event

  private static func shuffled(_ value: JSONValue, _ generator: inout SeededGenerator) -> String {
    func space() -> String { ["", "", "", " ", "\n\t"].randomElement(using: &generator)! }
    switch value.kind {
    case .object:
      var parts: [String] = []
      for (name, value) in value.members.shuffled(using: &generator) {
        parts.append(
          space() + quoted(name, &generator) + space() + ":" + space()
            + shuffled(value, &generator))
      }
      return "{\(parts.joined(separator: ","))\(space())}"
    case .array:
      let parts = value.elements.map { space() + shuffled($0, &generator) }
      return "[\(parts.joined(separator: ","))\(space())]"
    case .string: return quoted(value.string ?? "", &generator)
    default: return String(decoding: value.json, as: UTF8.self)
    }
  }

  private static func quoted(_ text: String, _ generator: inout SeededGenerator) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      if scalar.isASCII, Int.random(in: 0...9, using: &generator) == 0 {
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        out += JSONWriter.quoted(String(scalar)).dropFirst().dropLast()
      }
    }
    return out + "\""
  }

  // MARK: - Facets

  private static let transformations =
    #"[{"type":"DIRECT","subtype":"IDENTITY","description":"\#(mark)","masking":true},"#
    + #"{"type":"INDIRECT"}]"#

  private static let ancestor =
    #""run":{"runId":"\#(LineageSample.runID)","facets":{}},"#
    + #""job":{"namespace":"n","name":"p","note":"\#(mark)"}"#

  private static let metrics =
    #""rowCount":3,"bytes":4,"lastUpdated":"2026-01-31T08:00:00Z","columnMetrics":{"a":"#
    + #"{"nullCount":1,"distinctCount":2,"count":3,"min":\#(number),"max":\#(number).5,"#
    + #""sum":\#(number),"quantiles":{"0.5":\#(number)}},"b":{}}"#

  private static let assertions =
    #""assertions":[{"assertion":"not_null","success":false,"column":"a","severity":"error","#
    + #""name":"\#(mark)","description":"\#(mark)","expected":"\#(mark)","actual":"\#(mark)","#
    + #""content":"\#(mark)","contentType":"sql","params":{"a":"\#(mark)"}}]"#

  private static let tags =
    #""tags":[{"key":"k","value":"\#(mark)","source":"\#(mark)"}]"#

  private static let edges =
    #""inputs":[{"namespace":"n","name":"a","type":"DATASET","field":"f","#
    + #""transformations":\#(transformations)},{"type":"JOB","x":"\#(mark)"}]"#

  private static func condition(_ form: String) -> String {
    let compare =
      #"{"type":"compare","left":{"type":"field","field":"a"},"#
      + #""right":{"type":"literal","value":"\#(mark)"},"comparison":"EQUAL"}"#
    return switch form {
    case "compare": compare
    case "binary":
      #"{"type":"binary","left":\#(compare),"right":\#(compare),"operator":"AND"}"#
    case "location": #"{"type":"location","locations":["s3://b/\#(mark)"]}"#
    default:
      #"{"type":"partition","partitions":[{"identifier":"\#(mark)","#
        + #""dimensions":{"day":"\#(mark)"}}]}"#
    }
  }

  private static let templates: [OpenLineageFacet.Place: [(key: String, members: String)]] = [
    .run: [
      ("parent", #"\#(ancestor),"root":{\#(ancestor)}"#),
      ("nominalTime", #""nominalStartTime":"2026-01-31T08:00:00""#),
      ("processing_engine", #""version":"3","name":"spark""#),
      (
        "errorMessage",
        #""message":"\#(mark)","programmingLanguage":"JAVA","stackTrace":"at \#(mark)""#
      ),
      ("externalQuery", #""externalQueryId":"q","source":"bq://\#(mark):1@h/d?\#(mark)""#),
      (
        "extractionError",
        #""totalTasks":2,"failedTasks":1,"errors":[{"errorMessage":"\#(mark)","task":"\#(mark)"}]"#
      ),
      ("environmentVariables", #""environmentVariables":[{"name":"A","value":"\#(mark)"}]"#),
      ("executionParameters", #""parameters":[{"key":"k","value":"\#(mark)"}]"#),
      (
        "jobDependencies",
        #""upstream":[{"job":{"namespace":"n","name":"u"},"x":"\#(mark)"}],"trigger_rule":"all""#
      ),
      ("tags", tags),
      (
        "test",
        #""tests":[{"name":"t","status":"fail","severity":"warn","expected":"\#(mark)","#
          + #""actual":"\#(mark)","description":"\#(mark)","content":"\#(mark)","#
          + #""params":{"a":"\#(mark)"}}]"#
      ),
    ],
    .job: [
      (
        "sql",
        #""query":"-- \#(mark)\nSELECT a FROM t /* \#(mark) */ WHERE n = '\#(mark)' AND i > "#
          + #"\#(number)","dialect":"postgres""#
      ),
      ("sourceCode", #""language":"python","sourceCode":"\#(mark)""#),
      (
        "sourceCodeLocation",
        #""type":"git","url":"https://\#(mark):\#(mark)@h/r?\#(mark)","version":"abc""#
      ),
      ("jobType", #""processingType":"BATCH","integration":"DBT""#),
      ("ownership", #""owners":[{"name":"team:a","type":"OWNER","mail":"\#(mark)"}]"#),
      ("documentation", #""description":"\#(mark)","contentType":"text/\#(mark)""#),
      ("tags", tags),
      (
        "lineage",
        #""entries":[{"namespace":"n","name":"a","type":"DATASET",\#(edges),"#
          + #""fields":{"b":{\#(edges)}}},{"type":"JOB"}]"#
      ),
    ],
    .dataset: [
      (
        "schema",
        #""fields":[{"name":"a","type":"int","description":"\#(mark)","ordinal_position":1,"#
          + #""fields":[{"name":"b","description":"\#(mark)"}]},{"name":"é\"\\"}]"#
      ),
      (
        "columnLineage",
        #""fields":{"b":{"inputFields":[{"namespace":"n","name":"a","field":"f","#
          + #""transformations":\#(transformations)}],"transformationDescription":"\#(mark)","#
          + #""transformationType":"IDENTITY"},"a b":{"inputFields":[]}},"#
          + #""dataset":[{"namespace":"n","name":"a","field":"g"}]"#
      ),
      ("lineage", #"\#(edges),"fields":{"a":{\#(edges)}}"#),
      (
        "dataSource",
        #""name":"pg://\#(mark):x@h","uri":"jdbc:db2://h:1/d:user=\#(mark);password=\#(mark);""#
      ),
      ("version", #""datasetVersion":"7","note":"\#(mark)""#),
      (
        "lifecycleStateChange",
        #""lifecycleStateChange":"RENAME","previousIdentifier":{"namespace":"n","name":"o"}"#
      ),
      ("symlinks", #""identifiers":[{"namespace":"n","name":"s","type":"TABLE"}]"#),
      ("storage", #""storageLayer":"delta","fileFormat":"parquet""#),
      (
        "catalog",
        #""framework":"iceberg","type":"rest","name":"c","warehouseUri":"s3://\#(mark)","#
          + #""metadataUri":"http://\#(mark)@h","catalogProperties":{"token":"\#(mark)"}"#
      ),
      ("datasetType", #""datasetType":"TABLE""#),
      ("hierarchy", #""hierarchy":[{"type":"DATABASE","name":"d"}]"#),
      ("ownership", #""owners":[{"name":"team:a"}]"#),
      ("documentation", #""description":"\#(mark)""#),
      ("tags", #""tags":[{"key":"k","value":"\#(mark)","field":"a"}]"#),
      ("dataQualityMetrics", metrics), ("dataQualityAssertions", assertions),
    ],
    .input: [
      ("dataQualityMetrics", metrics), ("dataQualityAssertions", assertions),
      ("inputStatistics", #""rowCount":3,"size":4"#),
      ("subset", #""inputCondition":\#(condition("compare"))"#),
      ("subset", #""inputCondition":\#(condition("binary"))"#),
    ],
    .output: [
      ("outputStatistics", #""rowCount":3,"size":4,"fileCount":1"#),
      ("subset", #""outputCondition":\#(condition("location"))"#),
      ("subset", #""outputCondition":\#(condition("partition"))"#),
    ],
  ]
}
