/// Whether the parts of a store agree. Everything but `clean` is read-only until it is recovered.
public enum StoreCondition: Equatable, Sendable {
  /// All of them agree: the store can be written to.
  case clean
  /// The ledger has fewer events than someone has seen signed: an older copy.
  case behind(size: Int, seen: Int, by: String)
  /// The ledger has another history than someone has seen signed.
  case forked(at: Int, by: String)
  /// A file was cut short, or a recovery: what is said of it, as a sentence.
  case torn(String)
  /// keys.sqlite is an older copy, or does not open any more: what is said of it, as a sentence.
  case staleKey(String)
  /// Something that belongs to the store is not there: what, with its place.
  case missing(String)
  /// Something belongs to another store: what is said of it, as a sentence.
  case foreign(String)

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

  /// What the condition means, as a sentence.
  public var finding: String {
    switch self {
    case .clean: "Ledger, keyring, signer, guard and anchors agree."
    case .behind(let size, let seen, let source):
      "The ledger has \(size) events, but \(source) has seen \(seen): this is an older copy."
    case .forked(let size, let source):
      "At \(size) events the ledger has another history than \(source) has seen: it was changed, "
        + "or belongs to another copy of the store."
    case .torn(let sentence), .staleKey(let sentence), .foreign(let sentence): sentence
    case .missing(let what): "\(what) is missing."
    }
  }

  /// What to do about it, as sentences; empty when nothing has to be done.
  public var advice: String {
    switch self {
    case .clean: ""
    case .behind:
      "Put the newest ledger.sqlite back if there is one. If there is none: custody recover"
    case .forked:
      "Run: custody verify. Then put back the copy that is true; Custody cannot tell which."
    case .torn: "Put the file back from where it was kept; what that cannot mend: custody recover"
    case .staleKey: "Put the newest keys.sqlite back, or run: custody recover --keys BACKUP"
    case .missing:
      "Put it back from where it was kept; what that cannot mend: custody recover"
    case .foreign: "Put the store's own back."
    }
  }

  /// What the condition means and what to do.
  public var explanation: String {
    self == .clean ? finding : "\(finding) Until then the store is read-only. \(advice)"
  }
}
