import COpenSSL

/// Bytes that are wiped when the last reference to them goes: keys and passphrases.
///
/// Swift copies arrays as it likes; this buffer is never copied by it, and its description never
/// shows what it holds. Copies that libcrypto keeps in its contexts are wiped by libcrypto.
package final class SecretBytes: Sendable, CustomStringConvertible {
  nonisolated(unsafe) private let buffer: UnsafeMutableRawBufferPointer

  /// A buffer of `count` bytes, filled by `fill`.
  package init<E>(count: Int, fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E) {
    buffer = .allocate(byteCount: count, alignment: 16)
    buffer.initializeMemory(as: UInt8.self, repeating: 0)
    try fill(buffer)
  }

  /// A copy of `bytes`; the caller's own copy stays the caller's to wipe.
  package convenience init(_ bytes: UnsafeRawBufferPointer) {
    self.init(count: bytes.count) { $0.copyMemory(from: bytes) }
  }

  /// A copy of `bytes`, which are wiped.
  package convenience init(wiping bytes: inout [UInt8]) {
    self.init(count: bytes.count) { buffer in bytes.withUnsafeBytes { buffer.copyMemory(from: $0) }
    }
    bytes.wipe()
  }

  deinit {
    OPENSSL_cleanse(buffer.baseAddress, buffer.count)
    buffer.deallocate()
  }

  package var count: Int { buffer.count }

  @inline(__always)
  package func withUnsafeBytes<R, E>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try body(UnsafeRawBufferPointer(buffer))
  }

  /// Whether both hold the same bytes, in a time that depends only on their number.
  package func equals(_ other: SecretBytes) -> Bool {
    count == other.count
      && CRYPTO_memcmp(buffer.baseAddress, other.buffer.baseAddress, count) == 0
  }

  package var description: String { "SecretBytes(\(count) bytes)" }
}

extension [UInt8] {
  /// Overwrites the bytes in a way that the optimizer does not remove.
  package mutating func wipe() {
    withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
  }
}
