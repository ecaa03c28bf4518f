import CustodyLedger
import Foundation
import Synchronization

/// What is kept outside the store: the signer's last state, the newest checkpoint, and which store it
/// guards.
///
/// A store copied back from an old backup does not bring it along. Updated under a lock of its
/// own, because two copies of a store may meet at one guard.
package struct Guard: Sendable {
  package let folder: String

  package init(folder: String) { self.folder = folder }

  private var statePath: String { "\(folder)/\(SignerState.fileName)" }
  private var checkpointPath: String { "\(folder)/checkpoint" }

  /// Where the guard of a ledger is unless `init --guard` says otherwise.
  package static func defaultFolder(
    _ ledgerID: LedgerID, environment: [String: String]
  ) -> String {
    let state =
      environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
      ?? "\(environment["HOME"] ?? NSHomeDirectory())/.local/state"
    return "\(state)/custody/\(ledgerID.uuid)"
  }

  /// Whether a file of this name is the guard's own.
  package static func owns(_ name: String) -> Bool {
    [
      SignerState.fileName, "checkpoint", "lock", "store", "recoveries", TombstoneJournal.fileName,
      Journal<Safeguard>.fileName,
    ].contains { name == $0 || name.hasPrefix("\($0).") }
  }

  /// Whether the folder guards a store already.
  package var isUsed: Bool { FileIO.exists(statePath) }

  package func state() throws -> SignerState? { try SignerState.read(statePath) }

  package func checkpoint() throws -> String? {
    try FileIO.readIfPresent(checkpointPath).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Records what is about to be signed; durable when this returns.
  ///
  /// - Parameter seen: the state that `state` was found to extend.
  /// - Throws: ``CustodyError/Code/needsRecovery`` when another copy of the store came in between.
  package func update(_ state: SignerState, after seen: SignerState?) throws {
    try FileLock(path: "\(folder)/lock").withLock {
      if let known = try self.state(), known != seen || known.isAhead(of: state) {
        throw CustodyError(
          .needsRecovery,
          "The guard in \(folder) has seen \(known.size) events, this store has \(state.size): it "
            + "is an older copy, or another copy of it was used. Use the newest one.")
      }
      try state.write(statePath)
    }
  }

  // MARK: - Which store

  private var storePath: String { "\(folder)/store" }

  /// The store that this guards, if it is there, is the same ledger's, and is not at `root`.
  func otherStore(than root: String, _ ledgerID: LedgerID) throws -> String? {
    guard let bytes = try FileIO.readIfPresent(storePath) else { return nil }
    let path = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    guard path != root, let settings = try? Settings.read(Layout(root: path)),
      settings.ledger == ledgerID.uuid,
      FileAttributes.inode(path) != FileAttributes.inode(root),
      // Copied along with its store it guards the copy.
      FileAttributes.inode(settings.guard) == FileAttributes.inode(folder)
    else { return nil }
    return path
  }

  /// Notes which store this guards, unless that is another one which is still there.
  func own(_ root: String, _ ledgerID: LedgerID) throws {
    guard try otherStore(than: root, ledgerID) == nil else { return }
    let bytes = Array("\(root)\n".utf8)
    guard try FileIO.readIfPresent(storePath) != bytes else { return }
    try FileIO.replace(storePath, with: bytes, mode: 0o600)
  }

  // MARK: - Erasing

  var journalPath: String { "\(folder)/\(TombstoneJournal.fileName)" }

  /// The erasure journal's other copy.
  package func journal() throws -> TombstoneJournal { try TombstoneJournal(path: journalPath) }

  /// Adds a line of the store's journal, unless it is there; durable when this returns.
  func bury(_ tombstone: Tombstone) throws {
    try FileLock(path: "\(folder)/lock").withLock {
      var journal = try journal()
      if !journal.lines.contains(tombstone) { try journal.append([tombstone]) }
    }
  }

  // MARK: - Holding

  var safeguardsPath: String { "\(folder)/\(Journal<Safeguard>.fileName)" }

  /// Whether it has been told of every safeguard that the ledger had when it was opened last.
  var keepsSafeguards: Bool { FileIO.exists(safeguardsPath) }

  /// The events that a recovery does not lose.
  package func safeguards() throws -> Journal<Safeguard> {
    let (journal, fault) = try safeguardsUpToFault()
    if let fault { throw fault }
    return journal
  }

  private static let known = Mutex<[String: (version: FileVersion, journal: Journal<Safeguard>)]>(
    [:])

  /// The same as far as they are what was written. Read once for each time that the file has changed: who
  /// restricts ten thousand people has ten megabytes there.
  func safeguardsUpToFault() throws -> (journal: Journal<Safeguard>, fault: CustodyError?) {
    let version = FileVersion(of: safeguardsPath)
    if let version, let known = Self.known.withLock({ $0[safeguardsPath] }),
      known.version == version
    {
      return (known.journal, nil)
    }
    let (journal, fault) = try Journal<Safeguard>.upToFault(safeguardsPath)
    if let version, fault == nil, FileVersion(of: safeguardsPath) == version {
      Self.known.withLock { $0[safeguardsPath] = (version, journal) }
    }
    return (journal, fault)
  }

  /// Adds those that it does not have; durable when this returns.
  func keep(safeguards: [Safeguard]) throws {
    try FileLock(path: "\(folder)/lock").withLock {
      var journal = try self.safeguards()
      let known = Set(journal.lines.map(\.id))
      try journal.append(safeguards.filter { !known.contains($0.id) })
    }
  }

  // MARK: - Recovering

  private var recoveriesPath: String { "\(folder)/recoveries" }

  /// The events by which recoveries began a new life, also of one that was cut short.
  ///
  /// Nobody who can write the ledger alone can make one that is taken for theirs.
  func recoveries() throws -> Set<EventID> {
    guard let bytes = try FileIO.readIfPresent(recoveriesPath) else { return [] }
    return Set(
      String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { EventID(hex: $0) })
  }

  /// Notes more of them down, durably, before they are appended.
  func note(recoveries events: [EventID]) throws {
    let all = try recoveries().union(events).sorted()
    let text = all.map { "\($0.hex)\n" }.joined()
    try FileIO.replace(recoveriesPath, with: Array(text.utf8), mode: 0o600)
  }

  /// Puts another state in the place of what is there, damaged or not: a new life begins.
  func begin(_ state: SignerState) throws {
    try FileLock(path: "\(folder)/lock").withLock { try state.write(statePath) }
  }

  /// Keeps the newest checkpoint; evidence, not state, so it need not be durable at once.
  package func keep(_ note: String) throws {
    try FileLock(path: "\(folder)/lock").withLock {
      try FileIO.replace(checkpointPath, with: Array(note.utf8), mode: 0o600, isDurable: false)
    }
  }
}
