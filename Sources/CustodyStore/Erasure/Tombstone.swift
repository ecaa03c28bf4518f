import CustodyLedger

/// A line of the erasure journal: once it is written, there is no way back.
package struct Tombstone: Equatable, Sendable {
  /// The id of the `erasure.requested` that it answers.
  package let request: EventID
  /// The life of the ledger that it was written in.
  package let incarnation: Int
  /// The keys that are destroyed, ascending, at least one.
  package let keys: [KeyID]
  /// The SHA-256 of the needles, by which the file of them is known.
  package let needles: Digest

  package init(request: EventID, incarnation: Int, keys: some Sequence<KeyID>, needles: Digest) {
    self.request = request
    self.incarnation = incarnation
    self.keys = Array(Set(keys)).sorted()
    self.needles = needles
  }

  /// `erase <request> <incarnation> <needles> <key>,<key>,…`, without the link that ends a line.
  var text: String {
    "erase \(request.hex) \(incarnation) \(needles) \(keys.map(\.hex).joined(separator: ","))"
  }

  init?(text: some StringProtocol) {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0] == "erase", let request = EventID(hex: String(parts[1])),
      let incarnation = Decimal.parse(parts[2].utf8), let needles = Digest(hex: String(parts[3]))
    else { return nil }
    var keys: [KeyID] = []
    for part in parts[4].split(separator: ",", omittingEmptySubsequences: false) {
      guard let key = KeyID(hex: String(part)), keys.last.map({ $0 < key }) ?? true else {
        return nil
      }
      keys.append(key)
    }
    guard !keys.isEmpty else { return nil }
    self.init(request: request, incarnation: incarnation, keys: keys, needles: needles)
  }
}
