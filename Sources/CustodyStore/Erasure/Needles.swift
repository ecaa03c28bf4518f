import CustodyLedger

/// Pieces of what is removed, which every file of the store is searched for afterwards: one that is
/// found says that something is left.
///
/// They are pieces of ciphertext and of keyed hashes, never of what those say.
package struct Needles: Sendable, Equatable {
  /// So long that what is not a remnant is never taken for one.
  package static let byteCount = 16
  /// A page of a database holds several, so that none that is left over is missed because a needle
  /// lies across its end.
  private static let spacing = 2048

  package private(set) var bytes: [UInt8] = []

  package init() {}

  package var count: Int { bytes.count / Self.byteCount }
  package var isEmpty: Bool { bytes.isEmpty }
  package var digest: Digest { SHA256.hash(bytes) }

  /// Adds needles of something sealed or hashed: the end of each 2 KiB, the middle and the end.
  package mutating func add(_ sealed: UnsafeRawBufferPointer) {
    guard sealed.count >= Self.byteCount else { return }
    for end in stride(from: Self.spacing, to: sealed.count, by: Self.spacing) {
      add(sealed, endingAt: end)
    }
    // Those of a small one may lie across the end of a page, but not both.
    if sealed.count < Self.spacing, sealed.count >= 4 * Self.byteCount {
      add(sealed, endingAt: sealed.count / 2)
    }
    add(sealed, endingAt: sealed.count)
  }

  package mutating func add(_ sealed: [UInt8]) { sealed.withUnsafeBytes { add($0) } }

  private mutating func add(_ sealed: UnsafeRawBufferPointer, endingAt end: Int) {
    bytes.append(contentsOf: sealed[(end - Self.byteCount)..<end])
  }

  // MARK: - On disk

  /// A kill must not leave an erasure that nobody can check any more.
  func write(_ path: String) throws { try FileIO.replace(path, with: bytes, mode: 0o600) }

  /// The needles at `path`, or nil when these are not the ones with that digest.
  init?(reading path: String, digest: Digest) throws {
    guard let bytes = try FileIO.readIfPresent(path, sizeMax: Self.fileSizeMax),
      SHA256.hash(bytes) == digest
    else { return nil }
    self.bytes = bytes
  }

  private static let fileSizeMax = 8 << 30
}
