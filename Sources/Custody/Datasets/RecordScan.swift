import CustodyModel
import CustodyProjections
import CustodyStore

/// Goes through the records of a version as far as what they are called, whom they are about and
/// how large they are; the bytes of large ones stay where they are.
final class RecordScan {
  /// A record of a version.
  struct Entry: Sendable {
    let row: RecordRow
    /// Nil when it is gone: its object was removed, or a key destroyed.
    let content: RecordContent?

    /// Its natural key.
    var key: String? { content.map { String(decoding: $0.naturalKey, as: UTF8.self) } }

    /// Its bytes in all.
    var size: Int? {
      switch content?.bytes {
      case .whole(let bytes): bytes.count
      case .pieces(let total, _): total
      case nil: nil
      }
    }
  }

  private let store: Store
  private let dataset: DatasetRow
  private let version: VersionRow
  private let objects: WorkerPool<StoredObjects>
  private var keyIDs: [Int64: [KeyID]] = [:]

  /// Records opened at a time, each of at most 1 MiB in one object.
  static let pageSize = 256

  init(store: Store, dataset: DatasetRow, version: VersionRow) {
    self.store = store
    self.dataset = dataset
    self.version = version
    let folder = store.folder
    objects = WorkerPool { try StoredObjects(folder: folder) }
  }

  /// The records with some ordinals, in that order; nil for one that the version has not.
  func entries(_ ordinals: some Sequence<Int>) throws -> [Entry?] {
    let rows = try store.engine.readUncaught { connection in
      let reader = DatasetReader(connection)
      return try ordinals.map { try reader.record($0, of: dataset.id, in: version.number) }
    }
    var opened = try open(rows.compactMap { $0 })[...]
    return rows.map { $0 == nil ? nil : opened.popFirst() }
  }

  /// Opens records, on all cores.
  func open(_ rows: [RecordRow]) throws -> [Entry] {
    let objects = objects
    return try Parallel.map(rows.count) { range in
      guard !range.isEmpty else { return [] }
      return try objects.with { objects in
        try objects.atOnce { try rows[range].map { try Self.entry($0, objects) } }
      }
    }
  }

  private static func entry(_ row: RecordRow, _ objects: StoredObjects) throws -> Entry {
    guard case .opened(let bytes, let isList) = try objects.content(at: row.address) else {
      return Entry(row: row, content: nil)
    }
    guard let content = RecordContent(parsing: bytes, isList: isList) else {
      throw CustodyError(
        .damaged, "A record is not one. Run: custody verify --level contents")
    }
    return Entry(row: row, content: content)
  }

  /// The keys that seal a record, also one that is gone.
  func keyIDs(of row: RecordRow) throws -> [KeyID] {
    if let known = keyIDs[row.keys] { return known }
    let found = try store.engine.readUncaught { try DatasetReader($0).keyIDs(row.keys) }
    keyIDs[row.keys] = found
    return found
  }

  /// The records, in the order of the version.
  ///
  /// - Parameter filter: leaves out whoever is about other people, and opens nothing of them.
  func forEach(about filter: RecordFilter? = nil, _ body: (Entry) throws -> Void) throws {
    let chosen = try filter?.keySets.map(ordinals)
    guard chosen != nil || !version.orders.isEmpty else { return try forEachByOrdinal(body) }
    var batch: [Int] = []
    func flush() throws {
      for entry in try entries(batch) { try entry.map(body) }
      batch.removeAll(keepingCapacity: true)
    }
    func take(_ ordinal: Int) throws {
      batch.append(ordinal)
      if batch.count == Self.pageSize { try flush() }
    }
    if version.orders.isEmpty {
      for ordinal in chosen?.sorted() ?? [] { try take(ordinal) }
    } else {
      for run in try runs() {
        for ordinal in run where chosen?.contains(ordinal) ?? true { try take(ordinal) }
      }
    }
    try flush()
  }

  /// The ordinals of the records that are sealed under one of some sets of keys.
  private func ordinals(under keySets: Set<Int64>) throws -> Set<Int> {
    try store.engine.readUncaught { connection in
      let reader = DatasetReader(connection)
      return try keySets.reduce(into: []) {
        $0.formUnion(try reader.ordinals(under: $1, of: dataset.id, in: version.number))
      }
    }
  }

  private func forEachByOrdinal(_ body: (Entry) throws -> Void) throws {
    try forEachPage { for entry in try open($0) { try body(entry) } }
  }

  /// Where each record stands in the order of the version.
  func places() throws -> OrderMoves.Places {
    var places = OrderMoves.Places()
    if version.orders.isEmpty {
      try forEachPage { for row in $0 { places.add(row.ordinal) } }
    } else {
      for run in try runs() { for ordinal in run { places.add(ordinal) } }
    }
    return places
  }

  /// What the tables say of every record, by ordinal, page by page.
  func forEachPage(_ body: ([RecordRow]) throws -> Void) throws {
    try store.forEachPage(of: dataset.id, in: version.number, size: Self.pageSize, body)
  }

  /// The ordinals in the order of the version, as runs; none when they ascend.
  func runs() throws -> [Range<Int>] {
    guard !version.orders.isEmpty else { return [] }
    return try version.orders.flatMap { address in
      guard case .opened(let content, _) = try objects.with({ try $0.content(at: address) }),
        let runs = RecordOrder.parse(content)
      else {
        throw CustodyError(.damaged, "The order of the version is missing. Run: custody verify")
      }
      return runs
    }
  }
}
