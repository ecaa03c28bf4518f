/// The event of the ledger that seals an event of OpenLineage: its content is the original, byte
/// for byte.
///
/// Only its name and number are here, because it is no JSON of ours; ``LineageRecorded`` is what
/// the graph is made of.
package enum LineageReceived {
  package static let type = "lineage.received"
  package static let version: UInt16 = 1
}
