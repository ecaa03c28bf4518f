/// A step of a pipeline ended as it should: what it took, and which versions it left.
package struct RunCompleted: ModelEvent {
  package static let type = "run.completed"
  package static let version: UInt16 = 1

  /// A version that the run wrote, or found to be what it would have written.
  package struct Output: Equatable, Sendable {
    package let dataset: String
    package let number: Int
    /// The version's root, as hexadecimal digits.
    package let root: String
    /// False when the newest version had every record as the run left it.
    package let isNew: Bool
    package let derivations: [Derivation]

    package init(
      dataset: String, number: Int, root: String, isNew: Bool, derivations: [Derivation]
    ) {
      self.dataset = dataset
      self.number = number
      self.root = root
      self.isNew = isNew
      self.derivations = derivations
    }
  }

  /// Which records of one input the records of an output come from.
  package struct Derivation: Equatable, Sendable {
    /// The dataset of the input; its version is in ``RunStarted``.
    package let dataset: String
    /// Addresses of the objects of a list of derivations: section 8 of the format.
    package let objects: [String]

    package init(dataset: String, objects: [String]) {
      self.dataset = dataset
      self.objects = objects
    }
  }

  package let run: String
  package let job: String
  package let usage: ResourceUsage
  /// Events that the command wrote.
  package let events: Int
  package let outputs: [Output]

  package init(run: String, job: String, usage: ResourceUsage, events: Int, outputs: [Output]) {
    self.run = run
    self.job = job
    self.usage = usage
    self.events = events
    self.outputs = outputs
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("run", run)
    writer.member("job", job)
    usage.write(&writer)
    writer.member("events", events)
    writer.member("outputs", outputs) { output, writer in
      writer.member("dataset", output.dataset)
      writer.member("version", output.number)
      writer.member("root", output.root)
      writer.member("new", output.isNew)
      writer.member("derivations", output.derivations) { derivation, writer in
        writer.member("dataset", derivation.dataset)
        writer.member("objects", strings: derivation.objects)
      }
    }
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let run = reader.string("run"),
      let job = reader.string("job"), let usage = ResourceUsage(reader),
      let events = reader.integer("events"), let outputs = reader.objects("outputs")
    else { return nil }
    let read = outputs.compactMap(Output.init)
    guard read.count == outputs.count else { return nil }
    self.init(run: run, job: job, usage: usage, events: events, outputs: read)
  }

  package static let example = RunCompleted(
    run: "01a204a7-ba70-7fdc-b314-7b88f7b52729", job: "transcribe",
    usage: ResourceUsage(duration: 4100, userTime: 3900, systemTime: 120, peakMemory: 90_000_000),
    events: 10,
    outputs: [
      Output(
        dataset: "transcripts", number: 2, root: String(repeating: "0", count: 64), isNew: true,
        derivations: [
          Derivation(dataset: "segments", objects: [String(repeating: "1", count: 64)])
        ])
    ])
}

extension RunCompleted.Output {
  fileprivate init?(_ reader: MemberReader) {
    guard let dataset = reader.string("dataset"), let number = reader.integer("version"),
      let root = reader.string("root"), let isNew = reader.boolean("new"),
      let derivations = reader.objects("derivations"), number > 0
    else { return nil }
    let read = derivations.compactMap { derivation -> RunCompleted.Derivation? in
      guard let dataset = derivation.string("dataset"), let objects = derivation.strings("objects")
      else { return nil }
      return .init(dataset: dataset, objects: objects)
    }
    guard read.count == derivations.count else { return nil }
    self.init(dataset: dataset, number: number, root: root, isNew: isNew, derivations: read)
  }
}

/// What a command took.
package struct ResourceUsage: Equatable, Sendable {
  /// In milliseconds, as all times.
  package let duration: Int
  package let userTime: Int
  package let systemTime: Int
  /// The most memory that one of its processes had, in bytes.
  package let peakMemory: Int

  package init(duration: Int, userTime: Int, systemTime: Int, peakMemory: Int) {
    self.duration = duration
    self.userTime = userTime
    self.systemTime = systemTime
    self.peakMemory = peakMemory
  }

  init?(_ reader: MemberReader) {
    guard let duration = reader.integer("duration"), let userTime = reader.integer("userTime"),
      let systemTime = reader.integer("systemTime"), let peakMemory = reader.integer("peakMemory")
    else { return nil }
    self.init(
      duration: duration, userTime: userTime, systemTime: systemTime, peakMemory: peakMemory)
  }

  func write(_ writer: inout JSONWriter) {
    writer.member("duration", duration)
    writer.member("userTime", userTime)
    writer.member("systemTime", systemTime)
    writer.member("peakMemory", peakMemory)
  }
}
