import CustodyLedger
import CustodyMigrations
import CustodyStore
import Foundation
import Synchronization

/// Runs the projections of a store: follows the ledger, rebuilds, compares.
///
/// One process writes projections.sqlite at a time, under a lock of its own; the ledger goes on
/// meanwhile. Needs the store's secrets: contents are opened, and the digest of rows is keyed.
package final class ProjectionEngine: Sendable {
  /// Called with events read so far and in all.
  package typealias Progress = @Sendable (_ done: Int, _ total: Int) -> Void

  let folder: StoreFolder
  package let path: String
  /// Every projection that it runs, by version.
  package let projections: [ProjectionKind]
  let migrations: [Migration]
  private let batchSize: Int
  private let readers: ReaderPool
  private let mutex = NSLock()
  /// Used with `mutex` and the file lock held.
  nonisolated(unsafe) private var open: ProjectionDatabase?
  /// Whether events that cannot be applied are passed over, rather than a projection standing still.
  private let isScanning: Bool
  private let passed = Mutex<[String: Set<Int>]>([:])
  /// The file that was last found to be as this program makes it.
  private let fitInode = Mutex<ino_t?>(nil)

  /// Events that are read and applied at a time.
  package static let batchSizeUsual = 4096
  /// Batches that are written in one transaction: a page that many of them change is written once.
  private static let batchesPerTransaction = 8

  /// - Parameters:
  ///   - migrations: what makes the tables of `projections`; tests bring their own.
  ///   - batchSize: events that are read and applied at a time.
  package init(
    folder: StoreFolder, projections: [ProjectionKind] = ProjectionCatalog.all,
    migrations: [Migration] = Migration.projections,
    batchSize: Int = ProjectionEngine.batchSizeUsual
  ) {
    self.folder = folder
    self.projections = projections
    self.migrations = migrations
    self.batchSize = batchSize
    path = folder.layout.projections
    isScanning = false
    readers = ReaderPool(path: path, cacheSize: Self.cacheSize)
  }

  /// One of tables that are beside those in use, and of one user: see ``scanning(_:)``.
  init(
    folder: StoreFolder, projections: [ProjectionKind], migrations: [Migration],
    scanningInto path: String
  ) {
    self.folder = folder
    self.projections = projections
    self.migrations = migrations
    batchSize = Self.batchSizeUsual
    self.path = path
    isScanning = true
    readers = ReaderPool(path: path, cacheSize: Self.cacheSize)
  }

  /// Where the events stand that each projection passed over, by its name; empty unless it scans.
  package var skipped: [String: Set<Int>] { passed.withLock { $0 } }

  /// Opens the texts of rows; for one thread at a time.
  package func columns() throws -> SealedColumns {
    // A key that another process has destroyed opens nothing here either.
    try folder.keyring?.refresh()
    return SealedColumns(keys: folder.dataKeys)
  }

  /// Keyed hashes are random: a commit looks up every record in their index.
  private static let cacheSize = 32 << 20

  /// Holds the lock of the tables in use; whoever scans holds it already.
  private func withLock<R>(_ body: () throws -> R) throws -> R {
    isScanning
      ? try body() : try FileLock(path: folder.layout.projectionsLock).withLock(body)
  }

  // MARK: - Following the ledger

  /// Brings projections up to the newest event, unless they are halted.
  ///
  /// - Parameter kinds: which; by default all that are followed: the newest version of each, and
  ///   older ones that nobody has let go of.
  /// - Returns: how many events the ledger had then.
  ///
  /// Cost: two look-ups when there is nothing new.
  @discardableResult
  package func catchUp(
    _ kinds: [ProjectionKind]? = nil, _ progress: Progress? = nil
  ) throws -> Int {
    let head = try head()
    if try isCurrent(kinds, head) { return head.size }
    return try writing { database in
      let kinds = try kinds ?? followed(ProjectionState.all(database.connection))
      try follow(database, kinds, upTo: head.size, progress)
      return head.size
    }
  }

  /// Reads the tables of one projection, which has caught up before.
  ///
  /// - Throws: `needsRecovery` when it is halted: the message says why.
  package func read<R>(
    _ projection: ProjectionKind, _ body: (OpaquePointer) throws -> R
  ) throws -> R {
    try catchUp([projection])
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

  private func isCurrent(_ kinds: [ProjectionKind]?, _ head: Head) throws -> Bool {
    guard try isFit() else { return false }
    return try readers.readConnection { connection in
      let states = try ProjectionState.all(connection)
      return (kinds ?? followed(states)).allSatisfy { kind in
        states.contains {
          $0.isOf(kind)
            && ($0.haltReason != nil || $0.position == head.size && $0.leaf == head.leaf)
        }
      }
    }
  }

  /// Whether the file has all the tables that this program's projections write.
  func isFit() throws -> Bool {
    let inode = FileAttributes.inode(path)
    if let inode, fitInode.withLock({ $0 }) == inode { return true }
    // A view in the place of a table could show anything, and take for ever.
    guard try ProjectionDatabase.condition(path, migrations) == .current,
      try SchemaCheck.findings(try ReadOnlyDatabase(path: path), migrations).isEmpty
    else { return false }
    fitInode.withLock { $0 = inode }
    return true
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
      try withLock {
        do {
          return try Connection.translating(path) {
            let database = try openDatabase()
            return try database.use {
              let result = try body(database)
              try database.shortenLog(isResting: true)
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

  /// Throws everything away that was computed.
  func discard() throws {
    try mutex.withLock {
      try withLock {
        open = nil
        ProjectionDatabase.remove(path)
      }
    }
  }

  private func openDatabase() throws -> ProjectionDatabase {
    // Another process may have thrown the file away and made a new one.
    if let open, open.isThere { return open }
    if isScanning {
      let made = try ProjectionDatabase.open(path, migrations, key: try digestKey(), .none)
      open = made
      return made
    }
    for use in ScratchUse.allCases { ProjectionDatabase.remove(scratchPath(use)) }
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

  /// Follows the ledger until the task is canceled: for programs that stay.
  ///
  /// - Parameter interval: how long to wait when there is nothing new.
  package func follow(every interval: Duration, _ progress: Progress? = nil) async throws {
    while !Task.isCancelled {
      let before = try head().size
      try catchUp(nil, progress)
      if try head().size == before {
        do { try await Task.sleep(for: interval) } catch { return }
      }
    }
  }

  // MARK: - Applying

  /// Thrown to take back a transaction.
  private struct Stop: Error {
    let index: Int
    let halt: ProjectionRun.Halt
  }

  /// Applies events to some projections, in order, some batches in one transaction.
  func follow(
    _ database: ProjectionDatabase, _ kinds: [ProjectionKind], upTo size: Int,
    _ progress: Progress?
  ) throws {
    var runs = try runs(of: kinds, database)
    defer { database.runs += runs }
    try reset(&runs, database)
    var halts: [Int: ProjectionRun.Halt] = [:]
    while let low = runs.filter({ !$0.isHalted }).map(\.state.position).min(), low < size {
      let source = try source(kinds, from: low, to: size)
      // Threads cost more than one small batch.
      let next = size - low > batchSize ? Ahead { try source.next() }.next : source.next
      var states = runs.map(\.state)
      do {
        var isDone = false
        while !isDone {
          states = runs.map(\.state)
          try database.transaction {
            isDone = try applyBatches(next, &runs, halts, database, upTo: size, progress)
          }
          try database.shortenLog(isResting: false)
        }
      } catch let stop as Stop {
        // The events before that one are applied again, and then it stands still.
        if isScanning {
          passed.withLock {
            _ = $0[kinds[stop.index].declaration.name, default: []].insert(stop.halt.position)
          }
        } else {
          halts[stop.index] = stop.halt
        }
        runs = try zip(kinds, states).map { try ProjectionRun($0, $1, database) }
      }
    }
    for index in runs.indices where runs[index].state.hasTraces {
      try removeTraces(&runs[index], database)
    }
  }

  /// - Returns: whether there are no more events.
  private func applyBatches(
    _ next: () throws -> [ProjectedEvent]?, _ runs: inout [ProjectionRun],
    _ halts: [Int: ProjectionRun.Halt], _ database: ProjectionDatabase, upTo size: Int,
    _ progress: Progress?
  ) throws -> Bool {
    for _ in 0..<Self.batchesPerTransaction {
      guard runs.contains(where: { !$0.isHalted }), let events = try next(),
        let last = events.last
      else { return true }
      for index in runs.indices {
        let halt = try runs[index].apply(
          events, until: halts[index], skipping: skipped[runs[index].state.name] ?? [], database)
        if let halt { throw Stop(index: index, halt: halt) }
      }
      progress?(last.position + 1, size)
    }
    return false
  }

  /// The events of a range, as the projections `kinds` see them.
  func source(_ kinds: [ProjectionKind], from low: Int, to high: Int) throws -> EventSource {
    try EventSource(
      folder: folder,
      contentTypes: kinds.reduce(into: []) { $0.formUnion($1.declaration.contentTypes) },
      from: low, to: high, batchSize: batchSize)
  }

  /// Projections at work, as the last time left them unless somebody else has written since; taken
  /// from the database while they are.
  private func runs(
    of kinds: [ProjectionKind], _ database: ProjectionDatabase
  ) throws -> [ProjectionRun] {
    let states = try ProjectionState.all(database.connection)
    return try kinds.map { kind in
      let state = states.first { $0.isOf(kind) } ?? ProjectionState(kind)
      let known = database.runs.firstIndex { $0.state.isOf(kind) }.map {
        database.runs.remove(at: $0)
      }
      if let known, known.state == state { return known }
      return try ProjectionRun(kind, state, database)
    }
  }

  /// Empties projections of another ledger, or of a life that was lost.
  private func reset(_ runs: inout [ProjectionRun], _ database: ProjectionDatabase) throws {
    for index in runs.indices {
      let state = runs[index].state
      guard try !isOfThisLedger(state) else { continue }
      try database.transaction { try runs[index].empty(database) }
    }
  }

  /// Whether the events that a projection has read are the ones that the ledger has.
  func isOfThisLedger(_ state: ProjectionState) throws -> Bool {
    guard state.position > 0 else { return true }
    return try folder.read {
      try $0.event(at: Position(state.position - 1), ledgerID: folder.ledgerID)?.leaf
    } == state.leaf
  }
}
