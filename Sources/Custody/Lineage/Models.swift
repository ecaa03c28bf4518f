import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

/// Models, and exactly what each version was trained on.
public struct Models: Sendable {
  let store: Store

  /// A version of a dataset that a model was trained on.
  public struct Input: Sendable {
    /// The dataset.
    public let dataset: String
    /// The version's number.
    public let version: Int
    /// The version's root: what it had, and nothing else.
    public let root: Digest
  }

  /// A version of a model.
  public struct Version: Sendable {
    /// What it is called.
    public let model: String
    /// Its version, as whoever added it calls it.
    public let version: String
    /// `sha256:` and the digest of its file; nil when no file was named.
    public let digest: String?
    /// The run that trained it.
    public let run: EventID?
    /// What it was trained on: as named, or all that the run read.
    public let trainedOn: [Input]
    /// What it is for.
    public let purpose: String?
    /// Who answers for it.
    public let owner: String?
    /// When it was added, by the writer's clock.
    public let recordedAt: Timestamp
    /// Who added it, as asserted.
    public let actor: String
    /// The event that says so.
    public let position: Position
  }

  /// Records a version of a model.
  ///
  /// - Parameters:
  ///   - model: its name, as names of datasets are.
  ///   - version: what this version is called; the next number by default.
  ///   - file: the model's file or folder is not kept; of a file, its digest.
  ///   - run: the run that trained it, one of Custody's own.
  ///   - trainedOn: versions of datasets, for a model that no run trained here: names with REFs.
  ///   - purpose: what it is for.
  ///   - owner: who answers for it.
  /// - Throws: `notFound` for a run, dataset or version that there is not; `alreadyExists` for a
  ///   version that the model has; `usage` without a run and without a dataset.
  @discardableResult
  public func add(
    _ model: String, version: String? = nil, file: String? = nil, run: EventID? = nil,
    trainedOn: [(dataset: String, reference: String)] = [], purpose: String? = nil,
    owner: String? = nil
  ) async throws -> Version {
    guard Datasets.isName(model) else {
      throw CustodyError(
        .usage,
        "\(model) cannot name a model: 1 to 200 bytes, no /, @, white space or control character.")
    }
    let datasets = store.datasets
    for text in [model, version, purpose, owner].compactMap({ $0 }) {
      try datasets.check(text, "name, version, purpose or owner of a model")
    }
    guard run != nil || !trainedOn.isEmpty else {
      throw CustodyError(
        .usage,
        "Say what \(model) was trained on: --run RUN, or --trained-on NAME[@REF] for each dataset.")
    }
    if let run, try Runs(store: store).story(of: run) == nil {
      throw CustodyError(.notFound, "There is no run \(run). See: custody log --type run.completed")
    }
    let inputs = try trainedOn.map { input in
      let row = try datasets.existing(input.dataset)
      let found = try datasets.version(row, input.reference)
      return ModelRegistered.Input(
        dataset: input.dataset, number: found.number, root: found.root.hex)
    }
    let known = try versions(of: model).map(\.version)
    let name = version ?? "\((known.compactMap { Int($0) }.max() ?? 0) + 1)"
    guard !known.contains(name) else {
      throw CustodyError(
        .alreadyExists, "\(model) has a version \(name). Give another with --version.")
    }
    let registered = ModelRegistered(
      model: model, version: name, digest: try file.map(CodeDigest.digest(of:)),
      run: run.map { "\($0)" }, trainedOn: inputs, purpose: purpose, owner: owner)
    try await store.appendOwn(
      NewEvent(
        stream: "\(LineageProjection.modelStreamPrefix)\(model)", type: ModelRegistered.type,
        typeVersion: ModelRegistered.version, correlationID: run, content: registered.content))
    return try versions(of: model).first { $0.version == name }!
  }

  /// The versions of a model, the oldest first; none when there is no such model.
  public func versions(of model: String) throws -> [Version] {
    let filter = EventFilter(stream: "\(LineageProjection.modelStreamPrefix)\(model)")
    return try versions(
      store.folder.read { try $0.events(filter, ledgerID: store.ledgerID, limit: .max) })
  }

  /// Every version of every model, in the order in which they were added.
  public func list() throws -> [Version] {
    let positions = try store.lineage.query { Set(try $0.reader.trainings().map(\.position)) }
    return try versions(positions.sorted().compactMap { try store.event(at: Position(Int($0))) })
  }

  private func versions(_ events: [StoredEvent]) throws -> [Version] {
    try events.compactMap { event in
      guard event.header.claim.type.text == ModelRegistered.type,
        event.header.claim.stream.text.hasPrefix(LineageProjection.modelStreamPrefix),
        let content = try store.content(of: event),
        let said = ModelRegistered(content: content, version: event.header.claim.typeVersion)
      else { return nil }
      let run = said.run.flatMap { EventID(uuid: $0) }
      var inputs = said.trainedOn.compactMap { input in
        Digest(hex: input.root).map {
          Input(dataset: input.dataset, version: input.number, root: $0)
        }
      }
      if let run, let story = try Runs(store: store).story(of: run) {
        inputs += story.started.inputs.compactMap { input in
          Digest(hex: input.root).map {
            Input(dataset: input.dataset, version: input.number, root: $0)
          }
        }
      }
      return Version(
        model: said.model, version: said.version, digest: said.digest, run: run,
        trainedOn: inputs, purpose: said.purpose, owner: said.owner,
        recordedAt: event.header.place.recordedAt, actor: event.header.claim.actor.text,
        position: event.position)
    }
  }
}

extension Models.Version {
  /// A section about the training data for a model card, in Markdown.
  public var modelCard: String {
    func cell(_ text: String) -> String {
      text.replacing("|", with: "\\|").replacing("\n", with: " ")
    }
    var lines = ["## Training data", ""]
    lines.append("\(cell(model)) \(cell(version)) was trained on:")
    lines += ["", "| dataset | version | root |", "|---|---|---|"]
    lines += trainedOn.map { "| \(cell($0.dataset)) | v\($0.version) | `\($0.root.hex)` |" }
    lines.append("")
    lines.append(
      "The root of a version is a hash over each of its records: whoever has the ledger can show "
        + "what was in it, and that nothing else was.")
    if let run { lines.append("Trained by run `\(run)`.") }
    if let digest { lines.append("The model's file: `\(digest)`.") }
    if let purpose { lines.append("Purpose: \(cell(purpose)).") }
    if let owner { lines.append("Answers for it: \(cell(owner)).") }
    lines.append(
      "Recorded at \(recordedAt) by \(cell(actor)), position \(position.value) of the ledger.")
    return lines.joined(separator: "\n") + "\n"
  }
}

extension Store {
  /// Models, and exactly what each version was trained on.
  public var models: Models { Models(store: self) }
}
