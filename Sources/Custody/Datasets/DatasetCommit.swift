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
  /// Where the source is, of a commit by hand.
  var path: String?
  /// The id of the run that commits.
  var run: String?
  /// Called with every record and its ordinal, in the order of the source.
  var each: ((_ ordinal: Int, SourceRecord) throws -> Void)?

  /// Everything but the event is on the disk: nobody sees it before that is appended.
  struct Prepared {
    let commit: Datasets.Commit
    let root: Digest
    /// Nil when nothing changed.
    let event: NewEvent?
  }

  func commit(_ source: any DatasetSource) async throws -> Datasets.Commit {
    let prepared = try await prepare(source)
    if let event = prepared.event { try await store.appendVersions([event], of: dataset.name) }
    return prepared.commit
  }

  func prepare(_ source: any DatasetSource) async throws -> Prepared {
    let stream = "\(DatasetProjection.streamPrefix)\(dataset.name)"
    // First the revision: a version that comes after it is a conflict then.
    let revision = try store.folder.read { reader in
      try reader.nameID(stream).flatMap { try reader.newestRevision(of: $0) }
    }
    let last = try store.engine.read(DatasetProjection.kind) {
      try DatasetReader($0).newest(of: dataset.id)
    }
    var survey = try await SourceSurvey.run(source, of: dataset, since: last, in: store)
    let registered = try await survey.registerUnknown(in: source, isAllowed: registersUnknown)
    let sealing = try RecordSealing(
      folder: store.folder, people: survey.people, count: survey.ordinals.count)
    var changes = ChangeCollector(
      last: last, dataset: dataset, store: store, count: last == nil ? survey.ordinals.count : 0)
    var changeSet: [Digest] = []
    var done = 0
    let known = last.map { KnownRecords(store, dataset, $0) }
    try await sealing.seal(source, survey, since: known) { sealed, batch in
      for (index, record) in sealed.enumerated() {
        changes.take(record)
        done += record.size
        if let each { try each(record.ordinal, try batch.record(index)) }
      }
      changeSet += try await sealing.sealOperations(changes.takeFull())
      progress?(done, source.size)
    }
    guard changes.records == survey.ordinals.count else { throw source.changed }
    let root = try changes.finish { survey.has($0) }
    if let frame = source.frame, frame.count > Limits.contentSizeMax {
      throw CustodyError(
        .invalidInput, "\(source.name): its header is too long, or its line ends change too often.")
    }
    let frame = try await source.frame.asyncMap { try await sealing.sealOperations([$0])[0] }
    // Files have no order but that of their names.
    let orders =
      changes.order.isAscending || dataset.kind == Datasets.Kind.files.rawValue
      ? [] : try await sealing.sealOperations(RecordOrder.encoded(changes.order.runs))
    if let last, changes.isEmpty, frame == last.frame, orders == last.orders {
      return Prepared(
        commit: Datasets.Commit(
          version: last.number, isNew: false, records: last.records, added: 0, changed: 0,
          removed: 0, registered: registered), root: last.root, event: nil)
    }
    changeSet += try await sealing.sealOperations(changes.takeFull())
    try await sealing.finish()
    let event = DatasetVersionCommitted(
      dataset: dataset.name, number: (last?.number ?? 0) + 1, parent: last?.root.hex,
      root: root.hex,
      records: changes.records, bytes: changes.bytes, added: changes.added,
      changed: changes.changed, removed: changes.removed, run: run, message: message,
      changes: changeSet.map(\.hex), order: orders.map(\.hex), frame: frame?.hex,
      source: try nameless(path))
    return Prepared(
      commit: Datasets.Commit(
        version: event.number, isNew: true, records: event.records, added: event.added,
        changed: event.changed, removed: event.removed, registered: registered), root: root,
      event: NewEvent(
        stream: stream, type: DatasetVersionCommitted.type,
        typeVersion: DatasetVersionCommitted.version,
        expectedRevision: revision.map { .exactly(Revision($0)) } ?? .none,
        content: event.content))
  }

  /// A path that names nobody, everybody whom the source names among them: no erasure reaches it.
  private func nameless(_ path: String?) throws -> String? {
    try path.flatMap { try store.folder.keyring?.holdsIdentifier($0) == false ? $0 : nil }
  }
}

extension Optional {
  func asyncMap<R>(_ body: (Wrapped) async throws -> R) async rethrows -> R? {
    guard let self else { return nil }
    return try await body(self)
  }
}

/// What a commit changes, as its records come.
private struct ChangeCollector {
  private let last: VersionRow?
  private let dataset: DatasetRow
  private let store: Store
  private var packer = RecordChange.Packer()
  private var full: [[UInt8]] = []
  /// What the tree over the new version needs, record by record: where and what they are now.
  private var changedOrdinals: [UInt32] = []
  private var changedAddresses: [Digest] = []
  private(set) var order = RecordOrderBuilder()
  private(set) var records = 0
  private(set) var bytes = 0
  private(set) var added = 0
  private(set) var changed = 0
  private(set) var removed = 0

  var isEmpty: Bool { added + changed + removed == 0 }

  /// - Parameter count: how many records change at least.
  init(last: VersionRow?, dataset: DatasetRow, store: Store, count: Int) {
    self.last = last
    self.dataset = dataset
    self.store = store
    changedOrdinals.reserveCapacity(count)
    changedAddresses.reserveCapacity(count)
  }

  mutating func take(_ record: SealedRecord) {
    records += 1
    bytes += record.size
    order.add(record.ordinal)
    if record.before == record.address { return }
    if record.before == nil { added += 1 } else { changed += 1 }
    put(
      RecordChange(
        ordinal: record.ordinal,
        put: .init(
          address: record.address, keyIDs: record.keyIDs, name: record.name, file: record.file)))
    changedOrdinals.append(UInt32(record.ordinal))
    changedAddresses.append(record.address)
  }

  private mutating func put(_ change: RecordChange) {
    if let content = packer.add(change) { full.append(content) }
  }

  /// Contents of objects of the change set that are complete.
  mutating func takeFull() -> [[UInt8]] {
    defer { full = [] }
    return full
  }

  /// Notes what the source has no more, and computes the root over every record of the new version.
  mutating func finish(_ has: (Int) -> Bool) throws -> Digest {
    let isSorted = zip(changedOrdinals, changedOrdinals.dropFirst()).allSatisfy(<)
    var places = Array(changedOrdinals.indices)
    if !isSorted { places.sort { changedOrdinals[$0] < changedOrdinals[$1] } }
    var rest = places[...]
    var root = VersionRoot()
    func drain(below ordinal: Int) {
      while let place = rest.first, Int(changedOrdinals[place]) < ordinal {
        root.add(Int(changedOrdinals[place]), changedAddresses[place])
        rest.removeFirst()
      }
    }
    var gone: [Int] = []
    if let last {
      var before = VersionRoot()
      try store.forEachRecord(of: dataset.id, in: last.number) { row in
        before.add(row.ordinal, row.address)
        drain(below: row.ordinal)
        if let place = rest.first, Int(changedOrdinals[place]) == row.ordinal {
          root.add(row.ordinal, changedAddresses[place])
          rest.removeFirst()
        } else if has(row.ordinal) {
          root.add(row.ordinal, row.address)
        } else {
          gone.append(row.ordinal)
        }
      }
      // What is taken over from the version before is what the ledger says it was.
      try store.checkRoot(before.finish(), of: dataset, in: last)
    }
    drain(below: .max)
    for ordinal in gone { put(RecordChange(ordinal: ordinal, put: nil)) }
    removed = gone.count
    if let content = packer.finish() { full.append(content) }
    return root.finish()
  }
}

/// Where the records of one version are.
struct KnownRecords: Sendable {
  private let store: Store
  private let dataset: DatasetRow
  private let version: VersionRow
  private static let pageSize = 4096

  init(_ store: Store, _ dataset: DatasetRow, _ version: VersionRow) {
    self.store = store
    self.dataset = dataset
    self.version = version
  }

  /// The address of each of some records, nil for one that the version has not. Ordinals that follow
  /// each other are read together.
  func addresses(of ordinals: ArraySlice<UInt32>) throws -> [Digest?] {
    try store.engine.readUncaught { connection in
      let reader = DatasetReader(connection)
      var found: [Digest?] = []
      found.reserveCapacity(ordinals.count)
      var page: ArraySlice<RecordRow> = []
      var covered = 0..<0
      for ordinal in ordinals {
        let ordinal = Int(ordinal)
        if !covered.contains(ordinal) {
          // A source in another order would read a page for each record.
          let limit = ordinal == covered.upperBound ? Self.pageSize : 1
          page = try reader.records(
            of: dataset.id, in: version.number, from: ordinal, limit: limit)[...]
          covered = ordinal..<max(ordinal + 1, page.count < limit ? .max : page.last!.ordinal + 1)
        }
        while let row = page.first, row.ordinal < ordinal { page.removeFirst() }
        found.append(page.first.flatMap { $0.ordinal == ordinal ? $0.address : nil })
        covered = ordinal + 1..<covered.upperBound
      }
      return found
    }
  }
}
