import CustodyLedger
import Foundation

/// What the signer signed last: kept beside the key, outside the ledger, and again in the guard.
///
/// A ledger restored from an old copy lacks what this names, and so cannot sign a second history. Nor
/// can a keyring be exchanged for an older one unnoticed.
package struct SignerState: Equatable, Sendable {
  package let incarnation: Int
  package let size: Int
  package let root: Digest
  /// How often keys.sqlite had been written to by then.
  package let keyringRevision: Int

  package init(incarnation: Int, size: Int, root: Digest, keyringRevision: Int) {
    self.incarnation = incarnation
    self.size = size
    self.root = root
    self.keyringRevision = keyringRevision
  }

  package static let fileName = "signer.state"

  /// The state in a file, or nil when there is no file.
  ///
  /// The file has two slots of equal length. A write goes into the one that does not hold the newer
  /// state, so that a write cut short leaves the other whole; a line that is not whole has a wrong
  /// check and is ignored.
  package static func read(_ path: String) throws -> SignerState? {
    guard let bytes = try FileIO.readIfPresent(path) else { return nil }
    let states = slots(bytes).compactMap { $0 }
    guard let newest = states.max(by: { $1.isAhead(of: $0) }) else {
      throw CustodyError(
        .damaged, "\(path) is damaged. The store is read-only until it is recovered.")
    }
    return newest
  }

  /// Whether this names more than `other` does.
  func isAhead(of other: SignerState) -> Bool {
    incarnation > other.incarnation || incarnation == other.incarnation && size > other.size
  }

  /// Makes this the newest state in the file; durable when this returns.
  ///
  /// One write within a sector and one fsync, because a ledger that is appended to in bulk signs
  /// a hundred times a second.
  package func write(_ path: String) throws {
    guard let bytes = try FileIO.readIfPresent(path), bytes.count == 2 * Self.slotSize else {
      let empty = [UInt8](repeating: 0x20, count: Self.slotSize - 1) + [0x0a]
      return try FileIO.replace(path, with: slot + empty, mode: 0o600)
    }
    let states = Self.slots(bytes)
    let newestIsFirst =
      switch (states[0], states[1]) {
      case (let first?, let second?): !second.isAhead(of: first)
      case (_?, nil): true
      default: false
      }
    try FileIO.overwrite(path, at: newestIsFirst ? Self.slotSize : 0, with: slot)
  }

  // MARK: - Slots

  /// Two of them within a sector of 512 bytes.
  private static let slotSize = 160

  private static let slotSizeBeforeRevisions = 128

  private static let incarnationMax = 1 << 31
  private static let countMax = 1 << 61

  /// `incarnation size root revision check`, padded with spaces to the length of a slot.
  private var slot: [UInt8] {
    let text = "\(incarnation) \(size) \(root) \(keyringRevision)"
    let line = Array("\(text) \(Self.check(text))".utf8)
    return line + [UInt8](repeating: 0x20, count: Self.slotSize - 1 - line.count) + [0x0a]
  }

  private static func check(_ text: String) -> String {
    String(SHA256.hash(Array(text.utf8)).hex.prefix(8))
  }

  private static func slots(_ bytes: [UInt8]) -> [SignerState?] {
    guard bytes.count == 2 * slotSize || bytes.count == 2 * slotSizeBeforeRevisions else {
      return [nil, nil]
    }
    let half = bytes.count / 2
    return [bytes[..<half], bytes[half...]].map { slot in
      var parts = String(decoding: slot, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      guard let last = parts.popLast(), last == check(parts.joined(separator: " ")) else {
        return nil
      }
      // The first stores noted no revision.
      if half == slotSizeBeforeRevisions { parts.append("0") }
      guard parts.count == 4, let incarnation = Decimal.parse(parts[0].utf8),
        let size = Decimal.parse(parts[1].utf8), let root = Digest(hex: parts[2]),
        let revision = Decimal.parse(parts[3].utf8),
        // The file is anybody's who can write it: what no store reaches is damage.
        (1...incarnationMax).contains(incarnation), size <= countMax, revision <= countMax
      else { return nil }
      return SignerState(
        incarnation: incarnation, size: size, root: root, keyringRevision: revision)
    }
  }
}
