import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

/// Commits what a source holds as the next version of a dataset.
///
/// The source is read twice: once to check it, so that what cannot be committed changes nothing, and
/// once to seal it. Objects are stored before the event that names them; a kill in between leaves
/// objects that nothing names.
struct DatasetCommit {
  let store: Store
  let dataset: DatasetRow
  let message: String?
  let registersUnknown: Bool
  let progress: Datasets.Progress?

  private let folder: StoreFolder
  private let sealing: RecordSealing

  init(
    store: Store, dataset: DatasetRow, message: String?, registersUnknown: Bool,
    progress: Datasets.Progress?
  ) throws {
    self.store = store
    self.dataset = dataset
    self.message = message
    self.registersUnknown = registersUnknown
    self.progress = progress
    folder = store.folder
    sealing = try RecordSealing(folder: store.folder, dataset: dataset)
  }

  func run(_ source: any DatasetSource) async throws -> Datasets.Commit {
    let stream = "\(DatasetProjection.streamPrefix)\(dataset.name)"
    let last = try store.engine.read(DatasetProjection.kind) {
      try DatasetReader($0).newest(of: dataset.id)
    }
    let revision = try folder.read { reader in
      try reader.nameID(stream).flatMap { try reader.newestRevision(of: $0) }
    }
    let unknown = try await check(source)
    if !unknown.isEmpty {
      guard registersUnknown else {
        throw CustodyError(
          .unknownSubject,
          "\(unknown.count) of the people in \(source.name) are not registered, and --no-register "
            + "was given.")
      }
      try await store.subjects.register(unknown, dataClass: dataset.dataClass)
    }
    var changes = try ChangeCollector(last: last, dataset: dataset, store: store)
    var done = 0
    try await source.forEachBatch { batch in
      let sealed = try await sealing.seal(batch)
      try store.engine.readUncaught { connection in
        let reader = DatasetReader(connection)
        for (record, sealed) in zip(batch, sealed) { try changes.take(record, sealed, reader) }
      }
      done += sealed.reduce(0) { $0 + $1.size }
      progress?(done, source.size)
    }
    try changes.removeUnseen()
    if let frame = source.frame, frame.count > Limits.contentSizeMax {
      throw CustodyError(
        .invalidInput, "\(source.name): its header is too long, or its line ends change too often.")
    }
    let frame = try await source.frame.asyncMap { try await sealing.sealOperations([$0])[0] }
    let orders =
      changes.order.isAscending
      ? [] : try await sealing.sealOperations(RecordOrder.encoded(changes.order.runs))
    if let last, changes.isEmpty, frame == last.frame, orders == last.orders {
      return Datasets.Commit(
        version: last.number, isNew: false, records: last.records, added: 0, changed: 0, removed: 0,
        registered: unknown.count)
    }
    let addresses = try await sealing.sealOperations(changes.contents())
    let event = DatasetVersionCommitted(
      dataset: dataset.name, number: (last?.number ?? 0) + 1, parent: last?.root.hex,
      root: try changes.root().hex,
      records: changes.records, bytes: changes.bytes, added: changes.added,
      changed: changes.changed, removed: changes.removed, run: nil, message: message,
      changes: addresses.map(\.hex), order: orders.map(\.hex), frame: frame?.hex)
    try await store.appendOwn(
      NewEvent(
        stream: stream, type: DatasetVersionCommitted.type,
        typeVersion: DatasetVersionCommitted.version,
        expectedRevision: revision.map { .exactly(Revision($0)) } ?? .none,
        content: event.content))
    return Datasets.Commit(
      version: event.number, isNew: true, records: event.records, added: event.added,
      changed: event.changed, removed: event.removed, registered: unknown.count)
  }

  /// Goes through the source without writing.
  ///
  /// - Returns: identifiers of people who are not registered, in the order of the source.
  private func check(_ source: any DatasetSource) async throws -> [String] {
    var places: [EventID: Int] = [:]
    var names: [String] = []
    var unknown: [String] = []
    var known: Set<String> = []
    let keyring = folder.keyring!
    try await source.forEachBatch { batch in
      for record in batch {
        guard record.key.count <= RecordContent.naturalKeyByteCountMax, !record.key.isEmpty else {
          throw CustodyError(
            .invalidInput,
            "The natural key is empty or longer than \(RecordContent.naturalKeyByteCountMax) bytes.",
            at: .init(file: "\(source.name), \(record.place)"))
        }
        let hash = try sealing.keyHash(of: record.key)
        if let earlier = places.updateValue(names.count, forKey: hash) {
          throw CustodyError(
            .invalidInput,
            "\(source.name): \(names[earlier]) and \(record.place) have the same natural key. Name "
              + "a column whose values differ, or leave --key away.")
        }
        names.append(record.place)
        for subject in record.subjects where known.insert(subject).inserted {
          try Subjects.check(subject, "identifier")
          if try keyring.subjectKey(subject, dataClass: dataset.dataClass) == nil {
            unknown.append(subject)
          }
        }
      }
    }
    return unknown
  }
}

extension Optional {
  fileprivate func asyncMap<R>(_ body: (Wrapped) async throws -> R) async rethrows -> R? {
    guard let self else { return nil }
    return try await body(self)
  }
}

/// What a commit changes, as its records come.
private struct ChangeCollector {
  private let last: VersionRow?
  private let dataset: DatasetRow
  private let store: Store
  private let objects: StoredObjects
  private var packer = RecordChange.Packer()
  private var packed: [[UInt8]] = []
  /// Ordinals that the source has, a bit each.
  private var seen: [UInt64] = []
  private var next: Int
  /// What the tree over the new version needs: ordinals with their addresses, nil when removed.
  private var addresses: [(ordinal: Int, address: Digest?)] = []
  private(set) var order = RecordOrderBuilder()
  private(set) var records = 0
  private(set) var bytes = 0
  private(set) var added = 0
  private(set) var changed = 0
  private(set) var removed = 0

  var isEmpty: Bool { added + changed + removed == 0 }

  init(last: VersionRow?, dataset: DatasetRow, store: Store) throws {
    self.last = last
    self.dataset = dataset
    self.store = store
    objects = try StoredObjects(folder: store.folder)
    next = last?.next ?? 0
  }

  mutating func take(
    _ record: SourceRecord, _ sealed: SealedRecord, _ reader: DatasetReader
  ) throws {
    records += 1
    bytes += sealed.size
    let known = try reader.ordinal(of: sealed.keyHash, in: dataset.id)
    let ordinal = known ?? next
    if known == nil { next += 1 }
    order.add(ordinal)
    note(ordinal)
    if let known, let last, let row = try reader.record(known, of: dataset.id, in: last.number) {
      if row.address == sealed.address { return }
      changed += 1
    } else {
      added += 1
    }
    put(
      RecordChange(
        ordinal: ordinal,
        put: .init(
          address: sealed.address, keyIDs: sealed.keyIDs,
          name: try objects.sealedName(sealed.keyHash, under: sealed.keyIDs), file: record.file)),
      sealed.address)
  }

  private mutating func put(_ change: RecordChange, _ address: Digest?) {
    if let full = packer.add(change) { packed.append(full) }
    addresses.append((change.ordinal, address))
  }

  private mutating func note(_ ordinal: Int) {
    while seen.count <= ordinal / 64 { seen.append(0) }
    seen[ordinal / 64] |= 1 << UInt64(ordinal % 64)
  }

  private func isSeen(_ ordinal: Int) -> Bool {
    ordinal / 64 < seen.count && seen[ordinal / 64] >> UInt64(ordinal % 64) & 1 == 1
  }

  /// Records of the last version that the source has no more.
  mutating func removeUnseen() throws {
    guard let last else { return }
    var gone: [Int] = []
    try store.forEachRecord(of: dataset.id, in: last.number) { row in
      if !isSeen(row.ordinal) { gone.append(row.ordinal) }
    }
    for ordinal in gone {
      removed += 1
      put(RecordChange(ordinal: ordinal, put: nil), nil)
    }
  }

  /// The contents of the change set's objects.
  mutating func contents() -> [[UInt8]] {
    if let rest = packer.finish() { packed.append(rest) }
    return packed
  }

  /// The root over every record of the new version.
  mutating func root() throws -> Digest {
    addresses.sort { $0.ordinal < $1.ordinal }
    var root = VersionRootBuilder()
    var rest = addresses[...]
    func drain(_ rest: inout ArraySlice<(ordinal: Int, address: Digest?)>, below ordinal: Int) {
      while let change = rest.first, change.ordinal < ordinal {
        if let address = change.address { root.add(UInt64(change.ordinal), address) }
        rest = rest.dropFirst()
      }
    }
    if let last {
      try store.forEachRecord(of: dataset.id, in: last.number) { row in
        drain(&rest, below: row.ordinal)
        if let change = rest.first, change.ordinal == row.ordinal {
          if let address = change.address { root.add(UInt64(row.ordinal), address) }
          rest = rest.dropFirst()
        } else {
          root.add(UInt64(row.ordinal), row.address)
        }
      }
    }
    drain(&rest, below: .max)
    return root.root
  }
}

extension Store {
  /// Every record of a version, by ordinal.
  func forEachRecord(
    of dataset: Int64, in version: Int, _ body: (RecordRow) throws -> Void
  ) throws {
    var from = 0
    while true {
      let page = try engine.readUncaught {
        try DatasetReader($0).records(of: dataset, in: version, from: from, limit: 4096)
      }
      for row in page { try body(row) }
      guard let end = page.last, page.count == 4096 else { return }
      from = end.ordinal + 1
    }
  }
}
