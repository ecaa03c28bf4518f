import CustodyLedger

/// What a recovery found, and what it would do.
public struct RecoveryPlan: Sendable {
  /// What is wrong with the store; empty when there is nothing to recover.
  public internal(set) var conditions: [StoreCondition]
  /// How many events the ledger has.
  public let eventCount: Int
  /// Which life of the ledger it is.
  public let incarnation: Int
  /// Events that no checkpoint in the ledger covers: they are taken as they are.
  public let unsealedCount: Int
  /// What signer, guard, anchors and notes from elsewhere say of the ledger, the newest first.
  public let words: [Word]
  /// What is brought back from a key backup, if anything is.
  public internal(set) var keys: KeyRestoration?
  /// How many events are sealed under keys that neither the keyring nor the backup holds, and that
  /// nobody destroyed; nil when the keyring could not be read.
  public internal(set) var unreadableCount: Int?
  /// The lives that are begun, one for each that was lost; none when signer and guard agree with the
  /// ledger.
  public internal(set) var lives: [Life] = []
  /// Checkpoints of lost lives that no event can explain any more, because the same copy was recovered
  /// too often for what was lost: whoever kept one will find that it does not fit.
  public internal(set) var unexplained: [Checkpoint] = []
  /// Which folders have another place from now on, as sentences.
  public internal(set) var moves: [String] = []
  /// Whether only signer and guard have to be told of a life that the ledger is in already.
  public internal(set) var completesRecovery = false
  /// Objects that are not as they were stored.
  public internal(set) var damagedObjectCount = 0
  /// Whether the store goes on with no objects.
  public internal(set) var makesObjects = false
  /// Erasures that the guard knows of and this copy does not: they are carried out again.
  public internal(set) var erasureCount = 0
  /// Events of holds, restrictions and erasures that wait, which the guard knows and this copy of the
  /// ledger does not: they are appended again.
  public internal(set) var safeguardCount = 0
  /// Whether the guard knows every such event there was.
  public internal(set) var knowsAllSafeguards = false
  /// Why nothing can be done until somebody has done something else.
  public internal(set) var refusal: CustodyError?

  /// What somebody outside the ledger knows of it.
  public struct Word: Sendable {
    /// Who says so.
    public let source: String
    /// Of which life.
    public let incarnation: Int
    /// How many events it had.
    public let size: Int
    /// `agrees`, `explained`, `beyond the end` or `contradicts`.
    public let verdict: String
  }

  /// What comes back from a key backup.
  public struct KeyRestoration: Sendable {
    /// When the backup was made.
    public let created: Timestamp
    /// Keys taken from it.
    public let restoredCount: Int
    /// Keys that the store's own keyring still opens, and that are kept.
    public let keptCount: Int
    /// Keys of the backup that the ledger says were destroyed, and that stay so.
    public let destroyedCount: Int
    /// Keys and rows of the store's own keyring that do not open, and that the backup lacks.
    public let unopenedCount: Int
    /// People who were registered again after the backup, or before it, and who keep both keys: their
    /// identifier leads to one of them, and the other is found by its id.
    public let doubledCount: Int
    /// Whether the keyring that is replaced, and secrets that nothing opens, are kept under other
    /// names: `keys.sqlite.before-recovery`.
    public let setsAside: Bool
    /// Whether secrets are made anew.
    public let makesSecrets: Bool
    /// Whether those are sealed under a passphrase, rather than a root key in a file of mode 0600.
    public let sealsSecrets: Bool
  }

  /// A life that is begun where the ledger ends.
  public struct Life: Sendable {
    /// Above every one known.
    public let incarnation: Int
    /// The newest known of the life that was lost; nil when nothing is known of one.
    public let lost: SystemEvent.Restored.Lost?
  }

  /// Whether there is anything to do.
  public var isNeeded: Bool { !conditions.isEmpty || keys != nil || !moves.isEmpty }

  /// How many events are known to be gone.
  public var lostCount: Int {
    max(0, (lives.compactMap(\.lost?.size).max() ?? eventCount) - eventCount)
  }
}
