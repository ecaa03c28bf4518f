import CustodyModel
import CustodyStore

extension Receipt {
  /// One line of JSON, as `custody append --receipts` writes it.
  public var json: String {
    var writer = JSONWriter()
    writer.member("ledger", ledgerID.description)
    writer.member("id", eventID.description)
    writer.member("position", position.value)
    writer.member("revision", revision.value)
    writer.member("leaf", leaf.hex)
    if isRepeat { writer.member("repeat", true) }
    if isUnverifiedRepeat { writer.member("unverified", true) }
    return writer.object
  }

  /// Reads a line as ``json`` writes it; members may stand in any order, and others beside them.
  ///
  /// - Throws: `invalidInput` for anything else.
  public init(json: [UInt8]) throws {
    guard let reader = MemberReader(json), let ledger = reader.string("ledger"),
      let ledgerID = LedgerID(uuid: ledger), ledgerID.description == ledger,
      let id = reader.string("id"), let eventID = EventID(uuid: id), eventID.description == id,
      let position = reader.integer("position"), let revision = reader.integer("revision"),
      let digits = reader.string("leaf"), let leaf = Leaf(hex: digits), leaf.hex == digits
    else {
      throw CustodyError(
        .invalidInput, "This is no receipt, as custody append --receipts writes it.")
    }
    self.init(
      ledgerID: ledgerID, eventID: eventID, position: Position(position),
      revision: Revision(revision), leaf: leaf)
  }

  /// Whether everything that it says is so of an event of its ledger.
  func isOf(_ header: Header) -> Bool {
    leaf == header.leaf && eventID == header.claim.eventID
      && position == header.place.position && revision == header.place.revision
  }
}
