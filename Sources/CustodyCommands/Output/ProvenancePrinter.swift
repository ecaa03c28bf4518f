import Custody
import CustodyModel

/// Tells where a record comes from, indented by one step for each run between.
struct ProvenancePrinter {
  /// Things that are told of what lies before a version that was committed.
  static let beforeMax = 8
  /// What other tools reported of where versions come from, by their nodes.
  let before: [String: LineageReach]

  /// How lineage calls a version.
  static func node(_ dataset: String, _ version: Int) -> String { "dataset:\(dataset)@v\(version)" }

  func print(_ record: Provenance.Record) { tell(record, indent: 0, prefix: "") }

  private func tell(_ record: Provenance.Record, indent: Int, prefix: String) {
    var line = "\(prefix)\(Terminal.styled(title(record), .bold))"
    line += record.size.map { "  \($0.asBytes)" } ?? "  erased"
    switch record.keyIDs.count {
    case 0: line += ", about nobody"
    case 1: line += ", about \(String("\(record.keyIDs[0])".prefix(8)))"
    default: line += ", about \(record.keyIDs.count) people"
    }
    if case .toldAbove = record.origin { line += ", told above" }
    say(line, indent)
    switch record.origin {
    case .toldAbove: break
    case .furtherBack:
      let key = record.key.map { Self.quoted(Terminal.visible($0)) } ?? ""
      say("goes further back: custody why \(record.dataset)@v\(record.version) \(key)", indent + 1)
    case .committed(let version):
      say(
        "committed as v\(version.number) at \(Self.seconds(version.recordedAt)) by \(version.actor)"
          + (version.message.map { ": \(Terminal.visible($0))" } ?? ""), indent + 1)
      tellBefore(record.dataset, version.number, indent + 2)
    case .run(let story, let inputs):
      tell(story, indent + 1)
      for input in inputs { tell(input, indent + 1) }
    }
  }

  private func tellBefore(_ dataset: String, _ number: Int, _ indent: Int) {
    guard let before = before[Self.node(dataset, number)], before.count > 0 else { return }
    for step in before.steps {
      var line = "before that \(step.node.kind.rawValue) \(Terminal.visible(step.node.label))"
      if let version = step.node.version { line += "@\(Terminal.visible(version))" }
      if let id = step.node.shortID { line += " \(id)" }
      say(line, indent)
    }
    let more = before.count - before.steps.count
    if more > 0 {
      say("and \(more) more: custody lineage show \(dataset)@v\(number) --upstream", indent)
    }
  }

  private func title(_ record: Provenance.Record) -> String {
    let since = record.since == record.version ? "" : " (as since v\(record.since))"
    let key = record.key.map { Terminal.visible($0) } ?? "a record that is gone"
    return "\(record.dataset)@v\(record.version)\(since) \(key)"
  }

  private func tell(_ story: RunStory, _ indent: Int) {
    var line = "written by run \(story.id) of \(Terminal.styled(story.job, .bold))"
    line += " at \(Self.seconds(story.startedAt)) by \(story.actor)"
    if let duration = story.duration { line += ", \(Double(duration) / 1000) s" }
    say(line, indent)
    if let purpose = story.purpose { detail("purpose", purpose, indent) }
    if let text = story.text {
      detail("command", text.command.map(Self.quoted).joined(separator: " "), indent)
      for pair in text.parameters { detail("param", "\(pair.name)=\(pair.value)", indent) }
      for pair in text.environment { detail("env", "\(pair.name)=\(pair.value)", indent) }
      for pair in text.code { detail("code", "\(pair.name) \(pair.digest)", indent) }
    } else {
      detail("command", story.isTextRestricted ? "restricted" : "erased", indent)
    }
    if let commit = story.commit {
      detail("git", "\(commit)\(story.isDirty == true ? ", with changes" : "")", indent)
    }
    for tool in story.tools { detail("tool", "\(tool.name): \(tool.version)", indent) }
    detail("host", story.host, indent)
  }

  private func tell(_ input: Provenance.Input, _ indent: Int) {
    if let drift = input.drift {
      say(
        "read otherwise than v\(input.version) of \(input.dataset): \(drift)", indent)
    }
    if input.recordCount == 0 {
      return say(
        "read \(input.dataset)@v\(input.version), of which no record is named like it", indent)
    }
    for record in input.records { tell(record, indent: indent, prefix: "from ") }
    let more = input.recordCount - input.records.count
    if more > 0 {
      say("from \(more.counted("more record")) of \(input.dataset)@v\(input.version)", indent)
    }
  }

  private func detail(_ name: String, _ text: String, _ indent: Int) {
    let padding = String(repeating: " ", count: max(1, 9 - name.count))
    say("\(Terminal.styled(name, .dim))\(padding)\(Terminal.visible(text))", indent + 1)
  }

  private func say(_ text: String, _ indent: Int) {
    Terminal.print(String(repeating: "  ", count: indent) + text)
  }

  private static func seconds(_ time: Timestamp) -> String {
    "\(time)".replacing(/\.\d+Z$/, with: "Z")
  }

  private static func quoted(_ argument: String) -> String {
    ShellWord.quoted(argument) { "-_./=:,@%+{}".utf8.contains($0) }
  }
}

/// The same for programs.
struct ProvenanceJSON {
  /// What other tools reported of where versions come from, by their nodes.
  let before: [String: LineageReach]

  func text(_ record: Provenance.Record) -> String {
    var writer = JSONWriter()
    writer.member("dataset", record.dataset)
    writer.member("version", record.version)
    writer.member("since", record.since)
    writer.member("key", record.key)
    writer.member("size", record.size)
    writer.member("object", record.address.hex)
    writer.member("keys", strings: record.keyIDs.map { "\($0)" })
    switch record.origin {
    case .toldAbove: writer.member("toldAbove", true)
    case .furtherBack: writer.member("furtherBack", true)
    case .committed(let version):
      var object = JSONWriter()
      object.member("position", version.position.value)
      object.member("recordedAt", "\(version.recordedAt)")
      object.member("actor", version.actor)
      object.member("message", version.message)
      if let reach = before[ProvenancePrinter.node(record.dataset, version.number)] {
        object.member("before", reach.steps) { step, writer in
          writer.member("depth", step.depth)
          LineagePrinter.write(step.node, &writer)
        }
        object.member("beforeCount", reach.count)
        object.member("beforeComplete", reach.isComplete)
      }
      writer.member("committed", json: object.object)
    case .run(let story, let inputs):
      writer.member("run", json: text(story))
      writer.member("inputs", inputs) { input, writer in
        writer.member("dataset", input.dataset)
        writer.member("version", input.version)
        if let drift = input.driftRead { writer.member("drift", json: drift.json) }
        writer.member("recordCount", input.recordCount)
        writer.member("records", json: "[\(input.records.map(text).joined(separator: ","))]")
      }
    }
    return writer.object
  }

  private func text(_ story: RunStory) -> String {
    var writer = JSONWriter()
    writer.member("id", "\(story.id)")
    writer.member("job", story.job)
    writer.member("purpose", story.purpose)
    writer.member("position", story.position.value)
    writer.member("startedAt", "\(story.startedAt)")
    writer.member("actor", story.actor)
    writer.member("duration", story.duration)
    writer.member("host", story.host)
    writer.member("commit", story.commit)
    writer.member("dirty", json: story.isDirty.map { $0 ? "true" : "false" } ?? "null")
    writer.member("tools", pairs: story.tools.map { Pair(name: $0.name, value: $0.version) })
    if story.isTextRestricted { writer.member("restricted", true) }
    if let text = story.text {
      writer.member("command", strings: text.command)
      writer.member("directory", text.directory)
      writer.member(
        "parameters", pairs: text.parameters.map { Pair(name: $0.name, value: $0.value) })
      writer.member(
        "environment", pairs: text.environment.map { Pair(name: $0.name, value: $0.value) })
      writer.member("code", pairs: text.code.map { Pair(name: $0.name, value: $0.digest) })
    }
    return writer.object
  }
}
