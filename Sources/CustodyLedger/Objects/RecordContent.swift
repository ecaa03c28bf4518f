/// What the object of a record holds: its natural key, then its bytes or where they are.
package struct RecordContent: Equatable, Sendable {
  /// The longest natural key, in bytes of UTF-8.
  package static let naturalKeyByteCountMax = 65_535
  /// Bytes up to this many stand in the object itself; longer ones are pieces of this size.
  package static let pieceSize = 1 << 20
  /// A list of more addresses becomes a list of lists.
  package static let addressCountMax = 32_768

  package enum Bytes: Equatable, Sendable {
    case whole([UInt8])
    case pieces(totalCount: Int, addresses: [Digest])
  }

  package let naturalKey: [UInt8]
  package let bytes: Bytes

  package init(naturalKey: [UInt8], bytes: Bytes) {
    precondition(naturalKey.count <= Self.naturalKeyByteCountMax)
    self.naturalKey = naturalKey
    self.bytes = bytes
  }

  package var encoded: [UInt8] {
    switch bytes {
    case .whole(let bytes): return Self.encoded(naturalKey: naturalKey, whole: bytes[...])
    case .pieces(let totalCount, let addresses):
      var writer = ByteWriter(capacity: 10 + naturalKey.count + 32 * addresses.count)
      writer.write(UInt16(naturalKey.count))
      writer.write(naturalKey)
      writer.write(UInt64(totalCount))
      for address in addresses { writer.write(address) }
      return writer.bytes
    }
  }

  /// The content of a record whose bytes stand in the object itself.
  package static func encoded(naturalKey: [UInt8], whole bytes: ArraySlice<UInt8>) -> [UInt8] {
    var content: [UInt8] = []
    content.reserveCapacity(2 + naturalKey.count + bytes.count)
    withUnsafeBytes(of: UInt16(naturalKey.count).bigEndian) { content.append(contentsOf: $0) }
    content.append(contentsOf: naturalKey)
    content.append(contentsOf: bytes)
    return content
  }

  /// The parts of an opened content, or nil when they are not as the format says.
  package init?(parsing content: [UInt8], isList: Bool) {
    var reader = ByteReader(content)
    guard let key = reader.readString() else { return nil }
    naturalKey = Array(key)
    guard isList else {
      guard reader.remaining.count <= Self.pieceSize else { return nil }
      bytes = .whole(Array(reader.remaining))
      return
    }
    guard let total = reader.read(UInt64.self), let totalCount = Int(exactly: total),
      totalCount > Self.pieceSize
    else { return nil }
    var addresses: [Digest] = []
    while !reader.isAtEnd {
      guard let address = reader.read(Digest.self) else { return nil }
      addresses.append(address)
    }
    // Each address stands for one piece or, above the limit, for a list of them.
    // Rounded up in a way that no total of a hostile list makes overflow.
    let pieces = (totalCount - 1) / Self.pieceSize + 1
    let lists = (pieces - 1) / Self.addressCountMax + 1
    guard addresses.count == (pieces <= Self.addressCountMax ? pieces : lists) else { return nil }
    bytes = .pieces(totalCount: totalCount, addresses: addresses)
  }
}

/// The root of a dataset version: the tree root over SHA-256(0x00 ‖ u64 ordinal ‖ address), ascending
/// by ordinal.
package struct VersionRootBuilder {
  private let sha256 = SHA256()
  private var frontier = TreeFrontier()

  package init() {}

  /// Adds the next record; ordinals ascend.
  package mutating func add(_ ordinal: UInt64, _ address: Digest) {
    sha256.begin()
    sha256.update(UInt8(0))
    withUnsafeBytes(of: ordinal.bigEndian) { sha256.update($0) }
    address.withUnsafeBytes { sha256.update($0) }
    frontier.append(sha256.end(), using: sha256)
  }

  /// The subtree over what was added, for ``append(_:)``.
  package var subtree: TreeFrontier { frontier }

  /// Adds what another builder was given: a power of two of records, by which the number here divides.
  package mutating func append(_ subtree: TreeFrontier) {
    frontier.append(subtree, using: sha256)
  }

  /// The root over what was added.
  package var root: Digest { frontier.root(using: sha256) }
}
