import CustodyLedger
import CustodyStore

/// Inserts rows of one table, several with one statement: entering and leaving a statement costs as
/// much as inserting.
///
/// A column keeps its value from row to row until it is bound again. Rows are in the table after
/// ``flush()``. Belongs to one connection and one thread at a time.
final class RowInserter {
  private static let rowCount = 32

  private let many: HotStatement
  private let one: HotStatement
  private let columnCount: Int
  private let blobColumn: Int
  private let blobSize: Int
  /// What stands in each column of each row that is not written yet; nil for NULL.
  private var values: [Int64?]
  private var current: [Int64?]
  private let blobs: UnsafeMutableRawBufferPointer
  private var count = 0

  /// - Parameter blob: the one column that holds bytes, always as many; the others hold integers.
  init(
    _ connection: OpaquePointer, into table: String, _ columns: [String],
    blob: (column: String, size: Int)
  ) throws {
    // What fails halts the projection, and its whole transaction is taken back: FAIL spares SQLite
    // to keep what it would need to take back one statement.
    func statement(_ count: Int) throws -> HotStatement {
      let row = "(\(columns.map { _ in "?" }.joined(separator: ", ")))"
      return try HotStatement(
        connection,
        """
        INSERT OR FAIL INTO \(table) (\(columns.joined(separator: ", ")))
        VALUES \(Array(repeating: row, count: count).joined(separator: ", "))
        """)
    }
    many = try statement(Self.rowCount)
    one = try statement(1)
    columnCount = columns.count
    blobColumn = columns.firstIndex(of: blob.column)!
    blobSize = blob.size
    values = Array(repeating: nil, count: columns.count * Self.rowCount)
    current = Array(repeating: nil, count: columns.count)
    blobs = .allocate(byteCount: blob.size * Self.rowCount, alignment: 16)
  }

  deinit { blobs.deallocate() }

  func bind(_ column: Int, _ value: Int64) { current[column] = value }

  func bindNull(_ column: Int) { current[column] = nil }

  /// Takes a row whose bytes are NULL.
  func run() throws { try take(hasBlob: false) }

  /// Takes a row.
  func run<T: BitwiseCopyable>(_ blob: T) throws {
    precondition(MemoryLayout<T>.size == blobSize)
    blobs.storeBytes(of: blob, toByteOffset: count * blobSize, as: T.self)
    try take(hasBlob: true)
  }

  private func take(hasBlob: Bool) throws {
    let start = count * columnCount
    for column in 0..<columnCount { values[start + column] = current[column] }
    values[start + blobColumn] = hasBlob ? 1 : nil
    count += 1
    if count == Self.rowCount {
      bind(many, 0..<count)
      count = 0
      try many.run()
    }
  }

  /// Writes the rows that were taken.
  func flush() throws {
    let rest = 0..<count
    count = 0
    for row in rest {
      bind(one, row..<row + 1)
      try one.run()
    }
  }

  private func bind(_ statement: HotStatement, _ rows: Range<Int>) {
    var parameter: Int32 = 1
    for row in rows {
      for column in 0..<columnCount {
        let value = values[row * columnCount + column]
        if column == blobColumn, value != nil {
          let start = row * blobSize
          statement.bind(
            parameter, UnsafeRawBufferPointer(rebasing: blobs[start..<start + blobSize]))
        } else if let value, column != blobColumn {
          statement.bind(parameter, value)
        } else {
          statement.bindNull(parameter)
        }
        parameter += 1
      }
    }
  }
}
