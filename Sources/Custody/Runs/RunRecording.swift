import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

/// One run from its first event to its last.
struct RunRecording {
  let store: Store
  let step: RunStep
  let registersUnknown: Bool
  private let appendEvents: Runs.EventAppender
  private let progress: Runs.Progress?
  private let notice: (@Sendable (String) -> Void)?
  let plan: RunPlan
  let id: EventID
  let folder: RunFolder
  /// What is restricted, unless the step reads it on a ground.
  private let leftOut: RestrictedKeys?

  /// A version as the command finds it.
  struct Input {
    let version: InputVersion
    let path: String
  }

  init(
    _ store: Store, _ step: RunStep, registersUnknown: Bool,
    appendEvents: @escaping Runs.EventAppender, progress: Runs.Progress?,
    notice: (@Sendable (String) -> Void)?
  ) throws {
    self.store = store
    self.notice = notice
    self.step = step
    self.registersUnknown = registersUnknown
    self.appendEvents = appendEvents
    self.progress = progress
    plan = try RunPlan(step, store)
    leftOut = try store.restrictions.restricted(unless: step.ground)
    let environment = store.folder.environment
    id = EventID(
      at: environment.now(),
      random: environment.random(16).withUnsafeBytes {
        ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      })
    folder = try RunFolder(store, id)
  }

  func run() async throws -> RunResult {
    do {
      let result = try await recorded()
      folder.remove()
      return result
    } catch {
      folder.remove()
      throw error
    }
  }

  private func recorded() async throws -> RunResult {
    let inputs = try await makeInputs()
    for input in inputs where input.version.restricted > 0 {
      notice?(
        "\(input.version.restricted) of \(input.version.dataset.name)'s records are restricted and left "
          + "out; --ground says on which ground they are read")
    }
    let facts = try await facts(inputs)
    let start = try start()
    // Last, for it may remove what was there.
    let places = try await makePlaces()
    let command = substituted(step.command, inputs, places)
    let keyring = store.folder.keyring!
    let runKey = try await store.folder.ledger().locked { try keyring.makeRunKey() }
    try await append(
      [event(facts), try annotation(.init(run: "\(id)", start: start), runKey)])

    var outcome: RunProcess.Outcome?
    var events = 0
    do {
      let eventFile = try folder.place("events")
      let derivationFile = try folder.place(Self.derivationFile)
      let ended = try await RunProcess.run(
        plan.executable, command,
        environment: environment(inputs, places, eventFile, derivationFile),
        inheriting: folder.lock)
      outcome = ended
      let isDone = ended.end == .status(0)
      if FileIO.exists(eventFile) {
        do {
          events = try await appendEvents(eventFile, id)
        } catch let error as CustodyError where !isDone {
          // That the command failed is what counts.
          _ = error
        }
      }
      guard isDone else {
        try await append(try failure(.init(ended.end), ended, events, runKey))
        return RunResult(id: id, end: ended.end, outputs: [], events: events)
      }
      let stated = try await self.stated(inputs)
      let outputs = try await seal(inputs, places, stated)
      try stated?.checkUsed()
      var batch = outputs.compactMap(\.prepared.event)
      batch.append(
        event(
          RunCompleted(
            run: "\(id)", job: step.job, usage: ended.usage, events: events,
            outputs: outputs.map(\.recorded))))
      batch.append(
        try annotation(
          .init(
            run: "\(id)",
            end: .init(
              output: ended.output, errors: ended.errors,
              derivations: try step.derivations.map(CodeDigest.digest))), runKey))
      try await store.appendVersions(
        batch, of: plan.outputs.map(\.dataset).joined(separator: ", "))
      return RunResult(
        id: id, end: ended.end,
        outputs: outputs.map { ($0.recorded.dataset, $0.prepared.commit) }, events: events)
    } catch {
      let code = (error as? CustodyError)?.code ?? .internal
      // The first error is the one to tell; the next command finds a run without an end, if this fails.
      try? await append(try failure(.refused(code.rawValue), outcome, events, runKey))
      throw error
    }
  }

  // MARK: - Inputs and places

  func report(_ what: String) -> Datasets.Progress? {
    guard let progress else { return nil }
    return { progress(what, $0, $1) }
  }

  private func makeInputs() async throws -> [Input] {
    var inputs: [Input] = []
    for (index, (dataset, version)) in plan.inputRows.enumerated() {
      let given = plan.inputs[index].path
      let report = report("reading \(dataset.name)")
      guard let given, FileIO.exists(given) else {
        if let given {
          inputs.append(try await restored(dataset, version, to: given, report))
        } else {
          let path = try folder.place(placeName("in", dataset.name, dataset.kind))
          let made = try InputVersion(
            store, dataset, version, to: path, leavingOut: leftOut, report)
          inputs.append(Input(version: made, path: path))
        }
        continue
      }
      inputs.append(try await input(dataset, version, at: given, report))
    }
    return inputs
  }

  /// A version as it is there already, or in place of another one that Custody wrote there.
  private func input(
    _ dataset: DatasetRow, _ version: VersionRow, at path: String, _ report: Datasets.Progress?
  ) async throws -> Input {
    var found = try InputVersion(
      store, dataset, version, to: nil, leavingOut: leftOut, nil)
    guard let drift = try await found.drift(of: path, in: store) else {
      return Input(version: found, path: path)
    }
    if try await RunPlaces(store, job: step.job).isOlder(path, dataset) {
      try OutsidePath.checkHoldsNotCurrentFolder(path)
      return try await restored(dataset, version, to: path, report)
    }
    guard step.allowsDrift else {
      throw CustodyError(
        .invalidInput,
        "\(path) is not v\(version.number) of \(dataset.name): \(drift.text). Commit, move or remove "
          + "it; custody run --allow-drift records that a run read something else.")
    }
    try await found.read(
      path, drift, isAboutPeople: inheritsPeople && !step.outputs.isEmpty,
      registersUnknown: registersUnknown, in: store)
    return Input(version: found, path: path)
  }

  /// Writes a version to a place that was named, whole or not at all.
  private func restored(
    _ dataset: DatasetRow, _ version: VersionRow, to path: String, _ report: Datasets.Progress?
  ) async throws -> Input {
    let building = OutsidePath.building(path, store)
    defer { UnfinishedFiles.remove(building) }
    do {
      let made = try InputVersion(
        store, dataset, version, to: building, leavingOut: leftOut, report)
      // Recorded before it is there: what is outside is never unknown to the ledger.
      try await store.datasets.record(
        DatasetRestored(
          dataset: dataset.name, number: version.number,
          records: version.records - made.missing - made.restricted, missing: made.missing,
          restricted: made.restricted, ground: step.ground?.rawValue, purpose: step.purpose,
          keys: nil, target: path), by: id)
      try OutsidePath.move(building, to: path, replacing: true)
      return Input(version: made, path: path)
    } catch {
      try? OutsidePath.remove(building)
      throw error
    }
  }

  /// Whether what is written is about the people of what is read.
  private var inheritsPeople: Bool {
    step.subject == nil || step.subject == SubjectRule.inherited
  }

  /// Where the command is to leave each output.
  private func makePlaces() async throws -> [String] {
    let places = RunPlaces(store, job: step.job)
    var made: [String] = []
    var fates: [(path: String, fate: RunPlaces.Fate)] = []
    for (output, row) in zip(plan.outputs, plan.outputRows) {
      guard let path = output.path else {
        let kind = row?.kind ?? Datasets.Kind.files.rawValue
        made.append(try folder.place(placeName("out", output.dataset, kind)))
        continue
      }
      let fate = try await places.fate(
        of: path, for: output.dataset, row, isForced: step.replacesOutputs)
      fates.append((path, fate))
      made.append(path)
    }
    // All are judged before the first is touched.
    for (path, fate) in fates {
      if let aside = try places.make(fate, of: path) {
        notice?("\(path) was left by a failed run: it is \(aside) now")
      }
    }
    return made
  }

  private func placeName(_ prefix: String, _ dataset: String, _ kind: String) -> String {
    switch Datasets.Kind(rawValue: kind) {
    case .csv: "\(prefix)-\(dataset).csv"
    case .lines: "\(prefix)-\(dataset).jsonl"
    case .files, nil: "\(prefix)-\(dataset)"
    }
  }

  private func substituted(
    _ command: [String], _ inputs: [Input], _ places: [String]
  ) -> [String] {
    let values =
      inputs.map { ("{in:\($0.version.dataset.name)}", $0.path) }
      + zip(plan.outputs, places).map { ("{out:\($0.dataset)}", $1) }
      + step.parameters.map { ("{param:\($0.name)}", $0.value) }
    let known = Dictionary(values, uniquingKeysWith: { $1 })
    return command.map { argument in
      // In one pass: a value is never looked through for more of them.
      argument.replacing(RunStep.placeholder) { match in
        let value = known[String(match.output.0)] ?? ""
        return step.isShellLine ? "'\(value.replacing("'", with: "'\\''"))'" : value
      }
    }
  }

  private func environment(
    _ inputs: [Input], _ places: [String], _ eventFile: String, _ derivationFile: String
  ) -> [String: String] {
    var variables = ProcessInfo.processInfo.environment
    variables["CUSTODY_STORE"] = store.folder.layout.root
    variables["CUSTODY_RUN"] = "\(id)"
    variables["CUSTODY_EVENTS"] = eventFile
    variables["CUSTODY_DERIVATIONS"] = derivationFile
    for input in inputs {
      variables["CUSTODY_IN_\(Self.variable(input.version.dataset.name))"] = input.path
    }
    for (output, place) in zip(plan.outputs, places) {
      variables["CUSTODY_OUT_\(Self.variable(output.dataset))"] = place
    }
    return variables
  }

  private static func variable(_ name: String) -> String {
    String(name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
  }

  // MARK: - What is known before

  private func facts(_ inputs: [Input]) async throws -> RunStarted {
    let git = await GitState.ofCurrentFolder()
    var tools: [Pair] = []
    for name in step.tools {
      tools.append(Pair(name: name, value: try await Self.version(of: name)))
    }
    for tool in tools {
      try store.datasets.check("\(tool.name) \(tool.value)", "version of a tool")
    }
    return RunStarted(
      run: "\(id)", job: step.job, purpose: step.purpose, ground: step.ground?.rawValue,
      host: try store.hostName(),
      commit: git?.commit, isDirty: git?.isDirty,
      inputs: inputs.map {
        .init(
          dataset: $0.version.dataset.name, number: $0.version.version.number,
          root: $0.version.version.root.hex, drift: $0.version.drift,
          restricted: $0.version.restricted)
      },
      outputs: plan.outputs.map(\.dataset), tools: tools)
  }

  /// The first line that a program says when it is asked for its version.
  private static func version(of tool: String) async throws -> String {
    guard
      let path = try? RunProcess.executable(tool, in: FileManager.default.currentDirectoryPath)
    else { throw CustodyError(.usage, "There is no program \(tool): leave out --tool \(tool).") }
    let said = try await RunProcess.run(
      path, [tool, "--version"], environment: ProcessInfo.processInfo.environment, isQuiet: true)
    let line = (said.output + "\n" + said.errors).split(whereSeparator: \.isNewline).first
    guard said.end == .status(0), let line else {
      throw CustodyError(.usage, "\(tool) --version says nothing: leave out --tool \(tool).")
    }
    return String(line.prefix(200))
  }

  private func start() throws -> RunAnnotated.Start {
    let variables = ProcessInfo.processInfo.environment
    return RunAnnotated.Start(
      command: step.command, directory: FileManager.default.currentDirectoryPath,
      parameters: step.parameters.map { Pair(name: $0.name, value: $0.value) },
      environment: step.environment.compactMap { name in
        variables[name].map { Pair(name: name, value: $0) }
      },
      code: try step.code.map { Pair(name: $0, value: try CodeDigest.digest(of: $0)) },
      subject: step.subject, key: step.key, places: statedPlaces)
  }

  private var statedPlaces: [Pair] {
    let inputs = plan.inputs.compactMap { input in
      input.path.map { Pair(name: input.dataset, value: $0) }
    }
    return inputs
      + plan.outputs.compactMap { output in
        output.path.map { Pair(name: output.dataset, value: $0) }
      }
  }

  // MARK: - Events

  private func event<Event: ModelEvent>(_ content: Event) -> NewEvent {
    NewEvent(
      id: Event.type == RunStarted.type ? id : nil, stream: "\(RunProjection.streamPrefix)\(id)",
      type: Event.type, typeVersion: Event.version, content: content.content)
  }

  private func annotation(_ content: RunAnnotated, _ key: KeyID) throws -> NewEvent {
    var event = event(content)
    event.runKey = key
    return event
  }

  private func append(_ events: [NewEvent]) async throws { try await store.appendOwn(events) }

  private func failure(
    _ cause: RunFailed.Cause, _ outcome: RunProcess.Outcome?, _ events: Int, _ key: KeyID
  ) throws -> [NewEvent] {
    let none = ResourceUsage(duration: 0, userTime: 0, systemTime: 0, peakMemory: 0)
    let failed = RunFailed(
      run: "\(id)", job: step.job, cause: cause, usage: outcome?.usage ?? none, events: events)
    return try [event(failed)]
      + (outcome.map {
        [
          try annotation(
            .init(run: "\(id)", end: .init(output: $0.output, errors: $0.errors)), key)
        ]
      } ?? [])
  }
}

extension RunFailed.Cause {
  fileprivate init(_ end: RunResult.End) {
    switch end {
    case .status(let number): self = .status(Int(number))
    case .signal(let number): self = .signal(Int(number))
    }
  }
}
