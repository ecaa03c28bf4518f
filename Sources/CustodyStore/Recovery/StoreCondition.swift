/// What a store consists of.
public enum StorePart: String, Sendable {
  case settings, ledger, keyring, objects, tombstones, `guard`, signer, anchors, secrets
}

/// Whether the parts of a store agree. Everything but `clean` is read-only until it is recovered.
public enum StoreCondition: Equatable, Sendable {
  /// All of them agree: the store can be written to.
  case clean
  /// The ledger has fewer events than someone has seen signed: an older copy.
  case behind(size: Int, seen: Int, by: String)
  /// The ledger has another history than someone has seen signed.
  case forked(at: Int, by: String)
  /// A part was cut short, is an older copy of itself, or a recovery of it was not finished: what is
  /// said of it, as a sentence.
  case torn(StorePart, String)
  /// keys.sqlite is an older copy, or does not open any more: what is said of it, as a sentence.
  case staleKey(String)
  /// A part is not there: what, with its place.
  case missing(StorePart, String)
  /// A part belongs to another store: what is said of it, as a sentence.
  case foreign(StorePart, String)

  /// The case as programs know it.
  public var name: String {
    switch self {
    case .clean: "clean"
    case .behind: "behind"
    case .forked: "forked"
    case .torn: "torn"
    case .staleKey: "stale key"
    case .missing: "missing"
    case .foreign: "foreign"
    }
  }

  /// What is wrong with a part of its own, if that is what it is.
  public var part: StorePart? {
    switch self {
    case .clean: nil
    case .behind, .forked: .ledger
    case .staleKey: .keyring
    case .torn(let part, _), .missing(let part, _), .foreign(let part, _): part
    }
  }

  /// What the condition means, as a sentence.
  public var finding: String {
    switch self {
    case .clean: "Ledger, keyring, signer, guard and anchors agree."
    case .behind(let size, let seen, let source):
      "The ledger has \(size) events, but \(source) has seen \(seen): this is an older copy."
    case .forked(let size, let source):
      "At \(size) events the ledger has another history than \(source) has seen: it was changed, "
        + "or belongs to another copy of the store."
    case .torn(_, let sentence), .staleKey(let sentence), .foreign(_, let sentence): sentence
    case .missing(_, let what): "\(what) is missing."
    }
  }

  /// What to do about it, as sentences; empty when nothing has to be done.
  public var advice: String {
    switch self {
    case .clean: ""
    case .behind:
      "Put the newest ledger.sqlite back if there is one, with its own -wal or without any. If there is "
        + "none: custody recover"
    case .forked:
      "Run: custody verify. Then put back the copy that is true; Custody cannot tell which."
    case .torn: "Put it back from where it was kept; what that cannot mend: custody recover"
    case .staleKey: "Put the newest keys.sqlite back, or run: custody recover --keys BACKUP"
    case .missing(.guard, _):
      "Put it back from where it was kept, or say where it is now: custody recover --guard DIR"
    case .missing:
      "Put it back from where it was kept; what that cannot mend: custody recover"
    case .foreign(.anchors, _): "Take it away from there, and put the store's own back."
    case .foreign: "Put the store's own back."
    }
  }

  /// What the condition means and what to do.
  public var explanation: String {
    self == .clean ? finding : "\(finding) Until then the store is read-only. \(advice)"
  }
}
