import CustodyLedger
import CustodyStore

/// Adds up the keyed hashes of rows, collected and then hashed many at a time on all cores.
///
/// The hash of a row is SHA-256 over a block with the key and a prefix-free encoding. For one thread
/// at a time.
final class RowHasher {
  /// Bytes of rows that are collected before they are hashed.
  private static let collectedSizeMax = 1 << 20
  /// SHA-256's block: the key, of 32 bytes, has one of its own.
  private static let blockSize = 64

  private struct Row {
    let end: Int
    let isRemoved: Bool
  }

  private let block: SecretBytes
  private var bytes = UnsafeMutableRawBufferPointer.allocate(
    byteCount: 2 * RowHasher.collectedSizeMax, alignment: 16)
  private var count = 0
  private var rows: [Row] = []
  private var sum = RowDigest()

  init(key: SecretBytes) {
    block = SecretBytes(count: Self.blockSize) { block in
      key.withUnsafeBytes { block.copyMemory(from: $0) }
    }
  }

  deinit { bytes.deallocate() }

  /// What a row's encoding begins with.
  static func prefix(_ table: String, _ columns: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.writeString(table)
    writer.write(UInt16(columns))
    return writer.bytes
  }

  // MARK: - One row

  func begin(_ prefix: [UInt8]) {
    prefix.withUnsafeBytes { write($0) }
  }

  /// A type tag, and the value with its length. Projections have no column of type REAL.
  func add(_ value: AuditValue) {
    switch value {
    case .null, .real: write(UInt8(0))
    case .integer(let number):
      write(UInt8(1))
      write(UInt64(bitPattern: number))
    case .text(let text): write(2, text)
    case .bytes(let blob): write(3, blob)
    }
  }

  /// - Parameter isRemoved: whether it is gone rather than there.
  func end(isRemoved: Bool = false) {
    rows.append(Row(end: count, isRemoved: isRemoved))
    if count >= Self.collectedSizeMax { hash() }
  }

  @inline(__always)
  private func write(_ tag: UInt8, _ value: UnsafeRawBufferPointer) {
    write(tag)
    write(UInt64(value.count))
    write(value)
  }

  @inline(__always)
  private func write<T: FixedWidthInteger>(_ value: T) {
    reserve(MemoryLayout<T>.size)
    bytes.storeBytes(of: value.bigEndian, toByteOffset: count, as: T.self)
    count += MemoryLayout<T>.size
  }

  @inline(__always)
  private func write(_ value: UnsafeRawBufferPointer) {
    reserve(value.count)
    UnsafeMutableRawBufferPointer(rebasing: bytes[count...]).copyMemory(from: value)
    count += value.count
  }

  @inline(__always)
  private func reserve(_ more: Int) {
    guard count + more > bytes.count else { return }
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(count + more, 2 * bytes.count), alignment: 16)
    larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    bytes.deallocate()
    bytes = larger
  }

  // MARK: - All of them

  /// The digest of `digest`'s rows and of those added and removed since the last call.
  func take(onto digest: RowDigest = RowDigest()) -> RowDigest {
    hash()
    defer { sum = RowDigest() }
    var whole = digest
    whole.add(sum)
    return whole
  }

  private func hash() {
    let (rows, block) = (rows, block)
    nonisolated(unsafe) let bytes = UnsafeRawBufferPointer(bytes)
    @Sendable func sum(_ range: Range<Int>) -> RowDigest {
      let sha256 = SHA256()
      var sum = RowDigest()
      var start = range.lowerBound == 0 ? 0 : rows[range.lowerBound - 1].end
      for row in rows[range] {
        sha256.begin()
        block.withUnsafeBytes { sha256.update($0) }
        sha256.update(UnsafeRawBufferPointer(rebasing: bytes[start..<row.end]))
        if row.isRemoved { sum.remove(sha256.end()) } else { sum.add(sha256.end()) }
        start = row.end
      }
      return sum
    }
    // Threads cost more than hashing a few rows.
    let parts =
      rows.count < 256
      ? [sum(0..<rows.count)] : Parallel.map(rows.count) { [sum($0)] }
    for part in parts { self.sum.add(part) }
    self.rows.removeAll(keepingCapacity: true)
    count = 0
  }
}
