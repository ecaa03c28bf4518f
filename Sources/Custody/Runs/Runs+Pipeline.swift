import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

extension Runs {
  /// Whether a step would be run, and why.
  public struct StepState: Sendable {
    /// The step.
    public let step: RunStep
    /// Why it would be run; empty when nothing has changed since its last run.
    public let reasons: [String]
    /// Its last run that ended as it should.
    public let last: EventID?
    /// What it writes, with the newest version of each.
    public let outputs: [(dataset: String, version: Int?)]

    /// Whether it would be run.
    public var isStale: Bool { !reasons.isEmpty }
  }

  /// Checks that every step of a pipeline can be run and has what it reads.
  ///
  /// - Throws: `invalidInput` with line and column: for a name that cannot be one; for a dataset or
  ///   version that there is not, and that no step writes.
  public func check(_ pipeline: Pipeline) throws {
    let written = Set(pipeline.steps.flatMap { $0.outputs.map(\.dataset) })
    let known = Dictionary(
      uniqueKeysWithValues: try store.datasets.all().map { ($0.name, $0.newest != nil) })
    for placed in pipeline.placed {
      do {
        try RunPlan.check(placed.step, store)
      } catch let error as CustodyError {
        throw pipeline.fault(placed, error.message)
      }
      for (input, place) in zip(placed.step.inputs, placed.inputPlaces)
      where !written.contains(input.dataset) {
        func fault(_ message: String) -> CustodyError {
          CustodyError(
            .invalidInput, message,
            at: .init(file: pipeline.file, line: place.line, column: place.column))
        }
        switch known[input.dataset] {
        case nil: throw fault("There is no dataset \(input.dataset), and no step writes it.")
        case false?:
          throw fault(
            "\(input.dataset) has no version yet, and no step writes it: commit to it first.")
        case true?:
          do {
            _ = try store.datasets.version(input.dataset, input.reference)
          } catch let error as CustodyError where [.notFound, .usage].contains(error.code) {
            throw fault(error.message)
          }
        }
      }
    }
  }

  /// Every step of a pipeline as it stands, in the order in which they would be run: one whose input
  /// a stale step writes is stale as well.
  public func states(of pipeline: Pipeline) throws -> [StepState] {
    try check(pipeline)
    var rewritten: Set<String> = []
    return try pipeline.steps.map { step in
      let last = try lastCompleted(step.job)
      var reasons = try self.reasons(step, since: last, in: pipeline)
      for input in step.inputs where rewritten.contains(input.dataset) {
        reasons.append("\(input.dataset) is stale")
      }
      if !reasons.isEmpty { rewritten.formUnion(step.outputs.map(\.dataset)) }
      return try state(step, reasons, last)
    }
  }

  /// A step as it stands now.
  public func state(of step: RunStep, in pipeline: Pipeline) throws -> StepState {
    let last = try lastCompleted(step.job)
    return try state(step, reasons(step, since: last, in: pipeline), last)
  }

  private func state(
    _ step: RunStep, _ reasons: [String], _ last: EventID?
  ) throws -> StepState {
    StepState(
      step: step, reasons: reasons, last: last,
      outputs: try step.outputs.map { ($0.dataset, try newest($0.dataset)?.number) })
  }

  private func lastCompleted(_ job: String) throws -> EventID? {
    try store.engine.read(RunProjection.kind) { try RunReader($0).lastCompleted(job) }
  }

  private func newest(_ dataset: String) throws -> VersionRow? {
    do {
      let row = try store.datasets.existing(dataset)
      return try store.datasets.read { try $0.newest(of: row.id) }
    } catch let error as CustodyError where error.code == .notFound {
      return nil
    }
  }

  /// Why a step would be run now.
  ///
  /// - Parameter last: its last run that ended as it should.
  private func reasons(
    _ step: RunStep, since last: EventID?, in pipeline: Pipeline
  ) throws -> [String] {
    guard let last, let story = try story(of: last) else {
      return ["it has never run to its end"]
    }
    var reasons = try inputReasons(step, story)
    reasons += try outputReasons(step, story)
    guard let text = story.text else { return reasons + ["what its last run was is erased"] }
    if text.command != step.command { reasons.append("its command changed") }
    if text.parameters.map({ "\($0.name)=\($0.value)" })
      != step.parameters.map({ "\($0.name)=\($0.value)" })
    {
      let before = Dictionary(
        text.parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
      let names = step.parameters.filter { before[$0.name] != $0.value }.map(\.name)
      reasons.append(
        names.isEmpty
          ? "its parameters changed" : "parameter \(names.joined(separator: ", ")) changed")
    }
    let variables = ProcessInfo.processInfo.environment
    let environment = step.environment.compactMap { name in variables[name].map { (name, $0) } }
    if text.environment.map({ "\($0.name)=\($0.value)" }) != environment.map({ "\($0)=\($1)" }) {
      reasons.append("its environment changed")
    }
    if text.subject != step.subject { reasons.append("its subject changed") }
    if text.key != step.key { reasons.append("its key changed") }
    let places = Dictionary(
      (step.inputs.map { ($0.dataset, $0.path) } + step.outputs.map { ($0.dataset, $0.path) })
        .compactMap { name, path in path.map { (name, place($0, pipeline.folder)) } },
      uniquingKeysWith: { $1 })
    let then = Dictionary(text.places.map { ($0.name, $0.path) }, uniquingKeysWith: { $1 })
    if places != then { reasons.append("its places changed") }
    if story.purpose != step.purpose { reasons.append("its purpose changed") }
    if story.tools.map(\.name) != step.tools { reasons.append("its tools changed") }
    return try reasons + fileReasons(step, text, story, pipeline.folder)
  }

  private func place(_ path: String, _ folder: String) -> String {
    path.hasPrefix("/") ? path : "\(folder)/\(path)"
  }

  private func fileReasons(
    _ step: RunStep, _ text: RunStory.Text, _ story: RunStory, _ folder: String
  ) throws -> [String] {
    var then = Dictionary(text.code.map { ($0.name, $0.digest) }, uniquingKeysWith: { $1 })
    let isCodeDropped = then.count > step.code.count
    var files = step.code
    if let file = step.derivations {
      files.append(file)
      then[file] = story.derivations
    }
    var reasons: [String] = []
    for file in files {
      let path = place(file, folder)
      if !FileIO.exists(path) {
        reasons.append("\(file) is missing")
      } else if try CodeDigest.digest(of: path) != then[file] {
        reasons.append("\(file) changed")
      }
    }
    if isCodeDropped { reasons.append("its files of code changed") }
    if step.derivations == nil, story.derivations != nil {
      reasons.append("its derivations changed")
    }
    return reasons
  }

  private func inputReasons(_ step: RunStep, _ story: RunStory) throws -> [String] {
    var reasons: [String] = []
    for input in step.inputs {
      guard let then = story.started.inputs.first(where: { $0.dataset == input.dataset }) else {
        reasons.append("it reads \(input.dataset) now")
        continue
      }
      guard try newest(input.dataset) != nil else { continue }
      let now: Datasets.Version
      do {
        now = try store.datasets.version(input.dataset, input.reference)
      } catch let error as CustodyError where error.code == .notFound {
        // A step may yet write it.
        reasons.append("there is no \(input.dataset)@\(input.reference)")
        continue
      }
      // The same records are the same input, whatever the number.
      if now.root.hex != then.root {
        reasons.append("\(input.dataset) is at v\(now.number), read was v\(then.number)")
      }
    }
    if story.started.inputs.contains(where: { $0.drift != nil }) {
      reasons.append("it read something else than a version")
    }
    if story.started.inputs.count > step.inputs.count { reasons.append("it reads less now") }
    return reasons
  }

  private func outputReasons(_ step: RunStep, _ story: RunStory) throws -> [String] {
    let written = story.completed?.outputs ?? []
    guard Set(written.map(\.dataset)) == Set(step.outputs.map(\.dataset)) else {
      return ["what it writes changed"]
    }
    return try written.compactMap { output in
      let now = try newest(output.dataset)
      guard let now, now.root.hex != output.root else { return nil }
      return "\(output.dataset) is at v\(now.number), written was v\(output.number)"
    }
  }
}
