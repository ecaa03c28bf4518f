import CustodyStore
import Foundation

/// Brings a store back to work: one that is behind, torn, or without its keys.
///
/// ```swift
/// var recovery = try Recovery(at: "study.custody")
/// try recovery.useKeys(from: backup, identity: identity)
/// let plan = try await recovery.plan()
/// if plan.refusal == nil, plan.isNeeded { try await recovery.run(plan).close() }
/// ```
///
/// Planning changes nothing and says everything that would be done. A ledger that is older than what
/// signer, guard or an anchor has seen goes on under a higher incarnation, and says itself what was
/// lost; a keyring comes back from a key backup, without what was destroyed since.
public struct Recovery {
  private let path: String
  private let actor: String?
  private let passphrase: () throws -> Passphrase
  private var store: StoreRecovery
  private var newPassphrase: Passphrase?

  /// - Parameters:
  ///   - path: the store's folder: with `custody.yaml` and a `ledger.sqlite`.
  ///   - guardFolder: where the guard is from now on, when it is not where it was.
  ///   - secrets: the same of the secrets.
  ///   - actor: who recovers, as the ledger records it; `uid:N` by default.
  ///   - passphrase: asked only when the secrets that are there are sealed under one.
  /// - Throws: `notAStore` or `damaged` for a folder without settings.
  public init(
    at path: String, guardFolder: String? = nil, secrets: String? = nil, actor: String? = nil,
    passphrase: @escaping () throws -> Passphrase = { throw Passphrase.missing }
  ) throws {
    self.path = path
    self.actor = actor
    // Planning, doing and opening need it; it is asked for once.
    let answer = Answer(passphrase)
    self.passphrase = { try answer.get() }
    store = try StoreRecovery(
      root: Store.absolute(path), guardFolder: guardFolder.map(Store.absolute),
      secrets: secrets.map(Store.absolute), actor: try Store.name(of: actor)
    ) { try answer.get().bytes }
  }

  /// What was answered to a question that is asked once.
  private final class Answer {
    private let ask: () throws -> Passphrase
    private var known: Passphrase?

    init(_ ask: @escaping () throws -> Passphrase) { self.ask = ask }

    func get() throws -> Passphrase {
      if let known { return known }
      let answer = try ask()
      known = answer
      return answer
    }
  }

  /// Checkpoints kept elsewhere, as notes, with the names to call them by: what they know of and the
  /// ledger does not have is recorded as lost.
  public var anchors: [(name: String, note: String)] {
    get { store.anchors }
    set { store.anchors = newValue }
  }

  /// Whether to go on without any object when objects.sqlite is lost: no version of a dataset can be
  /// read then.
  public var goesOnWithoutObjects: Bool {
    get { store.goesOnWithoutObjects }
    set { store.goesOnWithoutObjects = newValue }
  }

  /// Brings keys back from a key backup.
  ///
  /// - Parameters:
  ///   - file: what ``Keys/backup(to:expires:)`` returned.
  ///   - identity: an age identity file: lines `AGE-SECRET-KEY-1…`, empty ones and comments.
  ///   - newPassphrase: seals the secrets when they have to be made anew.
  ///   - makesNewSecrets: whether secrets that are there and do not open, or are sealed under a
  ///     passphrase that nobody knows, are made anew too: `wrongPassphrase` otherwise.
  /// - Throws: `invalidInput` for another kind of file, or one that no identity opens.
  public mutating func useKeys(
    from file: [UInt8], identity: [UInt8], newPassphrase: Passphrase? = nil,
    makesNewSecrets: Bool = false
  ) throws {
    var plain = try KeyBackup.open(file, identityFile: identity)
    defer { plain.wipe() }
    store.backup = try KeyBackup.Contents(plain)
    store.newPassphrase = newPassphrase?.bytes
    store.makesNewSecrets = makesNewSecrets
    self.newPassphrase = newPassphrase
  }

  /// What is wrong, and what would be done. Nothing is changed.
  ///
  /// - Throws: `needsRecovery` without a ledger to go on from, `invalidInput` for a key backup or a
  ///   note of another ledger, `wrongPassphrase` when the secrets do not open.
  ///
  /// Cost: verifies the ledger and the objects at level bodies.
  public func plan(progress: Store.VerificationProgress? = nil) throws -> RecoveryPlan {
    try namingTheWayOut { try store.plan(progress) }
  }

  /// A wrong passphrase can be typed again; a damaged file cannot.
  private func namingTheWayOut<R>(_ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as CustodyError where error.code == .wrongPassphrase {
      throw CustodyError(
        error.code,
        error.message + " When nothing opens the secrets any more, a key backup makes them anew: "
          + "custody recover --keys FILE --identity FILE --new-secrets", cause: error.cause)
    }
  }

  /// Does what the plan says, signs it, and opens the store.
  ///
  /// - Throws: the plan's refusal, if it has one; `revisionConflict` when the store has changed since.
  public func run(_ plan: RecoveryPlan) throws -> Store {
    try namingTheWayOut { try store.run(plan) }
    return try Store.open(at: path, actor: actor) {
      if plan.keys?.makesSecrets == true, let newPassphrase { return newPassphrase }
      return try passphrase()
    }
  }
}
