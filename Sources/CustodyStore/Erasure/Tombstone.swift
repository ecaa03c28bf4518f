import CustodyLedger

/// A line of the erasure journal: once it is written, there is no way back.
package struct Tombstone: JournalLine {
  /// The id of the `erasure.requested` that it answers.
  package let request: EventID
  /// The life of the ledger that it was written in.
  package let incarnation: Int
  /// The keys that are destroyed, ascending, at least one.
  package let keys: [KeyID]
  /// Sets of keys with one of these among them, each ascending, of which what they sealed together
  /// stays, under their joint key.
  package let kept: [[KeyID]]
  /// The SHA-256 of the needles, by which the file of them is known.
  package let needles: Digest

  package init(
    request: EventID, incarnation: Int, keys: some Sequence<KeyID>,
    kept: some Sequence<[KeyID]> = [], needles: Digest
  ) {
    self.request = request
    self.incarnation = incarnation
    self.keys = Array(Set(keys)).sorted()
    self.kept = Array(Set(kept)).sorted { $0.lexicographicallyPrecedes($1) }
    self.needles = needles
  }

  /// `erase <request> <incarnation> <needles> <key>,<key>,…`, and where something is kept
  /// ` keeping <key>+<key>,…`; without the link that ends a line.
  package var text: String {
    "erase \(request.hex) \(incarnation) \(needles) \(Self.text(keys, ","))"
      + (kept.isEmpty
        ? "" : " keeping " + kept.map { Self.text($0, "+") }.joined(separator: ","))
  }

  private static func text(_ keys: [KeyID], _ separator: String) -> String {
    keys.map(\.hex).joined(separator: separator)
  }

  package init?(text: some StringProtocol) {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 5 || parts.count == 7 && parts[5] == "keeping", parts[0] == "erase",
      let request = EventID(hex: String(parts[1])),
      let incarnation = Decimal.parse(parts[2].utf8), let needles = Digest(hex: String(parts[3])),
      let keys = Self.keys(parts[4], ",")
    else { return nil }
    var kept: [[KeyID]] = []
    for set in parts.count == 7
      ? parts[6].split(separator: ",", omittingEmptySubsequences: false) : []
    {
      guard let members = Self.keys(set, "+"), members.count > 1 else { return nil }
      kept.append(members)
    }
    self.init(
      request: request, incarnation: incarnation, keys: keys, kept: kept, needles: needles)
    // One way to write each.
    guard self.text == text else { return nil }
  }

  /// At least one key, ascending.
  private static func keys(_ text: some StringProtocol, _ separator: Character) -> [KeyID]? {
    var keys: [KeyID] = []
    for part in text.split(separator: separator, omittingEmptySubsequences: false) {
      guard let key = KeyID(hex: String(part)), keys.last.map({ $0 < key }) ?? true else {
        return nil
      }
      keys.append(key)
    }
    return keys.isEmpty ? nil : keys
  }
}

/// The erasure journal: what was decided for good, a line each. One stands in the store and the same in
/// its guard, which no copy of the store brings along. Holds ids and hashes only.
package typealias TombstoneJournal = Journal<Tombstone>

extension Journal where Line == Tombstone {
  package static var fileName: String { "tombstones" }

  /// The keys of all lines.
  package var keys: Set<KeyID> { lines.reduce(into: []) { $0.formUnion($1.keys) } }
}
