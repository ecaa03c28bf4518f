import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

/// Makes a version with tokens out of one with values, and records it as a run.
///
/// Everything is on the disk before the events that name it are appended together: a kill in between
/// leaves objects, and perhaps a key or an empty dataset, that nothing names.
struct Pseudonymization {
  /// What the run is a run of: no caller can give a job this name.
  static let job = "custody/pseudonymize"

  let store: Store
  let dataset: DatasetRow
  let version: VersionRow
  let target: String
  let tokens: Datasets.Tokens
  let message: String?
  let progress: Datasets.Progress?

  /// What has been found out before the first record is replaced.
  private struct Preparation {
    let columns: PseudonymColumns
    let mint: TokenMint
    let source: PseudonymSource
    let table: PseudonymTable?
    /// Key sets of the table by their numbers.
    let people: [[KeyID]]
    let key: KeyID?
    let before: Datasets.State
  }

  func run(_ wanted: [String], isTrial: Bool) async throws -> Datasets.Pseudonymized {
    try checkTarget()
    try store.checkRecords(of: dataset, in: version)
    let prepared = try await prepare(wanted, isTrial: isTrial)
    guard !isTrial else {
      try await prepared.source.forEachBatch { batch in
        for index in 0..<batch.count { _ = try batch.record(index) }
      }
      try checkIsFound(prepared)
      return result(prepared, nil, run: nil)
    }
    let start = RunClock(store)
    let target = try await targetDataset()
    let id = start.id
    let out = try await commit(prepared, to: target, run: id)
    try checkIsFound(prepared)
    let table = try await commitTable(prepared, run: id)
    let said = try said(prepared, number: out.prepared.commit.version)
    var batch = [table?.event, out.prepared.event].compactMap(\.self)
    if try batch.isEmpty && isKnown(said) {
      return result(prepared, out.prepared.commit, run: nil)
    }
    batch.append(
      NewEvent(
        stream: "\(DatasetProjection.streamPrefix)\(self.target)",
        type: DatasetVersionPseudonymized.type, typeVersion: DatasetVersionPseudonymized.version,
        content: said.content))
    let derivation = RunCompleted.Derivation(dataset: dataset.name, objects: out.derivations)
    var outputs = [
      output(self.target, out.prepared, derivations: [derivation])
    ]
    if let table, let name = prepared.table?.dataset.name { outputs.append(output(name, table)) }
    try await append(batch, outputs, prepared, start)
    return result(prepared, out.prepared.commit, run: id)
  }

  // MARK: - Before

  /// Rows are named in the target as they are in the source.
  private func checkTarget() throws {
    guard target != dataset.name, let row = try? store.datasets.existing(target) else { return }
    guard row.kind == dataset.kind, row.key == dataset.key, row.dataClass == dataset.dataClass
    else {
      throw CustodyError(
        .usage,
        "\(target) has other records than \(dataset.name): kind, natural key or class differ. Name a "
          + "dataset that there is not yet; it is made alike.")
    }
  }

  private func prepare(_ wanted: [String], isTrial: Bool) async throws -> Preparation {
    let (frame, bytes) = try VersionContents(store: store, dataset: dataset, version: version)
      .tableFrame()
    let name = "\(dataset.name)@v\(version.number)"
    let columns = try PseudonymColumns(wanted, of: dataset, frame, name)
    let before = try store.datasets.states(of: dataset.name)[version.number] ?? .raw
    try check(columns.names, before)
    let keyIDs = try peopleOfRows()
    try checkNobodyIsRestricted(keyIDs.values, name)
    let (key, secret) = try await key(isTrial: isTrial)
    let mint = TokenMint(columns.names, key: secret, store.folder.environment)
    var table: PseudonymTable?
    var sets: [[KeyID]: Int] = [:]
    var numbers: [Int64: Int] = [:]
    if tokens == .random {
      let name = PseudonymTable.name(of: dataset.name)
      if !isTrial, (try? store.datasets.existing(name)) == nil {
        try await PseudonymTable.create(for: dataset, in: store)
      }
      table = try (try? store.datasets.existing(name)).map { try PseudonymTable($0, in: store) }
      try table?.teach(mint, columns.names, &sets)
      let others =
        isTrial
        ? [:] : try await store.keys(Set(keyIDs.values.joined()), of: PseudonymTable.dataClass)
      for (row, ids) in keyIDs {
        numbers[row] = sets.number(of: ids.map { others[$0] ?? $0 }.sorted())
      }
    }
    let source = PseudonymSource(
      store, dataset, version, frame: bytes, columns, mint,
      PseudonymPeople(keyIDs, numbers: numbers))
    return Preparation(
      columns: columns, mint: mint, source: source, table: table,
      people: sets.sorted { $0.value < $1.value }.map(\.key), key: key, before: before)
  }

  /// Tokens of tokens would lead back to tokens.
  private func check(_ names: [String], _ before: Datasets.State) throws {
    let known = Set(before.columns.map(\.name))
    guard let name = names.first(where: { known.contains($0) }), let source = before.source else {
      return
    }
    throw CustodyError(
      .invalidInput,
      "The column \(name) of \(dataset.name)@v\(version.number) has tokens already. Leave it out, or "
        + "name a version that has its values: \(source.dataset)@v\(source.version).")
  }

  /// Making tokens reads every record.
  private func checkNobodyIsRestricted(_ sets: some Sequence<[KeyID]>, _ name: String) throws {
    let restricted = try store.restrictions.restricted(unless: nil)
    guard sets.contains(where: { restricted?.restricts($0) == true }) else { return }
    throw CustodyError(
      .restricted,
      "People in \(name) are restricted (custody restriction list), and making tokens reads their records. "
        + "Lift the restriction, or name a version without them.")
  }

  /// A column of a CSV is there; a member of lines may be nowhere.
  private func checkIsFound(_ prepared: Preparation) throws {
    let counts = prepared.mint.counts()
    guard dataset.kind == Datasets.Kind.lines.rawValue, !prepared.source.ordinals.isEmpty,
      let index = counts.firstIndex(where: { $0.values == 0 })
    else { return }
    throw CustodyError(
      .invalidInput,
      "No record of \(prepared.source.name) has a value at \(prepared.columns.names[index]).")
  }

  private func key(isTrial: Bool) async throws -> (KeyID?, SecretBytes?) {
    guard case .keyed(let purpose) = tokens, let keyring = store.folder.keyring else {
      return (nil, nil)
    }
    if isTrial {
      let known = try keyring.pseudonymKey(for: purpose)
      return (known, try known.flatMap { try keyring.key($0) } ?? store.folder.environment.secret())
    }
    let id = try await store.folder.ledger().locked { try keyring.makePseudonymKey(for: purpose) }
    guard let secret = try keyring.key(id) else { throw CustodyError.destroyed(id) }
    return (id, secret)
  }

  /// Whom the records of the version are about, by what their rows name keys by.
  private func peopleOfRows() throws -> [Int64: [KeyID]] {
    var found: [Int64: [KeyID]] = [:]
    try store.forEachRecord(of: dataset.id, in: version.number) { row in
      if found[row.keys] == nil { found[row.keys] = try store.people(of: row.keys) }
    }
    return found
  }

  // MARK: - Versions

  private func targetDataset() async throws -> DatasetRow {
    if let known = try? store.datasets.existing(target) { return known }
    try await store.datasets.create(
      target, kind: Datasets.Kind(rawValue: dataset.kind) ?? .csv, key: dataset.key,
      subject: dataset.subject == "none" ? "none" : SubjectRule.inherited,
      dataClass: dataset.dataClass, owner: dataset.owner, tags: dataset.tags)
    return try store.datasets.existing(target)
  }

  private func commit(
    _ prepared: Preparation, to target: DatasetRow, run: EventID
  ) async throws -> (prepared: DatasetCommit.Prepared, derivations: [String]) {
    let source = prepared.source
    let names = prepared.columns.names.joined(separator: ", ")
    var commit = DatasetCommit(
      store: store, dataset: target, message: message ?? "tokens for \(names) of \(source.name)",
      registersUnknown: false, progress: progress)
    commit.run = "\(run)"
    var pairs: [(output: Int, input: Int)] = []
    commit.each = { ordinal, _ in pairs.append((ordinal, Int(source.ordinals[pairs.count]))) }
    let made = try await commit.prepare(source)
    var list = DerivationList()
    for pair in pairs.sorted(by: <) { list.add(output: pair.output, input: pair.input) }
    let sealing = try RecordSealing(folder: store.folder)
    let objects = try await sealing.sealOperations(list.encoded())
    try await sealing.finish()
    return (made, objects.map(\.hex))
  }

  /// The table's next version; nil when it has every row.
  private func commitTable(
    _ prepared: Preparation, run: EventID
  ) async throws -> DatasetCommit.Prepared? {
    let rows = prepared.mint.newRows()
    guard let table = prepared.table, !rows.isEmpty else { return nil }
    var commit = DatasetCommit(
      store: store, dataset: table.dataset, message: nil, registersUnknown: false, progress: nil)
    commit.run = "\(run)"
    return try await commit.prepare(
      try table.source(adding: rows, prepared.columns.names, prepared.people))
  }

  // MARK: - What is said

  private func said(_ prepared: Preparation, number: Int) throws -> DatasetVersionPseudonymized {
    let known = prepared.before.columns.map { column -> DatasetVersionPseudonymized.Column in
      switch column.tokens {
      case .random: .init(name: column.name, tokens: .table(column.table ?? ""))
      case .keyed(let purpose):
        .init(
          name: column.name, tokens: .keyed(purpose: purpose, key: column.key?.hex ?? ""))
      }
    }
    let new = prepared.columns.names.map { name -> DatasetVersionPseudonymized.Column in
      switch tokens {
      case .random:
        .init(name: name, tokens: .table(PseudonymTable.name(of: dataset.name)))
      case .keyed(let purpose):
        .init(name: name, tokens: .keyed(purpose: purpose, key: prepared.key?.hex ?? ""))
      }
    }
    return DatasetVersionPseudonymized(
      dataset: target, number: number, sourceDataset: dataset.name, sourceNumber: version.number,
      columns: known + new, order: prepared.columns.hasKey ? .tokens : .kept)
  }

  /// Whether the ledger says the same of the version already.
  private func isKnown(_ said: DatasetVersionPseudonymized) throws -> Bool {
    let columns = try store.engine.columns()
    return try store.engine.read(AnonymityProjection.kind) {
      try AnonymityReader($0, columns).versions(of: said.dataset)[said.number]?.tokens == said
    }
  }

  private func output(
    _ name: String, _ prepared: DatasetCommit.Prepared,
    derivations: [RunCompleted.Derivation] = []
  ) -> RunCompleted.Output {
    RunCompleted.Output(
      dataset: name, number: prepared.commit.version, root: prepared.root.hex,
      isNew: prepared.commit.isNew, derivations: derivations)
  }

  /// Appends a run from its first event to its last, with what it made in between.
  private func append(
    _ events: [NewEvent], _ outputs: [RunCompleted.Output], _ prepared: Preparation,
    _ clock: RunClock
  ) async throws {
    let id = clock.id
    let stream = "\(RunProjection.streamPrefix)\(id)"
    func event<Event: ModelEvent>(_ content: Event) -> NewEvent {
      NewEvent(
        id: Event.type == RunStarted.type ? id : nil, stream: stream, type: Event.type,
        typeVersion: Event.version, content: content.content)
    }
    var purpose: String?
    if case .keyed(let name) = tokens { purpose = name }
    let started = RunStarted(
      run: "\(id)", job: Self.job, purpose: purpose, ground: nil, host: try store.hostName(),
      commit: nil,
      isDirty: nil,
      inputs: [
        .init(
          dataset: dataset.name, number: version.number, root: version.root.hex, drift: nil)
      ], outputs: outputs.map(\.dataset), tools: [])
    let keyring = store.folder.keyring!
    let runKey = try await store.folder.ledger().locked { try keyring.makeRunKey() }
    var annotated = event(
      RunAnnotated(
        run: "\(id)",
        start: .init(
          command: command(prepared), directory: FileManager.default.currentDirectoryPath,
          parameters: [], environment: [], code: [])))
    annotated.runKey = runKey
    let completed = RunCompleted(
      run: "\(id)", job: Self.job, usage: clock.usage(store), events: 0, outputs: outputs)
    try await store.appendVersions(
      [event(started), annotated] + events + [event(completed)],
      of: outputs.map(\.dataset).joined(separator: ", "), whileLive: prepared.key)
  }

  /// As the command line says it.
  private func command(_ prepared: Preparation) -> [String] {
    var words = ["custody", "dataset", "pseudonymize", prepared.source.name]
    for name in prepared.columns.names { words += ["--column", name] }
    if case .keyed(let purpose) = tokens { words += ["--tokens", "keyed", "--purpose", purpose] }
    if target != dataset.name { words += ["--to", target] }
    return words
  }

  private func result(
    _ prepared: Preparation, _ commit: Datasets.Commit?, run: EventID?
  ) -> Datasets.Pseudonymized {
    let columns = zip(prepared.columns.names, prepared.mint.counts()).map {
      Datasets.Pseudonymized.Column(name: $0, values: $1.values, newTokens: $1.new)
    }
    return Datasets.Pseudonymized(
      dataset: target, source: (dataset.name, version.number), commit: commit,
      records: prepared.source.ordinals.count, missing: prepared.source.missing, columns: columns,
      table: tokens == .random ? PseudonymTable.name(of: dataset.name) : nil, key: prepared.key,
      run: run, namingColumn: open(prepared.columns.subject, prepared),
      openKey: open(prepared.columns.keyName, prepared), isOrderKept: !prepared.columns.hasKey)
  }

  /// A column, unless it has tokens.
  private func open(_ column: String?, _ prepared: Preparation) -> String? {
    let tokens = prepared.columns.names + prepared.before.columns.map(\.name)
    return column.flatMap { tokens.contains($0) ? nil : $0 }
  }
}

extension VersionContents {
  /// The frame of a table, and its bytes.
  func tableFrame() throws -> (frame: TableFrame, bytes: [UInt8]) {
    let bytes = try frame()
    do throws(TableFault) {
      return (try TableFrame(parsing: bytes), bytes)
    } catch {
      throw CustodyError(.damaged, "The frame of the version is not one. Run: custody verify")
    }
  }
}
