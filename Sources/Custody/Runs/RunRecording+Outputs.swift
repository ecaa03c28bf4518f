import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

extension RunRecording {
  /// What one output came to, not yet in the ledger.
  struct Output {
    let recorded: RunCompleted.Output
    let prepared: DatasetCommit.Prepared
  }

  static let derivationFile = "derivations"

  /// Which record comes from which, as `--derivations` says or the command wrote to the file that
  /// `CUSTODY_DERIVATIONS` names; nil when natural keys say it.
  func stated(_ inputs: [Input]) async throws -> StatedDerivations? {
    let written = try folder.place(Self.derivationFile)
    let files = [step.derivations, FileIO.exists(written) ? written : nil].compactMap(\.self)
    guard !files.isEmpty else { return nil }
    return try await StatedDerivations(files, from: inputs.map(\.version))
  }

  func seal(
    _ inputs: [Input], _ places: [String], _ stated: StatedDerivations?
  ) async throws -> [Output] {
    for (output, place) in zip(plan.outputs, places) {
      guard FileIO.exists(place), RunPlan.hasContent(place) else {
        throw CustodyError(
          .invalidInput,
          "The command left nothing for \(output.dataset) at \(place). No version was committed.")
      }
    }
    var sealed: [Output] = []
    for (index, place) in places.enumerated() {
      sealed.append(try await seal(index, place, inputs.map(\.version), stated))
    }
    return sealed
  }

  private func seal(
    _ index: Int, _ place: String, _ inputs: [InputVersion], _ stated: StatedDerivations?
  ) async throws -> Output {
    let dataset = try await dataset(index, place)
    let keyring = store.folder.keyring!
    let derivation = RunDerivation(
      from: inputs, stated: stated, to: dataset.name,
      isFile: dataset.kind == Datasets.Kind.files.rawValue,
      translation: try await translation(inputs, to: dataset.dataClass),
      operations: try keyring.operationsKey())
    let source = try await source(dataset, place, derivation)
    var pairs: [[(output: Int, input: Int)]] = inputs.map { _ in [] }
    var commit = DatasetCommit(
      store: store, dataset: dataset, message: nil, registersUnknown: registersUnknown,
      progress: report("committing \(dataset.name)"))
    commit.run = "\(id)"
    // It stays there after the run.
    if plan.outputs[index].path != nil { commit.path = place }
    commit.each = { ordinal, record in
      stated?.use(record.key)
      for source in try derivation.sources(of: record.key)
      where inputs[source.input].has(source.ordinal) {
        pairs[source.input].append((ordinal, source.ordinal))
      }
    }
    let prepared = try await commit.prepare(source)
    let sealing = try RecordSealing(folder: store.folder)
    var derivations: [RunCompleted.Derivation] = []
    for (input, pairs) in zip(inputs, pairs) where !pairs.isEmpty {
      var list = DerivationList()
      for pair in pairs.sorted(by: <) { list.add(output: pair.output, input: pair.input) }
      let objects = try await sealing.sealOperations(list.encoded())
      derivations.append(.init(dataset: input.dataset.name, objects: objects.map(\.hex)))
    }
    try await sealing.finish()
    return Output(
      recorded: .init(
        dataset: dataset.name, number: prepared.commit.version, root: prepared.root.hex,
        isNew: prepared.commit.isNew, derivations: derivations), prepared: prepared)
  }

  /// The dataset of an output; made when there is none.
  private func dataset(_ index: Int, _ place: String) async throws -> DatasetRow {
    let name = plan.outputs[index].dataset
    guard plan.outputRows[index] == nil else { return try store.datasets.existing(name) }
    let kind: Datasets.Kind =
      if FileIO.isFolder(place) {
        .files
      } else {
        ["jsonl", "ndjson", "json"].contains(PathParts.fileExtension(of: place))
          ? .lines : .csv
      }
    try await store.datasets.create(
      name, kind: kind, key: kind == .files ? nil : step.key,
      subject: step.subject ?? SubjectRule.inherited)
    return try store.datasets.existing(name)
  }

  private func source(
    _ dataset: DatasetRow, _ place: String, _ derivation: RunDerivation
  ) async throws -> any DatasetSource {
    if step.subject != nil || !derivation.isStated {
      // Who made the dataset may not have thought of whose records would be read.
      let text = step.subject ?? (plan.inputs.isEmpty ? dataset.subject : SubjectRule.inherited)
      if let file = text.hasPrefix("file:") ? String(text.dropFirst(5)) : nil {
        guard !file.isEmpty else {
          throw CustodyError(
            .usage, "Give --subject file:CSV: \(dataset.name) takes its people from a file.")
        }
        let none = try SubjectRule("none", kind: dataset.kind)
        return try await AssignedSource(Datasets.source(dataset, place, none, in: store), file)
      }
      let rule = try SubjectRule(text, kind: dataset.kind)
      guard case .inherited = rule.place else {
        return try Datasets.source(dataset, place, rule, in: store)
      }
    }
    let none = try SubjectRule("none", kind: dataset.kind)
    return InheritedSource(try Datasets.source(dataset, place, none, in: store)) {
      try derivation.people(of: $0)
    }
  }

  /// Keys of the same people for another class of data, made where they are missing.
  private func translation(
    _ inputs: [InputVersion], to dataClass: String
  ) async throws -> [KeyID: KeyID] {
    let foreign = inputs.filter { $0.dataset.dataClass != dataClass }
    guard !foreign.isEmpty else { return [:] }
    let wanted = foreign.reduce(into: Set<KeyID>()) { $0.formUnion($1.allKeyIDs) }
    return try await store.keys(wanted, of: dataClass)
  }
}
