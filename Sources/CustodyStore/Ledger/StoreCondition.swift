import CustodyLedger

/// Whether ledger, signer, guard and anchors agree. Everything but `clean` is read-only.
public enum StoreCondition: Equatable, Sendable {
  /// All of them agree: the store can be written to.
  case clean
  /// The ledger has fewer events than someone has seen signed: an older copy.
  case behind(size: Int, seen: Int, by: String)
  /// The ledger has another history than someone has seen signed.
  case forked(at: Int, by: String)
  /// Something that belongs to the store is not there.
  case missing(String)

  /// Compares the ledger with what is kept outside it.
  ///
  /// Cost: a few tree nodes for each word; never a pass over the ledger.
  static func compare(
    _ ledger: LedgerReader, incarnation: Int, words: [(source: String, state: SignerState?)]
  ) throws -> StoreCondition {
    let size = try ledger.size()
    if let newest = try ledger.newestCheckpoint(), newest.size > size {
      return .behind(size: size, seen: newest.size, by: "its own newest checkpoint")
    }
    let tree = TreeReader(ledger)
    for (source, state) in words {
      guard let state else { return .missing("The state that \(source) keeps") }
      if state.size > size || state.incarnation > incarnation {
        return .behind(size: size, seen: state.size, by: source)
      }
      // Only recovery begins a new life, and it tells signer and guard.
      guard state.incarnation == incarnation else { return .forked(at: state.size, by: source) }
      guard try tree.root(size: state.size) == state.root else {
        return .forked(at: state.size, by: source)
      }
    }
    return .clean
  }

  /// What the condition means and what to do, as a sentence.
  public var explanation: String {
    switch self {
    case .clean: "Ledger, signer, guard and anchors agree."
    case .behind(let size, let seen, let source):
      "The ledger has \(size) events, but \(source) has seen \(seen): this is an older copy. "
        + "Put the newest ledger.sqlite back; until then the store is read-only."
    case .forked(let size, let source):
      "At \(size) events the ledger has another history than \(source) has seen: it was changed, "
        + "or belongs to another copy of the store. Run `custody verify`; the store is read-only."
    case .missing(let what):
      "\(what) is missing. Put it back from where it was kept; until then the store is read-only."
    }
  }
}
