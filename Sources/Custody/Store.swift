import CustodyProjections
import CustodyStore
import Foundation
import Synchronization

/// A compliance data store: an encrypted, hash-chained ledger of events, and the keys to it.
///
/// ```swift
/// let store = try await Store.create(at: "study.custody", organization: "example.org")
/// try await store.subjects.register(["patient-0017"])
/// let receipt = try await store.append(
///   NewEvent(
///     stream: "conversation/1", type: "emotion.scored", subjects: [.identifier("patient-0017")],
///     content: Array(#"{"joy":812345}"#.utf8)))
/// let event = try store.event(at: receipt.position)!
/// let content = try store.content(of: event)!
/// print(String(decoding: content, as: UTF8.self), try await store.verify().holds)
/// try await store.close()
/// ```
///
/// One store object serves any number of tasks; appends that meet share a commit. Several
/// processes may use one store at once.
public final class Store: Sendable {
  /// What a store is opened for.
  public enum Access: Sendable {
    /// Positions, headers and verification. Needs no secret.
    case reading
    /// Also contents and subjects.
    case contents
    /// Also appending, checkpoints and keys.
    case writing
  }

  package let folder: StoreFolder
  package let sealing: SealingService
  package let engine: ProjectionEngine
  let actor: Name
  private let finished = Mutex<[ErasureResult]>([])

  private init(folder: StoreFolder, actor: Name, engine: ProjectionEngine? = nil) {
    self.folder = folder
    self.actor = actor
    sealing = SealingService(folder: folder, actor: actor)
    self.engine = engine ?? ProjectionEngine(folder: folder)
  }

  /// The same store, asked through other projections.
  convenience init(_ store: Store, asking engine: ProjectionEngine) {
    self.init(folder: store.folder, actor: store.actor, engine: engine)
  }

  /// Makes a store and opens it for writing.
  ///
  /// - Parameters:
  ///   - path: where; a folder that does not exist yet, or is empty.
  ///   - organization: who vouches for it; the first part of every checkpoint's origin, for example
  ///     `example.org`. At most 256 bytes; no white space, `+`, `"` or `\`.
  ///   - secrets: a folder for root, epoch and signing keys; `secrets` inside the store by default.
  ///   - guardFolder: a folder outside the store that remembers what was signed last;
  ///     `$XDG_STATE_HOME/custody/<ledger id>` by default.
  ///   - passphrase: seals the secrets; without one the root key is a file of mode 0600.
  ///   - actor: who acts, `uid:N` by default. Asserted, never verified.
  /// - Throws: `CustodyError` with `alreadyExists` when something is there: name another place;
  ///   `usage` for an organization that cannot be one, or for secrets or guard inside the store or
  ///   in one folder; `permission`, `diskFull` or `io` when the
  ///   disk refuses. No store is left behind then.
  ///
  /// Cost: about ten fsyncs; with a passphrase a third of a second more.
  public static func create(
    at path: String, organization: String, secrets: String? = nil, guardFolder: String? = nil,
    passphrase: Passphrase? = nil, actor: String? = nil
  ) async throws -> Store {
    let creation = StoreCreation(
      root: absolute(path), organization: organization, secrets: secrets.map(absolute),
      guard: guardFolder.map(absolute), passphrase: passphrase?.bytes, actor: try name(of: actor))
    try await creation.run()
    return try open(at: path, for: .writing, actor: actor) {
      passphrase ?? Passphrase("")
    }
  }

  /// Opens a store.
  ///
  /// - Parameters:
  ///   - path: the store's folder.
  ///   - access: what for. Reading needs no secret and never writes.
  ///   - actor: who acts, `uid:N` by default.
  ///   - passphrase: asked only when the secrets are sealed under one.
  /// - Throws: `CustodyError` with `notAStore`, `damaged`, `newerStore`, `olderStore` (for reading),
  ///   `wrongPassphrase`, `keyFileMode` or, for writing, `needsRecovery` when guard, signer and
  ///   ledger disagree. Its message says what to do.
  ///
  /// Cost: a few milliseconds, whatever the size of the ledger; with a passphrase a third of a
  /// second more.
  public static func open(
    at path: String, for access: Access = .writing, actor: String? = nil,
    passphrase: () throws -> Passphrase = { throw Passphrase.missing }
  ) throws -> Store {
    let folderAccess: StoreFolder.Access =
      switch access {
      case .reading: .read
      case .contents: .keys
      case .writing: .write
      }
    let folder = try StoreFolder.open(absolute(path), for: folderAccess) {
      try passphrase().bytes
    }
    let store = Store(folder: folder, actor: try name(of: actor))
    if access == .writing {
      try store.sealing.checkActor()
      let finished = try store.erasures.finish()
      store.finished.withLock { $0 = finished }
    }
    return store
  }

  /// Says how this process waits while another one writes to a store.
  ///
  /// - Parameters:
  ///   - timeout: in seconds; then calls throw `locked`. As long as it takes when nil.
  ///   - onLongWait: called when waiting has taken two seconds.
  ///   - onReaders: called while an erasure waits for processes that still read an older state, with
  ///     their numbers and names.
  public static func whileLocked(
    waitingFor timeout: Double?, onLongWait: (@Sendable () -> Void)? = nil,
    onReaders: (@Sendable ([String]) -> Void)? = nil
  ) {
    FileLock.patience.withLock {
      $0 = FileLock.Patience(onLongWait: onLongWait, timeout: timeout, onReaders: onReaders)
    }
  }

  /// Signs what no checkpoint covers yet and empties the databases' write-ahead logs.
  ///
  /// Call it once, when nothing is being appended any more. A store that is never closed has lost
  /// nothing: its newest events are durable, and unsealed until the next checkpoint.
  ///
  /// - Throws: `CustodyError` with what stopped the writer, if anything did: a checkpoint that could
  ///   not be signed after its events were committed is told here.
  public func close() async throws { try await folder.close() }

  /// Erasures that a kill had cut short, and that were carried out when this store was opened.
  public var finishedErasures: [ErasureResult] { finished.withLock { $0 } }

  /// The ledger's UUID.
  public var ledgerID: LedgerID { folder.ledgerID }

  /// Where the store is.
  public var path: String { folder.layout.root }

  /// The key with which anyone can verify this ledger's checkpoints.
  public var verifierKey: VerifierKey { get throws { try folder.settings.verifierKey() } }

  /// People and their keys.
  public var subjects: Subjects { Subjects(store: self) }

  /// What people allowed of their data.
  public var consents: Consents { Consents(store: self) }

  /// Forgetting people.
  public var erasures: Erasures { Erasures(store: self) }

  /// Matters that keep data from being destroyed.
  public var holds: Holds { Holds(store: self) }

  /// Data that is kept and not processed.
  public var restrictions: Restrictions { Restrictions(store: self) }

  /// The keyring and the epoch key.
  public var keys: Keys { Keys(folder: folder, actor: actor) }

  /// Sets of records, every version of which can be brought back.
  public var datasets: Datasets { Datasets(store: self) }

  /// What is computed from the events.
  public var projections: Projections { Projections(engine: engine) }

  /// What the store's clock says.
  package var now: Timestamp { folder.environment.now() }

  static func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }

  static func name(of actor: String?) throws -> Name {
    let text = actor ?? "uid:\(getuid())"
    do {
      return try Name(text)
    } catch {
      throw CustodyError(error, field: "actor")
    }
  }
}

/// A passphrase for the built-in key provider; wiped when the last reference goes.
public final class Passphrase: Sendable {
  let bytes: SecretBytes

  /// A passphrase from a string.
  ///
  /// - Parameter text: UTF-8, any length. Swift may keep copies of a `String`: prefer
  ///   ``init(wiping:)`` where the bytes come from a file or a terminal.
  public init(_ text: String) {
    var bytes = Array(text.utf8)
    self.bytes = SecretBytes(wiping: &bytes)
  }

  /// A passphrase from bytes of which no copy is to stay.
  ///
  /// - Parameter bytes: copied, then overwritten.
  public init(wiping bytes: inout [UInt8]) { self.bytes = SecretBytes(wiping: &bytes) }

  /// Whether both are the same, in a time that does not depend on where they differ.
  package func equals(_ other: Passphrase) -> Bool { bytes.equals(other.bytes) }

  /// What opening throws when a passphrase is needed and nobody gave one.
  public static let missing = CustodyError(
    .wrongPassphrase,
    "The secrets are sealed under a passphrase, and none was given. Name a file of mode 0600 whose "
      + "first line it is, with --passphrase-file or CUSTODY_PASSPHRASE_FILE.")
}
