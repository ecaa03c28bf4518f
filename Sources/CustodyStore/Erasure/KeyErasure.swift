import CustodyLedger
import Foundation
import Synchronization

/// Destroys keys and removes everything that they sealed, in steps each of which can be repeated: a
/// kill at any point leaves a store that finishes when it is opened next.
///
/// The store's lock is held throughout. What is removed is read from ledger and objects themselves.
package struct KeyErasure {
  /// What has just been done; the order is that of the steps.
  package enum Step: String, CaseIterable, Sendable {
    /// The needles are on disk.
    case needles
    /// The journal of the store has its line.
    case journal
    /// So has the guard's: from here on there is no way back.
    case guardJournal
    /// The keys are gone from keys.sqlite, and the epoch key that wrapped them.
    case keys
    /// The ledger says so, and has no body any more that they sealed.
    case ledger
    case objects
    case projections
    /// No log beside a database holds older pages.
    case logs
    /// Every file was searched for the needles.
    case scan
  }

  /// What belongs to other rooms.
  package struct Surroundings {
    package var projections: any LoggedDatabase
    /// Brings the projections up to the newest event.
    package var followErasure: () throws -> Void
    /// Called after each step; a test that throws here stops as a kill would.
    package var reached: (Step) throws -> Void

    package init(
      projections: any LoggedDatabase, followErasure: @escaping () throws -> Void,
      reached: @escaping (Step) throws -> Void = { _ in }
    ) {
      self.projections = projections
      self.followErasure = followErasure
      self.reached = reached
    }
  }

  /// What keys seal, and so what goes with them.
  package struct Sealed: Sendable {
    let events: [SealedEvent]
    let objects: [KeyedObject]
    /// The sets of several keys among those that seal them.
    package let joint: Set<[KeyID]>

    package var positions: [Int] { events.map(\.position) }
    package var objectCount: Int { objects.count }
    package var objectByteCount: Int { objects.reduce(0) { $0 + $1.byteCount } }
  }

  /// What the search for remnants found.
  package struct Scan: Sendable {
    package let needleCount: Int
    package let fileCount: Int
    package let byteCount: Int
    /// How many needles are left in each file that has any, by its path in the store.
    package let remnants: [String: Int]
    /// Files and folders that could not be read, so that nobody knows.
    package let unreadable: [String]
    /// Whether the first needles were lost, and these were taken of what was left then.
    package let isOfLaterNeedles: Bool

    package var isClean: Bool { remnants.isEmpty && unreadable.isEmpty }
  }

  private let folder: StoreFolder
  private let keyring: Keyring
  private let ledger: LedgerStore
  private let actor: Name
  private let surroundings: Surroundings
  private let waited = Waited()

  /// - Throws: `usage` for a store that was opened for reading.
  package init(_ folder: StoreFolder, actor: Name, _ surroundings: Surroundings) throws {
    guard let keyring = folder.keyring else {
      throw CustodyError(.usage, "Destroying keys needs the store's secrets.")
    }
    self.folder = folder
    self.keyring = keyring
    ledger = try folder.ledger()
    self.actor = actor
    self.surroundings = surroundings
  }

  /// What goes with keys in ledger and objects.
  package static func sealed(under keys: DyingKeys, in folder: StoreFolder) throws -> Sealed {
    let (events, ofEvents) = try folder.read { try $0.events(goingWith: keys) }
    let (objects, ofObjects) = try folder.objects.objects(goingWith: keys)
    return Sealed(events: events, objects: objects, joint: ofEvents.union(ofObjects))
  }

  // MARK: - The decision

  /// A line of the journal that is to be carried out.
  package struct Decision {
    package let tombstone: Tombstone
    /// What the keys seal, and its needles, where that was found under this hold of the lock.
    fileprivate let found: (sealed: Sealed, needles: Needles)?

    fileprivate init(_ tombstone: Tombstone, found: (sealed: Sealed, needles: Needles)) {
      self.tombstone = tombstone
      self.found = found
    }

    /// One that was cut short before.
    package init(_ tombstone: Tombstone) {
      self.tombstone = tombstone
      found = nil
    }
  }

  /// Writes down that keys are to go; after this they do, whatever happens.
  ///
  /// - Parameters:
  ///   - request: the id of `erasure.requested`, which stands in the ledger.
  ///   - hashes: keyed hashes in projections that go too.
  /// - Returns: what ``carryOut(_:hashes:)`` takes.
  package func decide(
    _ keys: DyingKeys, _ sealed: Sealed, request: EventID, hashes: [[UInt8]]
  ) throws -> Decision {
    let needles = try needles(keys.keys, sealed, hashes)
    try needles.write(path(ofNeedles: request))
    try surroundings.reached(.needles)
    let tombstone = Tombstone(
      request: request, incarnation: try folder.origin().incarnation, keys: keys.keys,
      kept: keys.kept, needles: needles.digest)
    var journal = try folder.journal()
    guard try folder.guardFolder.journal().lines == journal.lines else {
      throw CustodyError(
        .needsRecovery, "The erasure journals of store and guard differ. Run: custody recover")
    }
    try journal.append([tombstone])
    try surroundings.reached(.journal)
    try folder.guardFolder.bury(tombstone)
    try surroundings.reached(.guardJournal)
    return Decision(tombstone, found: (sealed, needles))
  }

  private func needles(
    _ keys: Set<KeyID>, _ sealed: Sealed, _ hashes: [[UInt8]]
  ) throws -> Needles {
    var needles = Needles()
    try folder.read { try $0.forEachBody(at: sealed.positions) { needles.add($0) } }
    try folder.objects.forEach(sealed.objects) { needles.add($0) }
    try keyring.forEachRow(of: keys) { needles.add($0) }
    for hash in hashes { needles.add(hash) }
    return needles
  }

  private static let needlesPrefix = "needles-"

  private func path(ofNeedles request: EventID) -> String {
    "\(folder.layout.root)/\(Self.needlesPrefix)\(request.hex)"
  }

  /// The files of needles: also of erasures that a kill ended before they were decided.
  package static func needleFiles(in folder: StoreFolder) throws -> [String] {
    let root = folder.layout.root
    return try FileIO.names(in: root).filter { $0.hasPrefix(needlesPrefix) }.map { "\(root)/\($0)" }
  }

  // MARK: - Carrying it out

  /// Does what a line of the journal says, as far as it is not done.
  ///
  /// - Parameter hashes: as for ``decide(_:_:request:hashes:)``, where the needles are gone.
  package func carryOut(_ decision: Decision, hashes: () throws -> [[UInt8]]) throws -> Scan {
    let tombstone = decision.tombstone
    let keys = Set(tombstone.keys)
    guard try keyring.keys(among: keys, for: [.operations, .index]).isEmpty else {
      throw CustodyError(
        .needsRecovery, "The erasure journal names keys of the store itself: it was tampered with.")
    }
    // A kill came between the two lines, or the store is an older copy that was recovered.
    try folder.guardFolder.bury(tombstone)
    let sealed =
      try decision.found?.sealed
      ?? Self.sealed(under: DyingKeys(keys, keeping: tombstone.kept), in: folder)
    let first = try decision.found?.needles ?? keptNeedles(tombstone)
    let needles = try first ?? self.needles(keys, sealed, hashes())
    let kept = try folder.journal().lines.flatMap(\.kept)
    let epochs = try keyring.destroy(keys, keeping: kept) {
      try waitForReaders(of: [folder.layout.keys])
    }
    try surroundings.reached(.keys)
    try purge(tombstone, sealed, epochs)
    try surroundings.reached(.ledger)
    try folder.objects.remove(sealed.objects)
    try surroundings.reached(.objects)
    try surroundings.followErasure()
    try surroundings.reached(.projections)
    try truncateLogs()
    try surroundings.reached(.logs)
    var scan = try scan(needles, tombstone, isOfLaterNeedles: first == nil)
    // Rows that were moved before today, by an older erasure, may have left copies in their pages.
    if try compact(scan.remnants.keys) {
      try truncateLogs()
      scan = try self.scan(needles, tombstone, isOfLaterNeedles: first == nil)
    }
    try surroundings.reached(.scan)
    return scan
  }

  /// Removes what served the search; called when its result stands in the ledger.
  package func forgetNeedles(of tombstone: Tombstone) throws {
    let path = path(ofNeedles: tombstone.request)
    guard FileIO.exists(path) else { return }
    guard unlink(path) == 0 else { throw CustodyError(SystemCallError("unlink"), path: path) }
    try FileIO.syncFolder(of: path)
  }

  private func keptNeedles(_ tombstone: Tombstone) throws -> Needles? {
    try Needles(reading: path(ofNeedles: tombstone.request), digest: tombstone.needles)
  }

  // MARK: - The ledger

  /// More positions than stand in one event of 16 MiB.
  private static let rangesMax = 300_000

  private func purge(_ tombstone: Tombstone, _ sealed: Sealed, _ epochs: [KeyID]) throws {
    let isRecorded = try isRecorded(Set(tombstone.keys))
    guard !isRecorded || !sealed.events.isEmpty else { return }
    let request = try folder.read { try $0.position(of: tombstone.request) }
    var events = try folder.epochEvents(replacing: epochs)
    if !isRecorded {
      events.append(
        .keyDestroyed(.init(keys: tombstone.keys, reason: .erasure, request: request)))
    }
    events += purgedEvents(sealed, request)
    try ledger.purgeUnderLock(
      sealed.positions,
      saying: try events.map {
        try PendingEvent.system(
          $0, ledgerID: folder.ledgerID, actor: actor, environment: folder.environment)
      })
  }

  /// Whether the ledger says that all of some keys are gone.
  private func isRecorded(_ keys: Set<KeyID>) throws -> Bool {
    var missing = keys
    try folder.read {
      try $0.forEachSystemEvent("key.destroyed", ledgerID: folder.ledgerID, isReversed: true) {
        event, _ in
        if case .keyDestroyed(let destroyed) = event, destroyed.reason != .rotation {
          missing.subtract(destroyed.keys)
        }
        return !missing.isEmpty
      }
    }
    return missing.isEmpty
  }

  private func purgedEvents(_ sealed: Sealed, _ request: Position?) -> [SystemEvent] {
    let sha256 = SHA256()
    var objects = TreeFrontier.root(
      over: sealed.objects.map { object in
        sha256.hash([0] + object.address.bytes)
      })
    var events: [SystemEvent] = []
    var rest = sealed.events[...]
    repeat {
      var ranges: [ClosedRange<Int>] = []
      var leaves: [Leaf] = []
      while let next = rest.first {
        if let last = ranges.last, last.upperBound + 1 == next.position {
          ranges[ranges.count - 1] = last.lowerBound...next.position
        } else if ranges.count < Self.rangesMax {
          ranges.append(next.position...next.position)
        } else {
          break
        }
        leaves.append(next.leaf)
        rest.removeFirst()
      }
      events.append(
        .purged(
          .init(
            reason: .erasure, request: request, positions: ranges,
            leaves: TreeFrontier.root(over: leaves), objects: objects)))
      // The first says which objects went.
      objects = .emptyTree
    } while !rest.isEmpty
    return events
  }

  // MARK: - Remnants

  private static let waitSeconds = 0.2

  /// Cuts every log, and waits for whoever reads an older state: nothing is claimed before that.
  private func truncateLogs() throws {
    while true {
      let kept = try databases.filter { try !$0.truncateLog(wait: Self.waitSeconds) }
      if kept.isEmpty { return }
      try waitForReaders(of: kept.map(\.path))
    }
  }

  /// Writes the databases anew in which something is left; false when it is in none of them.
  private func compact(_ files: some Sequence<String>) throws -> Bool {
    let paths = Set(files.map { "\(folder.layout.root)/\($0)" })
    let marked = databases.filter { paths.contains($0.path) }
    for database in marked { try database.compact() }
    return !marked.isEmpty
  }

  private var databases: [any LoggedDatabase] {
    [ledger, folder.objects, keyring, surroundings.projections]
  }

  /// Waits a moment for whoever has the files open.
  ///
  /// - Throws: `locked` when they read for longer than this process waits.
  private func waitForReaders(of paths: [String]) throws {
    let patience = FileLock.patience.withLock { $0 }
    let names = FileHolders.names(of: paths)
    patience.onReaders?(names)
    waited.begin()
    if let timeout = patience.timeout, waited.seconds > timeout {
      throw CustodyError(
        .locked,
        "The erasure is decided and not done: for \(timeout) seconds another process has been reading an "
          + "older state of the store\(names.isEmpty ? "" : ", \(names.joined(separator: ", "))"). The next "
          + "command that writes goes on with it.")
    }
    usleep(50_000)
  }

  /// Since when others have been waited for.
  private final class Waited {
    private var start: ContinuousClock.Instant?

    func begin() { start = start ?? .now }

    var seconds: Double {
      guard let start else { return 0 }
      let (seconds, attoseconds) = start.duration(to: .now).components
      return Double(seconds) + Double(attoseconds) / 1e18
    }
  }

  private func scan(
    _ needles: Needles, _ tombstone: Tombstone, isOfLaterNeedles: Bool
  ) throws -> Scan {
    let root = folder.layout.root
    let own = path(ofNeedles: tombstone.request)
    let (files, folders) = try FileIO.files(under: root)
    let found = try NeedleScan(needles).search(
      files.map { "\(root)/\($0)" }.filter { $0 != own })
    func inStore(_ path: String) -> String { String(path.dropFirst(root.utf8.count + 1)) }
    return Scan(
      needleCount: needles.count, fileCount: found.fileCount, byteCount: found.byteCount,
      remnants: Dictionary(
        uniqueKeysWithValues: found.remnants.map { (inStore($0.key), $0.value) }),
      unreadable: folders + found.unreadable.map(inStore), isOfLaterNeedles: isOfLaterNeedles)
  }
}
