import CustodyLedger
import Foundation

/// The erasure journal: what was decided for good, a line each, linked by hashes. One stands in the
/// store and the same in its guard, which no copy of the store brings along.
///
/// A line ends in SHA-256(link of the line before, or 32 zero bytes ‖ the line up to it). Holds ids and
/// hashes only.
package struct TombstoneJournal: Sendable {
  package static let fileName = "tombstones"

  let path: String
  package private(set) var tombstones: [Tombstone] = []
  private var link = Digest()
  /// How much of the file is whole lines: a kill may have cut the last one short.
  private var byteCount = 0

  /// The journal at `path`; an empty one when there is none.
  ///
  /// - Throws: `needsRecovery` when a line is not what was written.
  package init(path: String) throws {
    let (journal, fault) = try Self.upToFault(path)
    if let fault { throw fault }
    self = journal
  }

  /// The journal as far as it is what was written, and what is wrong with the line after that.
  package static func upToFault(
    _ path: String
  ) throws -> (journal: TombstoneJournal, fault: CustodyError?) {
    var journal = TombstoneJournal(emptyAt: path)
    let fault = try journal.read()
    return (journal, fault)
  }

  private init(emptyAt path: String) { self.path = path }

  private mutating func read() throws -> CustodyError? {
    guard let bytes = try FileIO.readIfPresent(path, sizeMax: Self.sizeMax) else { return nil }
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 0x0a) {
      let line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
      guard let space = line.lastIndex(of: " "), let tombstone = Tombstone(text: line[..<space]),
        let found = Digest(hex: String(line[line.index(after: space)...])),
        found == Self.link(after: link, tombstone)
      else {
        return CustodyError(
          .needsRecovery,
          "\(path), line \(tombstones.count + 1), is not what was written there. Put the file back "
            + "from where it was kept, or run: custody recover")
      }
      rest = rest[(end + 1)...]
      tombstones.append(tombstone)
      link = found
      byteCount = bytes.count - rest.count
    }
    return nil
  }

  /// Puts a journal of these lines in the place of what is there.
  static func write(_ tombstones: [Tombstone], to path: String) throws {
    var link = Digest()
    var text = ""
    for tombstone in tombstones {
      link = Self.link(after: link, tombstone)
      text += "\(tombstone.text) \(link)\n"
    }
    try FileIO.replace(path, with: Array(text.utf8), mode: 0o600)
  }

  /// Lines of a million keys are 33 MB.
  static let sizeMax = 1 << 30

  private static func link(after link: Digest, _ tombstone: Tombstone) -> Digest {
    SHA256.hash(link.bytes + Array(tombstone.text.utf8))
  }

  /// Adds a line; durable with its folder when this returns.
  package mutating func append(_ tombstone: Tombstone) throws {
    let next = Self.link(after: link, tombstone)
    let line = Array("\(tombstone.text) \(next)\n".utf8)
    let file = try FileIO.open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    do {
      defer { close(file) }
      guard ftruncate(file, off_t(byteCount)) == 0, lseek(file, 0, SEEK_END) >= 0 else {
        throw CustodyError(SystemCallError("ftruncate"), path: path)
      }
      try FileIO.writeAll(file, line, path)
      guard fsync(file) == 0 else { throw CustodyError(SystemCallError("fsync"), path: path) }
    }
    try FileIO.syncFolder(of: path)
    tombstones.append(tombstone)
    link = next
    byteCount += line.count
  }

  /// Whether `other` is this one, or would be after more lines.
  func isPrefix(of other: TombstoneJournal) -> Bool { other.tombstones.starts(with: tombstones) }

  /// The keys of all lines.
  package var keys: Set<KeyID> { tombstones.reduce(into: []) { $0.formUnion($1.keys) } }
}
