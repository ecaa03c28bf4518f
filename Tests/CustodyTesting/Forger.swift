import Custody
import CustodyStore

/// Somebody who can write the file but not sign.
package struct Forger {
  let database: RawDatabase
  let ledgerID: LedgerID

  package init(_ path: String, ledgerID: LedgerID) throws {
    database = try RawDatabase(path)
    self.ledgerID = ledgerID
  }

  /// Appends an event of the library's own, placed and chained as it should be.
  package func append(_ event: SystemEvent) throws {
    let writer = try LedgerWriter(database.handle, ledgerID: ledgerID)
    try writer.refresh()
    _ = try writer.append(
      PendingEvent.system(
        event, ledgerID: ledgerID, actor: try Name("custody"), environment: .system),
      at: Environment.system.now()
    ) { _ in nil }
  }

  /// Makes leaves, chain and stored subtrees fit the headers as they now are.
  package func rechain() throws {
    let events = try LedgerReader(database.handle).events(
      EventFilter(), ledgerID: ledgerID, limit: .max)
    let sha256 = SHA256()
    var tree = TreeFrontier()
    var previous = Leaf()
    try database.execute("BEGIN; DELETE FROM tile")
    for event in events {
      let place = event.header.place
      let leaf = Header(
        claim: event.header.claim, seal: event.header.seal,
        place: Place(
          position: place.position, previousLeaf: previous, recordedAt: place.recordedAt,
          revision: place.revision)
      ).leaf
      try database.execute(
        "UPDATE event SET leaf = x'\(leaf.hex)' WHERE position = \(place.position)")
      var subtrees: [(level: Int, place: Int, root: Digest)] = []
      tree.append(subtree: leaf, level: 0, using: sha256) { level, place, root in
        if level.isMultiple(of: 8) { subtrees.append((level / 8, place, root)) }
      }
      for subtree in subtrees {
        try database.execute(
          """
          INSERT INTO tile (level, place, root)
          VALUES (\(subtree.level), \(subtree.place), x'\(subtree.root.hex)')
          """)
      }
      previous = leaf
    }
    try database.execute("COMMIT")
  }
}
