import CustodyLedger

/// Reads the entries of one object of a change set, from hostile bytes and without a value for each.
package struct ChangeSetReader {
  /// An entry as it stands in the bytes that are read.
  package struct Entry {
    package let ordinal: Int
    /// Nil when the record is removed.
    package let put: Put?
  }

  /// What a record is now.
  package struct Put {
    package let address: Digest
    /// n × 16 bytes, ascending; to be used while the bytes are there.
    package let keyIDs: UnsafeRawBufferPointer
    /// Nil in change sets of version 1.
    package let name: EventID?
    package let file: RecordChange.File?
  }

  /// The bytes of an entry about a row and one person.
  package static let usualEntrySize = 74

  private let bytes: UnsafeRawBufferPointer
  private let hasNames: Bool
  private var offset = 1
  private var count = 0
  /// Whether what was read so far is exactly a list of entries.
  package private(set) var isWellFormed = true

  /// - Parameter bytes: the content of the object; stays where it is while this reads it.
  package init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    hasNames = bytes.first == 2
    isWellFormed = bytes.count <= RecordChange.sizeMax && (bytes.first == 1 || hasNames)
  }

  /// The next entry, or nil at the end and at the first byte that is not as it should be.
  package mutating func next() -> Entry? {
    guard isWellFormed, offset < bytes.count else { return nil }
    guard count < RecordChange.entryCountMax, let entry = entry() else {
      isWellFormed = false
      return nil
    }
    count += 1
    return entry
  }

  private mutating func entry() -> Entry? {
    guard let kind = read(UInt8.self), kind <= 2,
      let ordinal = read(UInt64.self).flatMap({ Int(exactly: $0) })
    else { return nil }
    guard kind > 0 else { return Entry(ordinal: ordinal, put: nil) }
    guard let address = load(Digest.self), let count = read(UInt8.self),
      (1...Claim.keyCountMax).contains(Int(count)), let keyIDs = keyIDs(Int(count))
    else { return nil }
    var name: EventID?
    if hasNames {
      guard let found = load(EventID.self) else { return nil }
      name = found
    }
    var file: RecordChange.File?
    if kind == 2 {
      guard let seconds = read(UInt64.self), let nanoseconds = read(UInt32.self),
        let mode = read(UInt32.self), nanoseconds < 1_000_000_000
      else { return nil }
      file = RecordChange.File(
        seconds: Int64(bitPattern: seconds), nanoseconds: nanoseconds, mode: mode)
    }
    return Entry(
      ordinal: ordinal, put: Put(address: address, keyIDs: keyIDs, name: name, file: file))
  }

  private mutating func keyIDs(_ count: Int) -> UnsafeRawBufferPointer? {
    let size = count * KeyID.byteCount
    guard bytes.count - offset >= size else { return nil }
    defer { offset += size }
    let keys = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + size])
    for at in stride(from: KeyID.byteCount, to: size, by: KeyID.byteCount) {
      let pair = (
        keys.loadUnaligned(fromByteOffset: at - KeyID.byteCount, as: KeyID.self),
        keys.loadUnaligned(fromByteOffset: at, as: KeyID.self)
      )
      guard pair.0 < pair.1 else { return nil }
    }
    return keys
  }

  @inline(__always)
  private mutating func read<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) -> T? {
    load(type).map { T(bigEndian: $0) }
  }

  @inline(__always)
  private mutating func load<T: BitwiseCopyable>(_ type: T.Type) -> T? {
    guard bytes.count - offset >= MemoryLayout<T>.size else { return nil }
    defer { offset += MemoryLayout<T>.size }
    return bytes.loadUnaligned(fromByteOffset: offset, as: type)
  }
}
