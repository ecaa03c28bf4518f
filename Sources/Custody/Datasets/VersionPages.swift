import CustodyModel
import CustodyProjections
import CustodyStore

/// The records of a version in its order, page by page, as they are asked for: whoever takes them may
/// wait in between.
struct VersionPages {
  private let store: Store
  private let dataset: DatasetRow
  private let version: VersionRow
  private let scan: RecordScan
  /// Ordinals that are not read yet.
  private var runs: ArraySlice<Range<Int>>
  /// Rows of key sets, and whether a key of theirs is gone.
  private var erased: [Int64: Bool] = [:]
  /// Records that are gone, of those that were read.
  private(set) var missing = 0

  /// - Parameter ordinals: another order, of some of its records.
  init(
    _ store: Store, _ dataset: DatasetRow, _ version: VersionRow, ordinals: [Int]? = nil
  ) throws {
    self.store = store
    self.dataset = dataset
    self.version = version
    scan = RecordScan(store: store, dataset: dataset, version: version)
    if let ordinals {
      runs = ordinals.map { $0..<$0 + 1 }[...]
    } else {
      runs = try version.orders.isEmpty ? [0..<version.next] : scan.runs()[...]
    }
  }

  /// The next records that are there, with their contents; nil after the last.
  ///
  /// - Throws: `damaged` for one that is missing though nobody was erased.
  mutating func next() throws -> [(row: RecordRow, content: RecordContent)]? {
    let rows = try nextRows()
    guard !rows.isEmpty else { return nil }
    var found: [(RecordRow, RecordContent)] = []
    found.reserveCapacity(rows.count)
    for entry in try scan.open(rows) {
      if let content = entry.content {
        found.append((entry.row, content))
      } else {
        try checkErased(entry.row)
        missing += 1
      }
    }
    return found
  }

  private mutating func nextRows() throws -> [RecordRow] {
    var (rows, left): ([RecordRow], ArraySlice<Range<Int>>) = ([], runs)
    try store.engine.readUncaught { connection in
      // One for all runs, of which an order may have one a record.
      let reader = DatasetReader(connection)
      while rows.count < RecordScan.pageSize, let run = left.first {
        let limit = min(run.count, RecordScan.pageSize - rows.count)
        let page = try reader.records(
          of: dataset.id, in: version.number, from: run.lowerBound, limit: limit)
        rows += page.prefix { $0.ordinal < run.upperBound }
        left.removeFirst()
        if page.count == limit, let last = page.last, last.ordinal + 1 < run.upperBound {
          left = [last.ordinal + 1..<run.upperBound] + left
        }
      }
    }
    runs = left
    return rows
  }

  private mutating func checkErased(_ row: RecordRow) throws {
    let isErased =
      try erased[row.keys] ?? (store.folder.keyring?.missing(scan.keyIDs(of: row)).isEmpty == false)
    erased[row.keys] = isErased
    guard isErased else {
      throw CustodyError(
        .damaged,
        "A record of \(dataset.name) is missing from objects.sqlite, and nobody was erased whom it is "
          + "about. Run: custody verify --level contents")
    }
  }
}
