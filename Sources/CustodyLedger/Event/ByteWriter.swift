/// Writes the format's integers and strings, big-endian, into one growing buffer.
package struct ByteWriter {
  package private(set) var bytes: [UInt8] = []

  package init(capacity: Int = 512) { bytes.reserveCapacity(capacity) }

  package mutating func clear() { bytes.removeAll(keepingCapacity: true) }

  @inline(__always)
  package mutating func write<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  @inline(__always)
  package mutating func write(_ value: some FixedBytes) {
    value.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  @inline(__always)
  package mutating func write(_ value: UnsafeRawBufferPointer) { bytes.append(contentsOf: value) }

  package mutating func write(_ value: [UInt8]) { bytes.append(contentsOf: value) }

  package mutating func write(_ name: Name) { writeString(name.text) }

  /// `u16 length ‖ UTF-8`.
  package mutating func writeString(_ text: String) {
    write(UInt16(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }
}

/// Reads what ``ByteWriter`` writes, from hostile bytes: every read says whether there was enough.
package struct ByteReader {
  private var rest: ArraySlice<UInt8>

  package init(_ bytes: [UInt8]) { rest = bytes[...] }

  package var isAtEnd: Bool { rest.isEmpty }
  package var remaining: ArraySlice<UInt8> { rest }

  package mutating func read<T: FixedWidthInteger>(_ type: T.Type) -> T? {
    guard let bytes = read(count: MemoryLayout<T>.size) else { return nil }
    return bytes.reduce(0) { $0 << 8 | T(truncatingIfNeeded: $1) }
  }

  package mutating func read<T: FixedBytes>(_ type: T.Type) -> T? {
    read(count: T.byteCount).flatMap { T($0) }
  }

  package mutating func read(count: Int) -> ArraySlice<UInt8>? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  package mutating func readString() -> ArraySlice<UInt8>? {
    guard let count = read(UInt16.self) else { return nil }
    return read(count: Int(count))
  }
}
