import CustodyLedger
import CustodyMigrations
import CustodyStore
import Foundation
import GRDB

/// Runs the projections of a store: follows the ledger, rebuilds, compares.
///
/// One process writes projections.sqlite at a time, under a lock of its own; the ledger goes on
/// meanwhile. Needs the store's secrets: contents are opened, and the digest of rows is keyed.
package final class ProjectionEngine: Sendable {
  /// Called with events read so far and in all.
  package typealias Progress = @Sendable (_ done: Int, _ total: Int) -> Void

  let folder: StoreFolder
  /// Every projection that it runs.
  package let projections: [ProjectionKind]
  let migrations: [Migration]
  private let readers: ReaderPool
  private let mutex = NSLock()
  /// Used with `mutex` and the file lock held.
  nonisolated(unsafe) private var open: ProjectionDatabase?

  /// - Parameter migrations: what makes the tables of `projections`; tests bring their own.
  package init(
    folder: StoreFolder, projections: [ProjectionKind] = ProjectionCatalog.all,
    migrations: [Migration] = Migration.projections
  ) {
    self.folder = folder
    self.projections = projections
    self.migrations = migrations
    readers = ReaderPool(path: folder.layout.projections, cacheSize: Self.cacheSize)
  }

  /// Keyed hashes are random: a commit looks up every record in their index.
  private static let cacheSize = 32 << 20

  var path: String { folder.layout.projections }
  private var lock: FileLock { FileLock(path: folder.layout.projectionsLock) }

  /// The projections with these names; all of them when there are none.
  ///
  /// - Throws: `notFound` for a name that none has.
  package func named(_ names: [String]) throws -> [ProjectionKind] {
    if names.isEmpty { return projections }
    var found: [ProjectionKind] = []
    for name in names {
      let before = found.count
      found += projections.filter { $0.declaration.name == name }
      guard found.count > before else {
        let all = projections.map(\.declaration.name).joined(separator: ", ")
        throw CustodyError(.notFound, "There is no projection \(name). There are: \(all).")
      }
    }
    return found
  }

  // MARK: - Following the ledger

  /// Brings every projection that is not halted up to the newest event.
  ///
  /// - Returns: how many events the ledger had then.
  ///
  /// Cost: two look-ups when there is nothing new.
  @discardableResult
  package func catchUp(_ progress: Progress? = nil) throws -> Int {
    let head = try head()
    if try isCurrent(head) { return head.size }
    return try writing { database in
      try follow(database, try database.states(projections), upTo: head.size, progress)
      return head.size
    }
  }

  /// Reads the tables of one projection, which has caught up before.
  ///
  /// - Throws: `needsRecovery` when it is halted: the message says why.
  package func read<R>(
    _ projection: ProjectionKind, _ body: (OpaquePointer) throws -> R
  ) throws -> R {
    try catchUp()
    return try readers.readConnection { connection in
      let state = try ProjectionState.read(projection, connection)
      if let reason = state.haltReason { throw Self.halted(projection.declaration, state, reason) }
      return try body(connection)
    }
  }

  private static func halted(
    _ declaration: ProjectionDeclaration, _ state: ProjectionState, _ reason: String
  ) -> CustodyError {
    CustodyError(
      .needsRecovery,
      "The projection \(declaration.name) stands still at position \(state.position): \(reason). "
        + "When that is mended: custody projection rebuild \(declaration.name)")
  }

  struct Head: Equatable {
    var size = 0
    var leaf = Leaf()
  }

  func head() throws -> Head {
    try folder.read { reader in
      try reader.head().map { Head(size: $0.position.value + 1, leaf: $0.leaf) } ?? Head()
    }
  }

  private func isCurrent(_ head: Head) throws -> Bool {
    guard FileIO.exists(path), try ProjectionDatabase.isUsable(path, migrations) else {
      return false
    }
    return try readers.readConnection { connection in
      try projections.allSatisfy {
        let state = try ProjectionState.read($0, connection)
        return state.haltReason != nil || state.position == head.size && state.leaf == head.leaf
      }
    }
  }

  /// Reads without catching up: for who has done so before and reads on.
  package func readUncaught<R>(_ body: (OpaquePointer) throws -> R) throws -> R {
    try readers.readConnection(body)
  }

  func readConnection<R>(_ body: (OpaquePointer) throws -> R) throws -> R {
    try readers.readConnection(body)
  }

  /// Runs `body` with the one connection that writes, under the lock.
  func writing<R>(_ body: (ProjectionDatabase) throws -> R) throws -> R {
    try mutex.withLock {
      try lock.withLock {
        do {
          return try Connection.translating(path) {
            let database = try openDatabase()
            return try database.use {
              let result = try body(database)
              try database.shortenLog()
              return result
            }
          }
        } catch {
          // What is known of rows and digests may not be what is on the disk any more.
          open = nil
          throw error
        }
      }
    }
  }

  private func openDatabase() throws -> ProjectionDatabase {
    // Another process may have thrown the file away and made a new one.
    if let open, open.isThere { return open }
    let made = try ProjectionDatabase.open(path, migrations, key: try digestKey())
    open = made
    return made
  }

  func digestKey() throws -> SecretBytes {
    guard let keyring = folder.keyring else {
      throw CustodyError(.usage, "Projections need the store's secrets.")
    }
    return try keyring.derivedKey(for: "projection-digest")
  }

  // MARK: - Applying

  private static let batchSize = 4096

  /// Follows the ledger until the task is canceled: for programs that stay.
  ///
  /// - Parameter interval: how long to wait when there is nothing new.
  package func follow(every interval: Duration, _ progress: Progress? = nil) async throws {
    while !Task.isCancelled {
      let before = try head().size
      try catchUp(progress)
      if try head().size == before {
        do { try await Task.sleep(for: interval) } catch { return }
      }
    }
  }

  /// Applies events to the projections of `states`, batch by batch, each batch in one transaction.
  func follow(
    _ database: ProjectionDatabase, _ states: [ProjectionState], upTo size: Int,
    _ progress: Progress?
  ) throws {
    var runs = try states.map { try ProjectionRun($0, database) }
    let source = EventSource(
      folder: folder, objects: try StoredObjects(folder: folder),
      contentTypes: Self.contentTypes(projections))
    try reset(&runs, database)
    while let low = runs.filter({ !$0.isHalted }).map(\.state.position).min(), low < size {
      let events = try source.events(from: low, to: min(low + Self.batchSize, size))
      guard !events.isEmpty else { break }
      try database.transaction {
        for index in runs.indices { try runs[index].apply(events, database) }
      }
      progress?(low + events.count, size)
    }
  }

  private static func contentTypes(_ kinds: [ProjectionKind]) -> Set<String> {
    kinds.reduce(into: []) { $0.formUnion($1.declaration.contentTypes) }
  }

  /// Empties projections of another ledger, or of a life that was lost.
  private func reset(_ runs: inout [ProjectionRun], _ database: ProjectionDatabase) throws {
    for index in runs.indices {
      let state = runs[index].state
      guard state.position > 0 else { continue }
      let leaf = try folder.read {
        try $0.event(at: Position(state.position - 1), ledgerID: folder.ledgerID)?.leaf
      }
      guard leaf != state.leaf else { continue }
      try database.transaction { try runs[index].empty(database) }
    }
  }
}
