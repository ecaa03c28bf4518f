import CustodyTesting
import Foundation
import Testing

/// The text of every `--help`, and whether its examples do what they say.
@Suite("Help")
struct HelpTests {
  private static let snapshots = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Snapshots", directoryHint: .isDirectory)

  /// `CUSTODY_RECORD=1 swift test --filter HelpTests` writes the snapshots anew.
  private static let isRecording =
    ProcessInfo.processInfo.environment["CUSTODY_RECORD"]?.isEmpty == false

  @Test("is as its snapshot says", arguments: Verb.all)
  func snapshot(verb: Verb) async throws {
    let folder = try CommandFolder()
    let help = try await folder.run(verb.path + ["--help"])
    #expect(help.status == 0)
    #expect(help.complaint.isEmpty)
    let file = Self.snapshots.appending(path: "\(verb.name).txt")
    if Self.isRecording { try help.text.write(to: file, atomically: true, encoding: .utf8) }
    let expected = try? String(contentsOf: file, encoding: .utf8)
    #expect(
      help.text == expected,
      "Look at the difference; CUSTODY_RECORD=1 swift test --filter HelpTests records it.")
  }

  @Test("has no snapshot of a verb that is gone")
  func noLeftovers() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.snapshots.path)
    #expect(Set(files) == Set(Verb.all.map { "\($0.name).txt" }))
  }

  @Test("ends with examples that can be copied as they stand", arguments: Verb.all)
  func examplesAreThere(verb: Verb) async throws {
    let lines = verb.discussion.split(separator: "\n", omittingEmptySubsequences: false)
    let help = try await CommandFolder().run(verb.path + ["--help"]).text
    for line in lines where line.hasPrefix("  ") {
      #expect(help.contains("\n\(line)\n"), "help breaks this line: \(line)")
    }
    // A noun alone shows help, whose examples are its verbs'.
    guard !verb.isGroup else { return }
    #expect(!verb.examples.isEmpty)
    let title = verb.examples.count == 1 ? "Example:" : "Examples:"
    let start = lines.lastIndex { $0 == title }
    #expect(start != nil, "\(title) stands on a line of its own before the last paragraph")
    for line in lines[((start ?? 0) + 1)...] { #expect(line.hasPrefix("  "), "\(line)") }
    for example in verb.examples {
      #expect(example.contains("custody " + verb.path.joined(separator: " ")), "\(example)")
    }
  }

  private static let examples = Verb.all.flatMap { verb in
    verb.examples.map { Example(verb: verb, line: $0) }
  }

  struct Example: CustomTestStringConvertible {
    let verb: Verb
    let line: String
    var testDescription: String { line }
  }

  @Test("has examples that run in a store of their own", arguments: examples)
  func exampleRuns(example: Example) async throws {
    let folder = try CommandFolder()
    if example.verb.name != "init" { try await prepare(folder, for: example) }
    let result = try await folder.shell("set -o pipefail; \(example.line)")
    #expect(result.status == 0, "\(result)")
    // A pipeline says why each of its steps runs.
    let lineCountMax = example.verb.name == "pipeline-run" ? 2 : 1
    #expect(result.complaint.split(separator: "\n").count <= lineCountMax, "\(result)")
  }

  /// A store with a few events, and the files that examples read.
  private func prepare(_ folder: CommandFolder, for example: Example) async throws {
    try await folder.run("init", "--organization", "example.org").succeeded()
    if example.verb.name != "subject-add" {
      try await folder.run("subject", "add", "patient-0017").succeeded()
    }
    try await folder.run(
      "append", "--stream", "conversation/7", "--type", "emotion.scored",
      input: .text("{\"joy\":1}\n{\"joy\":2}\n")
    ).succeeded()
    try folder.write(
      "events.ndjson",
      """
      {"stream":"conversation/8","type":"emotion.scored","content":{"joy":3}}
      {"stream":"conversation/8","type":"emotion.scored","subjects":["patient-0042"],"content":[]}

      """)
    if example.verb.name == "lineage-import" {
      let event =
        #"{"eventType":"COMPLETE","eventTime":"2026-01-31T08:00:00Z","producer":"https://a.example","#
        + #""schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent","run":"#
        + #"{"runId":"01a204a7-ba70-7fdc-b314-7b88f7b5272a"},"job":{"namespace":"n","name":"j"}}"#
      try folder.write("events.ndjson", event + "\n")
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/airflow", withIntermediateDirectories: true)
      try folder.write("airflow/1.json", event)
    }
    if example.verb.name == "subject-certificate" {
      try await folder.run("subject", "erase", "patient-0017", "--reason", "request", "--yes")
        .succeeded()
    }
    if example.verb.name == "restriction-lift" {
      try await folder.run("restriction", "place", "patient-0017", "--reason", "objection-pending")
        .succeeded()
    }
    if ["hold-release", "hold-show"].contains(example.verb.name) {
      try await folder.run(
        "hold", "place", "M-2026-014", "--everyone", "--reason", "audit", "--approver", "counsel",
        "--review", "2099-01-31"
      ).succeeded()
    }
    if example.verb.name.hasPrefix("consent-"), example.verb.name != "consent-grant" {
      try await folder.run(
        "consent", "grant", "patient-0017", "--purpose", "research", "--basis", "consent",
        "--text-version", "2026-03"
      ).succeeded()
    }
    if ["key-destroy", "dataset-anonymity"].contains(example.verb.name) {
      try folder.write("visits.csv", "client,city\npatient-0017,Bern\npatient-0018,Bern\n")
      try await folder.run(
        "dataset", "create", "visits", "--kind", "csv", "--subject", "client"
      ).succeeded()
      try await folder.run("dataset", "commit", "visits", "visits.csv").succeeded()
      try await folder.run(
        "dataset", "pseudonymize", "visits", "--column", "client", "--to", "released", "--tokens",
        "keyed", "--purpose", "research"
      ).succeeded()
    }
    if example.verb.name == "dataset-anonymity" {
      // While it lives, nobody can claim what the example does.
      try await folder.run(
        "key", "destroy", "--purpose", "research", "--reason", "request", "--yes"
      ).succeeded()
    }
    let isLineage = ["lineage-", "model-"].contains { example.verb.name.hasPrefix($0) }
    if example.verb.name.hasPrefix("dataset-") || isLineage
      || ["run", "why", "pipeline-run", "pipeline-status"].contains(example.verb.name)
    {
      try folder.write(
        "pipeline.yaml",
        """
        steps:
          - {job: copy, in: answers, out: copies, key: id, param: {language: en},
             command: "cp {in:answers} {out:copies}.csv && mv {out:copies}.csv {out:copies}"}

        """)
      try folder.write("answers.csv", "id,client\n17,patient-0017\n18,patient-0018\n")
      guard example.verb.name != "dataset-create" else { return }
      try await folder.run(
        "dataset", "create", "answers", "--kind", "csv", "--key", "id", "--subject", "client"
      ).succeeded()
      guard example.verb.name != "dataset-commit" else { return }
      try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
      guard isLineage else { return }
      try await folder.run("pipeline", "run", "pipeline.yaml").succeeded()
      guard example.verb.name != "model-add" else { return }
      try await folder.run("model", "add", "emotion", "--trained-on", "copies@v1").succeeded()
    }
    guard ["verify", "receipt"].contains(example.verb.name) else { return }
    try await folder.run(
      "append", "--stream", "s", "--type", "a.b", "--receipts", "receipt.json",
      input: .text("{}\n")
    ).succeeded()
    guard example.verb.name == "verify" else { return }
    try await folder.run("receipt", "receipt.json", "--to", "event.tlog-proof").succeeded()
    let status = try await folder.run("status", "--format", "json").succeeded().object()
    try folder.write("verifier.key", status["verifierKey"] as? String ?? "")
    try await folder.run("export", "ledger", "--to", "copy.sqlite").succeeded()
    try await folder.run("checkpoint", "--to", "checkpoint.note").succeeded()
  }

  @Test("is what a noun alone shows", arguments: Verb.all.filter(\.isGroup))
  func nounAlone(verb: Verb) async throws {
    let folder = try CommandFolder()
    let alone = try await folder.run(verb.path)
    let help = try await folder.run(verb.path + ["--help"])
    #expect(alone.status == 0)
    #expect(alone.output == help.output)
  }

  @Test("names every exit status there is")
  func exitStatuses() async throws {
    let help = try await CommandFolder().run("--help").text
    let text = help.replacing("\n", with: " ")
    for status in ["0 done", "1 the", "2 the", "3 not", "4 conf", "5 the", "6 the", "7 the"] {
      #expect(text.contains(status), "\(status)")
    }
    for status in ["70 a fault", "130 interrupted"] { #expect(text.contains(status)) }
  }
}
