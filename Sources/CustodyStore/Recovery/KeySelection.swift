import CustodyLedger

/// The rows that a recovered keyring will have, still wrapped by their own epoch keys.
///
/// What the store's keyring gives comes before what the backup holds; each key is bound to one
/// person, and no key is left out because another has its place.
struct KeySelection {
  private(set) var rows = Keyring.Rows(keys: [], subjects: [])
  private(set) var restoredCount = 0
  private(set) var keptCount = 0
  /// Keys of the backup that stay destroyed.
  let destroyedCount: Int
  /// Keys and rows of the store's keyring that neither it nor the backup gives.
  private(set) var unopenedCount = 0
  /// People of whom another key has the place in which an identifier leads to.
  private(set) var doubledCount = 0
  /// Whether there is a file in the keyring's place that is no keyring.
  let isUnreadable: Bool
  /// Whether there is nothing in the keyring's place.
  let isMissing: Bool

  /// Whether the keyring that is replaced may hold what this has not.
  var isIncomplete: Bool { isUnreadable || unopenedCount > 0 }

  /// - Parameters:
  ///   - backup: rows that open.
  ///   - own: what the store's keyring gives; nil when it is none.
  init(
    _ backup: Keyring.Rows, and own: Keyring.Salvage?, isMissing: Bool,
    without destroyed: Set<KeyID>
  ) {
    self.isMissing = isMissing
    isUnreadable = own == nil && !isMissing
    destroyedCount = backup.keys.count { destroyed.contains($0.id) }
    var known = destroyed
    var own = own ?? Keyring.Salvage()
    // There is one each of the store's own keys.
    let ofStore = ["operations", "index"]
    let backedUp = Set(backup.keys.map(\.id))
    let ownKeys = own.rows.keys.filter { key in
      let isTaken = !ofStore.contains(key.purpose) || backedUp.contains(key.id)
      if !isTaken { own.unopened.insert(key.id) }
      return isTaken
    }
    keptCount = take(ownKeys, &known)
    restoredCount = take(backup.keys, &known)
    let unopened = own.unopened.subtracting(known)
    bind(own.rows.subjects + backup.subjects)
    let found = Set(rows.subjects.lazy.filter { $0.hash != nil }.map(\.keyID))
    let unbound = own.unbound.count { key in
      guard let key else { return true }
      // Counted as a key, gone for good, or bound by another row.
      return !destroyed.contains(key) && !own.unopened.contains(key) && !found.contains(key)
    }
    unopenedCount = unopened.count + own.unreadableCount + unbound
  }

  private mutating func take(_ others: [Keyring.Rows.Key], _ known: inout Set<KeyID>) -> Int {
    let fresh = others.filter { known.insert($0.id).inserted }
    rows.keys += fresh
    return fresh.count
  }

  /// What one row of a table has for itself. Bytes: two strings that are equal to Swift may be two
  /// classes.
  private struct Place: Hashable {
    let whose: [UInt8]
    let dataClass: [UInt8]

    init(_ whose: some FixedBytes, _ dataClass: String) {
      self.whose = whose.bytes
      self.dataClass = Array(dataClass.utf8)
    }
  }

  private mutating func bind(_ candidates: [SubjectIndex.Row]) {
    let ids = Set(rows.keys.map(\.id))
    var bound: Set<KeyID> = []
    var hashes: Set<Place> = []
    var subjects: Set<Place> = []
    let candidates = candidates.filter { ids.contains($0.keyID) }
    for row in candidates where !bound.contains(row.keyID) {
      guard let hash = row.hash.map({ Place($0, row.dataClass) }), !hashes.contains(hash),
        subjects.insert(Place(row.subjectID, row.dataClass)).inserted
      else { continue }
      hashes.insert(hash)
      bound.insert(row.keyID)
      rows.subjects.append(row)
    }
    // Somebody who was registered again: no identifier leads to the other key, and her id does.
    var doubled: Set<KeyID> = []
    for row in candidates where bound.insert(row.keyID).inserted {
      let isFree = subjects.insert(Place(row.subjectID, row.dataClass)).inserted
      if row.hash != nil { doubled.insert(row.subjectID) }
      rows.subjects.append(
        SubjectIndex.Row(
          hash: nil, dataClass: row.dataClass, keyID: row.keyID,
          subjectID: isFree ? row.subjectID : row.keyID))
    }
    doubledCount = doubled.count
  }
}
