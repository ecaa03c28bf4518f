import CustodyModel
import CustodyProjections
import CustodyStore

/// A version with the records of an old one, all or some, and else those of the newest.
struct VersionMix {
  private let store: Store
  private let dataset: DatasetRow
  private let source: VersionRow
  private let newest: VersionRow
  private let scan: RecordScan
  private let newestScan: RecordScan
  private let objects: StoredObjects
  /// Nil when every record becomes what it was.
  private let chosen: Set<Int>?

  private var packer = RecordChange.Packer()
  private var packed: [[UInt8]] = []
  private var root = VersionRootBuilder()
  private var ordinals: Set<Int> = []
  private var bytes = 0
  private var counts = (added: 0, changed: 0, removed: 0)
  /// Whether something differs from the newest version besides records that it has lost too.
  private var isDifferent = false
  private(set) var missing = 0

  init(
    store: Store, dataset: DatasetRow, source: VersionRow, newest: VersionRow, chosen: [Int]?
  ) throws {
    self.store = store
    self.dataset = dataset
    self.source = source
    self.newest = newest
    self.chosen = chosen.map(Set.init)
    scan = RecordScan(store: store, dataset: dataset, version: source)
    newestScan = RecordScan(store: store, dataset: dataset, version: newest)
    objects = try StoredObjects(folder: store.folder)
    if chosen != nil { try checkColumns() }
    for version in [source, newest] { try store.checkRecords(of: dataset, in: version) }
  }

  /// A single row fits only under the header that it had.
  private func checkColumns() throws {
    guard dataset.kind != Datasets.Kind.files.rawValue else { return }
    let frames = try [source, newest].map {
      try ContentComparison.Side(store, dataset, $0).frame
    }
    guard frames[0]?.header == frames[1]?.header else {
      throw CustodyError(
        .invalidInput,
        "v\(source.number) of \(dataset.name) has other columns than v\(newest.number): its rows do "
          + "not fit one by one. Restore the whole version.")
    }
  }

  /// Goes through both versions, ordinal by ordinal.
  mutating func go() throws {
    if chosen != nil { bytes = newest.bytes }
    let end = max(source.next, newest.next)
    for start in stride(from: 0, to: end, by: RecordScan.pageSize) {
      let page = start..<min(start + RecordScan.pageSize, end)
      let rows = try store.engine.readUncaught { connection in
        let reader = DatasetReader(connection)
        return try [source, newest].map {
          try reader.rows(of: dataset.id, in: $0.number, page)
        }
      }
      // Of the newest version, only what is replaced has to be opened, for its size.
      let wanted = rows[0].filter { chosen?.contains($0.ordinal) ?? true }
      let opened = Dictionary(
        uniqueKeysWithValues: try scan.open(wanted).map { ($0.row.ordinal, $0) })
      let current = Dictionary(uniqueKeysWithValues: rows[1].map { ($0.ordinal, $0) })
      for ordinal in page {
        if let chosen, !chosen.contains(ordinal) {
          if let row = current[ordinal] { keep(row) }
        } else {
          try take(opened[ordinal], current[ordinal], ordinal)
        }
      }
    }
  }

  private mutating func keep(_ row: RecordRow) {
    ordinals.insert(row.ordinal)
    root.add(UInt64(row.ordinal), row.address)
  }

  /// A record as it was, and as it is.
  private mutating func take(
    _ entry: RecordScan.Entry?, _ current: RecordRow?, _ ordinal: Int
  ) throws {
    guard let entry, let content = entry.content, let size = entry.size else {
      if entry != nil { missing += 1 }
      // Of single records, what is gone changes nothing.
      if let current, chosen != nil { return keep(current) }
      guard let current else { return }
      counts.removed += 1
      if current.address != entry?.row.address { isDifferent = true }
      put(RecordChange(ordinal: ordinal, put: nil))
      return
    }
    bytes += size
    if let current, chosen != nil { bytes -= try newestScan.open([current])[0].size ?? 0 }
    keep(entry.row)
    guard entry.row.address != current?.address else { return }
    if current == nil { counts.added += 1 } else { counts.changed += 1 }
    isDifferent = true
    let keyIDs = try scan.keyIDs(of: entry.row)
    let hash = objects.keyHash(of: content.naturalKey, in: dataset.name)
    put(
      RecordChange(
        ordinal: ordinal,
        put: .init(
          address: entry.row.address, keyIDs: keyIDs,
          name: try objects.sealedName(hash, under: keyIDs), file: entry.row.file)))
  }

  private mutating func put(_ change: RecordChange) {
    if let full = packer.add(change) { packed.append(full) }
  }

  // MARK: - Order

  /// The order of what there is now; empty when it is that of the ordinals.
  private func order() throws -> RecordOrderBuilder {
    let base = try chosen == nil ? ordered(scan, source) : merged()
    var builder = RecordOrderBuilder()
    for ordinal in base where ordinals.contains(ordinal) { builder.add(ordinal) }
    return builder
  }

  /// The ordinals in the order of a version; ascending ones of what there is now if it has none.
  private func ordered(_ scan: RecordScan, _ version: VersionRow) throws -> [Int] {
    let runs = try scan.runs()
    return version.orders.isEmpty ? ordinals.sorted() : runs.flatMap { Array($0) }
  }

  /// The newest version's order, with what it lacks after what stood before it.
  private func merged() throws -> [Int] {
    let current = try ordered(newestScan, newest)
    guard !newest.orders.isEmpty else { return current }
    let isThere = Set(current)
    var after: [Int: [Int]] = [:]
    var last = -1
    for ordinal in try ordered(scan, source) where ordinals.contains(ordinal) {
      if isThere.contains(ordinal) {
        last = ordinal
      } else {
        after[last, default: []].append(ordinal)
      }
    }
    return (after[-1] ?? []) + current.flatMap { [$0] + (after[$0] ?? []) }
  }

  // MARK: - The version

  /// The event of the new version; nil when it would be the newest one again.
  mutating func version(message: String) async throws -> DatasetVersionCommitted? {
    let frame = chosen == nil ? source.frame : newest.frame
    let isFiles = dataset.kind == Datasets.Kind.files.rawValue
    let order = try order()
    if !isDifferent, frame == newest.frame {
      var old = RecordOrderBuilder()
      for ordinal in try ordered(newestScan, newest) where ordinals.contains(ordinal) {
        old.add(ordinal)
      }
      guard !isFiles, old.runs != order.runs else { return nil }
    }
    let sealing = try RecordSealing(folder: store.folder)
    let orders =
      isFiles || order.isAscending
      ? [] : try await sealing.sealOperations(RecordOrder.encoded(order.runs))
    if let rest = packer.finish() { packed.append(rest) }
    let changes = try await sealing.sealOperations(packed)
    try await sealing.finish()
    return DatasetVersionCommitted(
      dataset: dataset.name, number: newest.number + 1, parent: newest.root.hex,
      root: root.root.hex,
      records: ordinals.count, bytes: bytes, added: counts.added, changed: counts.changed,
      removed: counts.removed, run: nil, message: message, changes: changes.map(\.hex),
      order: orders.map(\.hex), frame: frame?.hex, restored: source.number)
  }
}

extension DatasetReader {
  /// Records of a version with ordinals in a range, ascending.
  fileprivate func rows(
    of dataset: Int64, in version: Int, _ range: Range<Int>
  ) throws -> [RecordRow] {
    try records(of: dataset, in: version, from: range.lowerBound, limit: range.count)
      .prefix { $0.ordinal < range.upperBound }.map { $0 }
  }
}
