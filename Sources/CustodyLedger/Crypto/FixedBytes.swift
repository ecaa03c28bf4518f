import COpenSSL

/// A value that is nothing but a fixed number of bytes: a hash, an identifier, a nonce.
///
/// Kept as whole words, so that comparing and hashing one is a few instructions and no allocation.
public protocol FixedBytes: Hashable, Comparable, Sendable, BitwiseCopyable,
  CustomStringConvertible
{
  /// How many bytes every value has.
  static var byteCount: Int { get }
  /// The value whose bytes are all zero.
  init()
}

extension FixedBytes {
  /// The value with these bytes, or nil when their number is not ``byteCount``.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    self.init()
    withUnsafeMutableBytes(of: &self) { $0.copyBytes(from: bytes) }
  }

  /// The value with these bytes; their number must be ``byteCount``.
  @inline(__always)
  package init(loading bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count == Self.byteCount)
    self = bytes.loadUnaligned(as: Self.self)
  }

  /// The value written as lower- or upper-case hexadecimal digits, or nil.
  public init?(hex: some StringProtocol) {
    guard let bytes = Hex.decode(hex.utf8) else { return nil }
    self.init(bytes)
  }

  /// The bytes, in order.
  public var bytes: [UInt8] { Swift.withUnsafeBytes(of: self) { Array($0) } }

  /// Lower-case hexadecimal digits, two a byte.
  public var hex: String { Swift.withUnsafeBytes(of: self) { Hex.encode($0) } }

  /// Whether both are the same, in a time that does not depend on where they differ.
  package func equalsInConstantTime(_ other: Self) -> Bool {
    withUnsafeBytes { left in
      other.withUnsafeBytes { CRYPTO_memcmp(left.baseAddress, $0.baseAddress, left.count) == 0 }
    }
  }

  /// Whether every byte is zero.
  public var isZero: Bool { self == Self() }

  /// The bytes as ``hex``; types that are UUIDs print as one instead.
  public var description: String { hex }

  /// Byte order: the order of SQLite's memcmp and of the format.
  public static func < (left: Self, right: Self) -> Bool {
    Swift.withUnsafeBytes(of: left) { left in
      Swift.withUnsafeBytes(of: right) { left.lexicographicallyPrecedes($0) }
    }
  }

  @inline(__always)
  package func withUnsafeBytes<R, E>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try Swift.withUnsafeBytes(of: self, body)
  }
}

/// A SHA-256 value: a body hash, a commitment, a leaf, a node, a root, an address.
public struct Digest: FixedBytes {
  /// 32, the 256 bits of SHA-256.
  public static let byteCount = 32
  private var a: UInt64 = 0
  private var b: UInt64 = 0
  private var c: UInt64 = 0
  private var d: UInt64 = 0
  /// 32 zero bytes: what stands for the leaf before position 0.
  public init() {}
}

/// The hash of an event's header: at once the link of the chain and a leaf of the tree.
public typealias Leaf = Digest
