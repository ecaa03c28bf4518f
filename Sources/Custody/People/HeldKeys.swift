import CustodyLedger
import CustodyProjections
import CustodyStore

/// Which keys the matters in force hold: what these seal is not destroyed.
///
/// A key is the unit: where a matter names a dataset, it holds everything of its class about everyone
/// who has a record there.
struct HeldKeys {
  private let matters: [(matter: Matter, keys: Set<KeyID>)]
  let all: Set<KeyID>

  var isEmpty: Bool { all.isEmpty }

  /// Cost: a look-up for each person named; a pass over the key sets of the store for datasets, and over
  /// all keys for everybody's data.
  init(_ matters: [Matter], _ store: Store) throws {
    let active = matters.filter { $0.release == nil }
    guard !active.isEmpty, let keyring = store.folder.keyring else {
      self.matters = []
      all = []
      return
    }
    // Read once, and only where a scope needs it.
    lazy var classes = Result {
      Dictionary(
        uniqueKeysWithValues: try keyring.entries().filter { $0.purpose == .subject }.map {
          ($0.id, $0.dataClass ?? "")
        })
    }
    let lossAt = try Self.lossAt(store)
    var found: [(matter: Matter, keys: Set<KeyID>)] = []
    for matter in active {
      var keys: Set<KeyID> = []
      for placement in matter.placements {
        let scope = placement.scope
        func isNamed(_ dataClass: String) -> Bool {
          scope.classes.isEmpty || scope.classes.contains(dataClass)
        }
        var candidates: Set<KeyID>?
        if !scope.subjects.isEmpty {
          candidates = []
          for subject in scope.subjects {
            for (dataClass, key) in try keyring.subjectKeys(of: subject) where isNamed(dataClass) {
              candidates!.insert(key)
            }
          }
        }
        if !scope.datasets.isEmpty {
          let there =
            try matter.isWidened(placement, by: lossAt)
            ? Set(classes.get().keys) : Self.keys(in: scope.datasets, store)
          candidates = candidates.map { $0.intersection(there) } ?? there
        }
        let known = try candidates ?? Set(classes.get().keys)
        // Keys that are gone stay: what they sealed together with others may be held.
        keys.formUnion(
          scope.classes.isEmpty
            ? known : try known.filter { try classes.get()[$0].map(isNamed) ?? true })
      }
      found.append((matter, keys))
    }
    self.matters = found
    all = found.reduce(into: []) { $0.formUnion($1.keys) }
  }

  /// The matters that hold anything.
  var active: [Matter] { matters.filter { !$0.keys.isEmpty }.map(\.matter) }

  /// The matters that hold what some keys seal together.
  func matters(holding ids: [KeyID]) -> [Matter] {
    matters.filter { entry in ids.contains { entry.keys.contains($0) } }.map(\.matter)
  }

  func holdsAny(of ids: [KeyID]) -> Bool { ids.contains { all.contains($0) } }

  /// When the ledger was last gone on from an older copy of itself; nil when it never was.
  static func lossAt(_ store: Store) throws -> Timestamp? {
    try store.folder.read { reader in
      var position: Int?
      try reader.forEachSystemEvent(
        "ledger.restored", ledgerID: store.ledgerID, isReversed: true
      ) { _, found in
        position = found
        return false
      }
      return try position.flatMap {
        try reader.event(at: Position($0), ledgerID: store.ledgerID)?.header.place.recordedAt
      }
    }
  }

  static func keys(in datasets: [String], _ store: Store) throws -> Set<KeyID> {
    try store.engine.catchUp()
    // What leads back from tokens is part of what is held.
    let tables = try datasets.flatMap { name in
      try store.datasets.states(of: name).values.flatMap { $0.columns.compactMap(\.table) }
    }
    return try store.datasets.list { listing, reader in
      let names = Set(datasets + tables)
      let ids = try listing.datasets().filter { names.contains($0.name) }.map(\.id)
      return try reader.keyIDs(in: Set(ids))
    }
  }
}
