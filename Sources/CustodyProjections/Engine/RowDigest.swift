import CustodyLedger

/// A digest of a set of rows that does not depend on their order: the sum, modulo 2²⁵⁶, of a keyed
/// hash of each.
///
/// Adding or removing a row changes it by that row's hash. Keyed, because the difference of two
/// digests is otherwise a hash of the row that was erased in between. (D. Clarke and others,
/// "Incremental Multiset Hash Functions", ASIACRYPT 2003: MSet-Add-Hash.)
struct RowDigest: Equatable, Sendable {
  /// Little end first.
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  init() {}

  init(_ bytes: Digest) {
    words = Self.words(bytes)
  }

  var bytes: Digest {
    var digest = Digest()
    withUnsafeMutableBytes(of: &digest) {
      $0.storeBytes(of: words.0.littleEndian, toByteOffset: 0, as: UInt64.self)
      $0.storeBytes(of: words.1.littleEndian, toByteOffset: 8, as: UInt64.self)
      $0.storeBytes(of: words.2.littleEndian, toByteOffset: 16, as: UInt64.self)
      $0.storeBytes(of: words.3.littleEndian, toByteOffset: 24, as: UInt64.self)
    }
    return digest
  }

  private static func words(_ bytes: Digest) -> (UInt64, UInt64, UInt64, UInt64) {
    bytes.withUnsafeBytes {
      (
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
      )
    }
  }

  mutating func add(_ hash: Digest) { add(RowDigest(hash)) }

  /// Adds the rows of another digest.
  mutating func add(_ rows: RowDigest) {
    let other = rows.words
    var carry: Bool
    (words.0, carry) = words.0.addingReportingOverflow(other.0)
    (words.1, carry) = Self.add(words.1, other.1, carry)
    (words.2, carry) = Self.add(words.2, other.2, carry)
    (words.3, _) = Self.add(words.3, other.3, carry)
  }

  mutating func remove(_ hash: Digest) {
    let other = Self.words(hash)
    var borrow: Bool
    (words.0, borrow) = words.0.subtractingReportingOverflow(other.0)
    (words.1, borrow) = Self.subtract(words.1, other.1, borrow)
    (words.2, borrow) = Self.subtract(words.2, other.2, borrow)
    (words.3, _) = Self.subtract(words.3, other.3, borrow)
  }

  private static func add(_ left: UInt64, _ right: UInt64, _ carry: Bool) -> (UInt64, Bool) {
    let (sum, first) = left.addingReportingOverflow(right)
    let (whole, second) = sum.addingReportingOverflow(carry ? 1 : 0)
    return (whole, first || second)
  }

  private static func subtract(_ left: UInt64, _ right: UInt64, _ borrow: Bool) -> (UInt64, Bool) {
    let (rest, first) = left.subtractingReportingOverflow(right)
    let (whole, second) = rest.subtractingReportingOverflow(borrow ? 1 : 0)
    return (whole, first || second)
  }

  static func == (left: Self, right: Self) -> Bool { left.words == right.words }
}
