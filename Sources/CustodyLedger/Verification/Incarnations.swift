/// The lives of a ledger, as its `ledger.restored` events tell them: section 4 of <doc:Format>.
package struct Incarnations: Sendable {
  private var restorations: [(position: Int, event: SystemEvent.Restored)] = []

  package init() {}

  /// Takes the next restoration, in the order of the ledger.
  package mutating func add(_ event: SystemEvent.Restored, at position: Int) {
    restorations.append((position, event))
  }

  /// Where the newest restoration stands.
  package var newest: Int? { restorations.last?.position }

  /// Which life the first `size` events end in.
  package func incarnation(at size: Int) -> Int {
    restorations.last { $0.position < size }?.event.incarnation ?? 1
  }

  /// Where the first `ledger.restored` stands whose `lost` covers a checkpoint of an older life; nil
  /// when there is none.
  ///
  /// The first of several is the one that a signature covers soonest.
  package func restoration(explaining checkpoint: Checkpoint) -> Int? {
    restorations.first { position, event in
      guard let lost = event.lost, checkpoint.size > position,
        checkpoint.origin.incarnation < event.incarnation,
        lost.origin.incarnation == checkpoint.origin.incarnation,
        lost.origin.isSameLedger(as: checkpoint.origin)
      else { return false }
      return checkpoint.size < lost.size
        || checkpoint.size == lost.size && checkpoint.root == lost.root
    }?.position
  }
}
