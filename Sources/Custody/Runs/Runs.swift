import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

/// Runs: commands between versions of datasets, recorded from what they read to what they wrote.
public struct Runs: Sendable {
  let store: Store

  /// Called with what is going on and how far it is, in bytes.
  public typealias Progress = @Sendable (_ what: String, _ done: Int, _ total: Int) -> Void
  /// Appends the events that a command wrote to a file, all of them or, when one is bad, none, and
  /// returns how many there were. The run's id is what they have in common.
  public typealias EventAppender = (_ path: String, _ run: EventID) async throws -> Int

  /// Runs a command and records what it read, what it wrote and what it took.
  ///
  /// - Parameters:
  ///   - step: the command, its inputs and its outputs.
  ///   - registersUnknown: whether people whom an output names and nobody registered are.
  ///   - appendEvents: appends what is in the file that `CUSTODY_EVENTS` names.
  ///   - progress: called while inputs are written and outputs are committed.
  ///   - notice: called with what somebody should know though nothing failed.
  /// - Returns: how it ended. A command that fails is a result, not an error: no version is
  ///   committed then, and the ledger says so.
  /// - Throws: `NotRunnable` for a command that there is not, before anything is recorded;
  ///   `CustodyError` for inputs and outputs that cannot be: when the command had begun, the ledger
  ///   says that the run failed.
  public func run(
    _ step: RunStep, registersUnknown: Bool = true, appendEvents: @escaping EventAppender,
    progress: Progress? = nil, notice: (@Sendable (String) -> Void)? = nil
  ) async throws -> RunResult {
    let recording = try RunRecording(
      store, step, registersUnknown: registersUnknown, appendEvents: appendEvents,
      progress: progress, notice: notice)
    return try await recording.run()
  }

  /// What a run would read and write, without reading or writing it.
  public func plan(_ step: RunStep) throws -> RunPlan { try RunPlan(step, store) }

  /// Removes the private folders of runs that were killed, as far as that can be done.
  public func removeLeftFolders() { RunFolder.removeLeftFolders(in: store) }

  /// Removes what runs left that were killed, and records that nobody knows how they ended.
  ///
  /// - Returns: how many there were.
  @discardableResult
  public func removeLeft() async throws -> Int {
    try await RunFolder.removeLeft(in: store) { id in
      // One that was killed before its first event never was.
      guard let story = try story(of: id), story.end == nil else { return }
      try await store.appendOwn(
        NewEvent(
          stream: "\(RunProjection.streamPrefix)\(id)", type: RunAborted.type,
          typeVersion: RunAborted.version, content: RunAborted(run: "\(id)").content))
    }
  }
}

extension Store {
  /// Commands between versions of datasets.
  public var runs: Runs { Runs(store: self) }
}

/// A step with what its names stand for at this moment.
public struct RunPlan: Sendable {
  /// A version that would be read.
  public struct Input: Sendable {
    /// The dataset.
    public let dataset: String
    /// The version's number.
    public let version: Int
    /// How many records it has.
    public let records: Int
    /// Where the command would find it; nil for a private place.
    public let path: String?
    /// Whether something is there, and would be compared.
    public let isThere: Bool
  }

  /// A dataset that would be written.
  public struct Output: Sendable {
    /// The dataset.
    public let dataset: String
    /// Whether there is one of this name.
    public let exists: Bool
    /// Where the command would leave it; nil for a private place.
    public let path: String?
    /// Whether something is there, which has to make room.
    public let isThere: Bool
  }

  /// What would be read.
  public let inputs: [Input]
  /// What would be written.
  public let outputs: [Output]
  /// Where the command is.
  public let executable: String

  let inputRows: [(dataset: DatasetRow, version: VersionRow)]
  let outputRows: [DatasetRow?]
  let base: String

  init(_ step: RunStep, _ store: Store) throws {
    try Self.check(step, store)
    base = Store.absolute(step.base ?? ".")
    executable = try RunProcess.executable(
      step.command.first ?? "", in: FileManager.default.currentDirectoryPath)
    let datasets = store.datasets
    inputRows = try step.inputs.map { input in
      let row = try datasets.existing(input.dataset)
      return (row, try datasets.version(row, input.reference))
    }
    inputs = zip(step.inputs, inputRows).map { input, row in
      let path = input.path.map(Store.absolute)
      return Input(
        dataset: input.dataset, version: row.version.number, records: row.version.records,
        path: path, isThere: path.map(FileIO.exists) ?? false)
    }
    outputRows = try step.outputs.map { output in
      do {
        return try datasets.existing(output.dataset)
      } catch let error as CustodyError where error.code == .notFound {
        guard Datasets.isName(output.dataset) else { throw Datasets.noName(output.dataset) }
        return nil
      }
    }
    outputs = zip(step.outputs, outputRows).map { output, row in
      let path = output.path.map(Store.absolute)
      return Output(
        dataset: output.dataset, exists: row != nil, path: path,
        isThere: path.map(Self.hasContent) ?? false)
    }
    try checkPlaces(step, store)
  }

  /// Checks what needs no dataset: names, and what the command says of places and values.
  static func check(_ step: RunStep, _ store: Store) throws {
    guard Datasets.isName(step.job) else {
      throw CustodyError(
        .usage,
        "\(step.job) cannot name a job: 1 to 200 bytes, no /, @, white space or control character.")
    }
    for output in step.outputs where !Datasets.isName(output.dataset) {
      throw Datasets.noName(output.dataset)
    }
    for text in [step.job, step.purpose].compactMap({ $0 }) {
      try store.datasets.check(text, "job or purpose")
    }
    let names = step.inputs.map(\.dataset) + step.outputs.map(\.dataset)
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw CustodyError(
        .usage,
        "\(twice) is named more than once among inputs and outputs. A run reads one version of a "
          + "dataset, and does not write what it reads.")
    }
    let known = Set(
      step.inputs.map { "{in:\($0.dataset)}" } + step.outputs.map { "{out:\($0.dataset)}" }
        + step.parameters.map { "{param:\($0.name)}" })
    for match in step.command.flatMap({ $0.matches(of: RunStep.placeholder) })
    where !known.contains(String(match.output.0)) {
      throw CustodyError(
        .usage, "\(match.output.0) in the command of \(step.job) names nothing that the step has.")
    }
  }

  /// Outputs lie in the base folder, none in another place of the run or in the store.
  private func checkPlaces(_ step: RunStep, _ store: Store) throws {
    for (index, path) in inputs.map(\.path).enumerated() {
      guard let path else { continue }
      // What is written there stays, and the ledger says where.
      try store.datasets.check(path, "path of an input")
      try OutsidePath.check(path, store)
      let isFolder = inputRows[index].dataset.kind == Datasets.Kind.files.rawValue
      guard !FileIO.exists(path) || FileIO.isFolder(path) == isFolder else {
        throw CustodyError(
          .usage,
          "\(path) is a \(isFolder ? "file" : "folder"), and \(inputs[index].dataset) is not.")
      }
      for other in inputs[..<index].compactMap(\.path) { try Self.checkApart(path, other) }
    }
    for (index, output) in outputs.enumerated() {
      guard let path = output.path else { continue }
      let real = OutsidePath.real(path)
      guard OutsidePath.isBelow(real, OutsidePath.real(base)) else {
        throw CustodyError(
          .usage,
          "\(path) is outside of \(base). Outputs lie below the current folder; name another with "
            + "--base.")
      }
      try OutsidePath.check(path, store)
      try OutsidePath.checkHoldsNotCurrentFolder(path)
      for other in inputs.compactMap(\.path) + outputs[..<index].compactMap(\.path) {
        try Self.checkApart(path, other)
      }
    }
  }

  private static func checkApart(_ path: String, _ other: String) throws {
    let (real, otherReal) = (OutsidePath.real(path), OutsidePath.real(other))
    guard !OutsidePath.isBelow(real, otherReal), !OutsidePath.isBelow(otherReal, real) else {
      throw CustodyError(
        .usage, "\(path) and \(other) overlap: every input and output has a place of its own.")
    }
  }

  static func hasContent(_ path: String) -> Bool {
    guard FileIO.isFolder(path) else { return FileIO.exists(path) }
    return (try? FileIO.names(in: path).isEmpty) != true
  }
}
