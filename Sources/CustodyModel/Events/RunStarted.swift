/// A step of a pipeline began: facts without text. What nobody has classified is in ``RunAnnotated``.
package struct RunStarted: VersionedEvent {
  package static let type = "run.started"
  package static let version: UInt16 = 2

  /// A version that the run reads.
  package struct Input: Equatable, Sendable {
    package let dataset: String
    package let number: Int
    /// The version's root, as hexadecimal digits.
    package let root: String
    /// How what was read differs from the version; nil when it does not.
    package let drift: Drift?
    /// Records that were left out because they are restricted.
    package let restricted: Int

    package init(
      dataset: String, number: Int, root: String, drift: Drift?, restricted: Int = 0
    ) {
      self.dataset = dataset
      self.number = number
      self.root = root
      self.drift = drift
      self.restricted = restricted
    }
  }

  /// How what was read differs from the version.
  package struct Drift: Equatable, Sendable {
    /// Records.
    package let added: Int
    package let changed: Int
    package let removed: Int
    /// Whether the rows of a table that are in both stand in another order.
    package let isReordered: Bool
    /// Whether header, delimiter or line ends of a table are others.
    package let isReframed: Bool

    package init(
      added: Int, changed: Int, removed: Int, isReordered: Bool = false, isReframed: Bool = false
    ) {
      self.added = added
      self.changed = changed
      self.removed = removed
      self.isReordered = isReordered
      self.isReframed = isReframed
    }

    /// For people.
    package var text: String {
      "\(added) added, \(changed) changed, \(removed) removed"
        + (isReordered ? ", rows in another order" : "")
        + (isReframed ? ", another header or other line ends" : "")
    }

    package var json: String {
      var object = JSONWriter()
      object.member("added", added)
      object.member("changed", changed)
      object.member("removed", removed)
      object.member("reordered", isReordered)
      object.member("reframed", isReframed)
      return object.object
    }
  }

  /// The id of the run.
  package let run: String
  /// What it is a run of.
  package let job: String
  /// What the data is used for.
  package let purpose: String?
  /// On which ground restricted records were read, one of ``RestrictionGround``; nil when they were not.
  package let ground: String?
  /// The name of the machine.
  package let host: String
  /// The commit of the code's repository; nil outside of one.
  package let commit: String?
  /// Whether files of the repository differed from that commit.
  package let isDirty: Bool?
  package let inputs: [Input]
  /// Datasets that it is to write.
  package let outputs: [String]
  /// Programs with the versions that they say they have.
  package let tools: [Pair]

  package init(
    run: String, job: String, purpose: String?, ground: String?, host: String, commit: String?,
    isDirty: Bool?,
    inputs: [Input], outputs: [String], tools: [Pair]
  ) {
    self.run = run
    self.job = job
    self.purpose = purpose
    self.ground = ground
    self.host = host
    self.commit = commit
    self.isDirty = isDirty
    self.inputs = inputs
    self.outputs = outputs
    self.tools = tools
  }

  /// Written before anything could be restricted, version 1 does not speak of it.
  package func content(version: UInt16) -> [UInt8] {
    var writer = JSONWriter()
    writer.member("run", run)
    writer.member("job", job)
    writer.member("purpose", purpose)
    if version > 1 { writer.member("ground", ground) }
    writer.member("host", host)
    writer.member("commit", commit)
    writer.member("dirty", json: isDirty.map { $0 ? "true" : "false" } ?? "null")
    writer.member("inputs", inputs) { input, writer in
      writer.member("dataset", input.dataset)
      writer.member("version", input.number)
      writer.member("root", input.root)
      writer.member("drift", json: input.drift?.json ?? "null")
      if version > 1 { writer.member("restricted", input.restricted) }
    }
    writer.member("outputs", strings: outputs)
    writer.member("tools", pairs: tools)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8], version: UInt16) {
    guard (1...Self.version).contains(version), let reader = MemberReader(content),
      let run = reader.string("run"),
      let job = reader.string("job"), let host = reader.string("host"),
      let inputs = reader.objects("inputs"), let outputs = reader.strings("outputs"),
      let tools = reader.pairs("tools")
    else { return nil }
    let read = inputs.compactMap { Input($0, version: version) }
    guard read.count == inputs.count else { return nil }
    self.init(
      run: run, job: job, purpose: reader.string("purpose"),
      ground: version > 1 ? reader.string("ground") : nil, host: host,
      commit: reader.string("commit"), isDirty: reader.boolean("dirty"), inputs: read,
      outputs: outputs, tools: tools)
  }

  package static let example = RunStarted(
    run: "01a204a7-ba70-7fdc-b314-7b88f7b52729", job: "transcribe", purpose: "quality",
    ground: "legal-claim", host: "worker-3", commit: String(repeating: "a", count: 40),
    isDirty: false,
    inputs: [
      Input(
        dataset: "segments", number: 2, root: String(repeating: "0", count: 64),
        drift: Drift(added: 0, changed: 1, removed: 0, isReordered: true, isReframed: false),
        restricted: 2)
    ], outputs: ["transcripts"], tools: [Pair(name: "sox", value: "SoX v14.4.2")])
}

extension RunStarted.Input {
  fileprivate init?(_ reader: MemberReader, version: UInt16) {
    guard let dataset = reader.string("dataset"), let number = reader.integer("version"),
      let root = reader.string("root"),
      let restricted = version > 1 ? reader.integer("restricted") : 0, number > 0
    else { return nil }
    let drift = reader.object("drift").flatMap { drift -> RunStarted.Drift? in
      guard let added = drift.integer("added"), let changed = drift.integer("changed"),
        let removed = drift.integer("removed")
      else { return nil }
      return .init(
        added: added, changed: changed, removed: removed,
        isReordered: drift.boolean("reordered") ?? false,
        isReframed: drift.boolean("reframed") ?? false)
    }
    self.init(
      dataset: dataset, number: number, root: root, drift: drift, restricted: restricted)
  }
}
