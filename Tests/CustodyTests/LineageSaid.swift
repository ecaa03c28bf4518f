/// An event of OpenLineage written down for a test.
enum LineageSaid {
  static let base = #""_producer":"https://example.com/p","_schemaURL":"https://example.com/s""#

  /// The id of a run: its number in every digit.
  static func id(_ number: Int) -> String {
    let digit = String(number, radix: 16)
    return [8, 4, 4, 4, 12].map { String(repeating: digit, count: $0) }.joined(separator: "-")
  }

  /// A run of the job `j`, or of another, some minutes after a day's beginning.
  static func run(
    _ number: Int, _ type: String = "COMPLETE", job: String = "j", at minute: Int,
    in inputs: [String] = [], out outputs: [String] = [], runFacets: String = "",
    jobFacets: String = ""
  ) -> String {
    event(
      at: minute,
      #""eventType":"\#(type)","run":{"runId":"\#(id(number))","facets":{\#(runFacets)}},"#
        + #""job":{"namespace":"jobs","name":"\#(job)","facets":{\#(jobFacets)}},"#
        + #""inputs":[\#(inputs.joined(separator: ","))],"#
        + #""outputs":[\#(outputs.joined(separator: ","))]"#)
  }

  /// What is said of a dataset.
  static func dataset(_ dataset: String, at minute: Int) -> String {
    event(at: minute, #""dataset":\#(dataset)"#)
  }

  static func event(at minute: Int, _ members: String) -> String {
    let clock = [minute / 60, minute % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
    return #"{"eventTime":"2026-01-31T\#(clock[0]):\#(clock[1]):00Z","#
      + #""producer":"https://example.com/p","schemaURL":"https://example.com/s",\#(members)}"#
  }

  /// A dataset of the namespace `store`, with facets.
  static func data(_ name: String, version: String? = nil, _ facets: String...) -> String {
    var facets = facets
    if let version { facets.append(#""version":{\#(base),"datasetVersion":"\#(version)"}"#) }
    return
      #"{"namespace":"store","name":"\#(name)","facets":{\#(facets.joined(separator: ","))}}"#
  }

  /// The facet that says what a dataset is made of.
  static func madeOf(_ names: String...) -> String {
    let inputs = names.map { #"{"namespace":"store","name":"\#($0)","type":"DATASET"}"# }
    return #""lineage":{\#(base),"inputs":[\#(inputs.joined(separator: ","))]}"#
  }

  static func columns(_ target: String, from sources: (String, String)...) -> String {
    let inputs = sources.map { #"{"namespace":"store","name":"\#($0.0)","field":"\#($0.1)"}"# }
    return
      #""columnLineage":{\#(base),"fields":{"\#(target)":{"inputFields":[\#(inputs.joined(separator: ","))]}}}"#
  }

  static func alsoCalled(_ name: String) -> String {
    #""symlinks":{\#(base),"identifiers":[{"namespace":"store","name":"\#(name)","type":"TABLE"}]}"#
  }

  static func renamed(from name: String) -> String {
    #""lifecycleStateChange":{\#(base),"lifecycleStateChange":"RENAME","#
      + #""previousIdentifier":{"namespace":"store","name":"\#(name)"}}"#
  }

  static func parent(_ number: Int, job: String) -> String {
    #""parent":{\#(base),"run":{"runId":"\#(id(number))"},"#
      + #""job":{"namespace":"jobs","name":"\#(job)"}}"#
  }
}
