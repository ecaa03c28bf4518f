import CustodyLedger
import CustodyStore

/// Adds up the keyed hashes of rows, collected and then hashed many at a time beside the thread that
/// adds more.
///
/// The hash of a row is SHA-256 over a block with the key and a prefix-free encoding. For one thread
/// at a time.
final class RowHasher {
  /// Bytes of rows that are collected before they are hashed.
  private static let collectedSizeMax = 1 << 20
  /// SHA-256's block: the key, of 32 bytes, has one of its own.
  private static let blockSize = 64

  private let block: SecretBytes
  private var rows = EncodedRows(capacity: 2 * RowHasher.collectedSizeMax)
  /// Rows that are being hashed; then of use again.
  private var others = EncodedRows(capacity: 2 * RowHasher.collectedSizeMax)
  private var hashing: EarlyResult<Void, Never>?
  private var sum = RowDigest()

  init(key: SecretBytes) {
    block = SecretBytes(count: Self.blockSize) { block in
      key.withUnsafeBytes { block.copyMemory(from: $0) }
    }
  }

  deinit { hashing?.abandon() }

  /// What a row's encoding begins with.
  static func prefix(_ table: String, _ columns: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.writeString(table)
    writer.write(UInt16(columns))
    return writer.bytes
  }

  // MARK: - One row

  func begin(_ prefix: [UInt8]) {
    prefix.withUnsafeBytes { rows.write($0) }
  }

  /// A type tag, and the value with its length. Projections have no column of type REAL.
  @inline(__always)
  func add(_ value: AuditValue) {
    switch value {
    case .null, .real: rows.write(UInt8(0))
    case .integer(let number):
      rows.write(UInt8(1))
      rows.write(UInt64(bitPattern: number))
    case .text(let text): rows.write(2, text)
    case .bytes(let blob): rows.write(3, blob)
    }
  }

  /// - Parameter isRemoved: whether it is gone rather than there.
  func end(isRemoved: Bool = false) {
    rows.end(isRemoved: isRemoved)
    if rows.count >= Self.collectedSizeMax { hashBeside() }
  }

  // MARK: - All of them

  /// The digest of `digest`'s rows and of those added and removed since the last call.
  func take(onto digest: RowDigest = RowDigest()) -> RowDigest {
    collect()
    rows.hash(block)
    swap(&rows, &others)
    collect()
    defer { sum = RowDigest() }
    var whole = digest
    whole.add(sum)
    return whole
  }

  private func hashBeside() {
    collect()
    swap(&rows, &others)
    hashing = EarlyResult { [others, block] in others.hash(block) }
  }

  /// Waits for the rows that are being hashed, and adds them up.
  private func collect() {
    hashing?.value()
    hashing = nil
    sum.add(others.sum)
    others.removeAll()
  }
}

/// Rows as they are hashed, one after another. Belongs to one thread at a time.
private final class EncodedRows: @unchecked Sendable {
  private struct Row {
    let end: Int
    let isRemoved: Bool
  }

  private var bytes: UnsafeMutableRawBufferPointer
  private(set) var count = 0
  private var rows: [Row] = []
  private(set) var sum = RowDigest()

  init(capacity: Int) { bytes = .allocate(byteCount: capacity, alignment: 16) }

  deinit { bytes.deallocate() }

  @inline(__always)
  func write(_ tag: UInt8, _ value: UnsafeRawBufferPointer) {
    write(tag)
    write(UInt64(value.count))
    write(value)
  }

  @inline(__always)
  func write<T: FixedWidthInteger>(_ value: T) {
    reserve(MemoryLayout<T>.size)
    bytes.storeBytes(of: value.bigEndian, toByteOffset: count, as: T.self)
    count += MemoryLayout<T>.size
  }

  @inline(__always)
  func write(_ value: UnsafeRawBufferPointer) {
    reserve(value.count)
    UnsafeMutableRawBufferPointer(rebasing: bytes[count...]).copyMemory(from: value)
    count += value.count
  }

  @inline(__always)
  private func reserve(_ more: Int) {
    if count + more > bytes.count { grow(to: max(count + more, 2 * bytes.count)) }
  }

  private func grow(to size: Int) {
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    bytes.deallocate()
    bytes = larger
  }

  func end(isRemoved: Bool) { rows.append(Row(end: count, isRemoved: isRemoved)) }

  /// Adds the hashes of all rows to ``sum``.
  func hash(_ block: SecretBytes) {
    let sha256 = SHA256()
    var start = 0
    for row in rows {
      sha256.begin()
      block.withUnsafeBytes { sha256.update($0) }
      sha256.update(UnsafeRawBufferPointer(rebasing: bytes[start..<row.end]))
      if row.isRemoved { sum.remove(sha256.end()) } else { sum.add(sha256.end()) }
      start = row.end
    }
  }

  func removeAll() {
    rows.removeAll(keepingCapacity: true)
    count = 0
    sum = RowDigest()
  }
}
