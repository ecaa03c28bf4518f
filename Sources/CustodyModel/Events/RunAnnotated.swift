/// Text of a run that nobody has classified: it may name people, so it is sealed under a key of the
/// run's own and goes when somebody goes whose records the run read or wrote.
package struct RunAnnotated: ModelEvent {
  package static let type = "run.annotated"
  package static let version: UInt16 = 1

  /// What was known before the command ran.
  package struct Start: Equatable, Sendable {
    /// The command and its arguments.
    package let command: [String]
    /// Where it ran.
    package let directory: String
    package let parameters: [Pair]
    package let environment: [Pair]
    /// Paths of code files, with the digests of what they held.
    package let code: [Pair]
    /// How the people of what is written are found; nil for those of what was read.
    package let subject: String?
    /// The natural key of a table that is made.
    package let key: String?
    /// Datasets with the places outside the store that the command knows them by.
    package let places: [Pair]

    package init(
      command: [String], directory: String, parameters: [Pair], environment: [Pair], code: [Pair],
      subject: String? = nil, key: String? = nil, places: [Pair] = []
    ) {
      self.command = command
      self.directory = directory
      self.parameters = parameters
      self.environment = environment
      self.code = code
      self.subject = subject
      self.key = key
      self.places = places
    }
  }

  /// What came of it.
  package struct End: Equatable, Sendable {
    /// The last lines that the command wrote to standard output.
    package let output: String
    /// The same of standard error.
    package let errors: String
    /// The digest of the file that said which record comes from which.
    package let derivations: String?

    package init(output: String, errors: String, derivations: String? = nil) {
      self.output = output
      self.errors = errors
      self.derivations = derivations
    }
  }

  package let run: String
  package let start: Start?
  package let end: End?

  package init(run: String, start: Start? = nil, end: End? = nil) {
    self.run = run
    self.start = start
    self.end = end
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("run", run)
    if let start {
      writer.member("command", strings: start.command)
      writer.member("directory", start.directory)
      writer.member("parameters", pairs: start.parameters)
      writer.member("environment", pairs: start.environment)
      writer.member("code", pairs: start.code)
      writer.member("subject", start.subject)
      writer.member("key", start.key)
      writer.member("places", pairs: start.places)
    }
    if let end {
      writer.member("output", end.output)
      writer.member("errors", end.errors)
      writer.member("derivations", end.derivations)
    }
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let run = reader.string("run") else { return nil }
    self.run = run
    if let command = reader.strings("command"), let directory = reader.string("directory"),
      let parameters = reader.pairs("parameters"), let environment = reader.pairs("environment"),
      let code = reader.pairs("code")
    {
      start = Start(
        command: command, directory: directory, parameters: parameters, environment: environment,
        code: code, subject: reader.string("subject"), key: reader.string("key"),
        places: reader.pairs("places") ?? [])
    } else {
      start = nil
    }
    if let output = reader.string("output"), let errors = reader.string("errors") {
      end = End(
        output: output, errors: errors, derivations: reader.string("derivations"))
    } else {
      end = nil
    }
  }

  package static let example = RunAnnotated(
    run: "01a204a7-ba70-7fdc-b314-7b88f7b52729",
    start: Start(
      command: ["voice", "transcribe"], directory: "/srv/voice",
      parameters: [Pair(name: "padding", value: "0")],
      environment: [Pair(name: "LANG", value: "C.UTF-8")],
      code: [Pair(name: "transcribe.py", value: "sha256:" + String(repeating: "0", count: 64))],
      places: [Pair(name: "transcripts", value: "/srv/voice/transcripts")]),
    end: End(output: "10 transcripts\n", errors: ""))
}
