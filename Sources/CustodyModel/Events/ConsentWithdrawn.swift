import CustodyLedger

/// What was allowed of data about a person is not allowed any more. Sealed under her key for records
/// of consent.
///
/// Names the grants that it ends, so that what it means depends on nothing else.
package struct ConsentWithdrawn: ModelEvent {
  package static let type = "consent.withdrawn"
  package static let version: UInt16 = 1

  /// The ids of the events that granted it; at least one.
  package let grants: [EventID]
  /// Which purposes of theirs; none for all.
  package let purposes: [String]
  /// From when on.
  package let from: Timestamp

  package init(grants: [EventID], purposes: [String], from: Timestamp) {
    self.grants = grants
    self.purposes = purposes
    self.from = from
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("grants", strings: grants.map(\.uuid))
    writer.member("purposes", strings: purposes)
    writer.member("from", from.description)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let names = reader.strings("grants"),
      let purposes = reader.strings("purposes"),
      let from = reader.string("from").flatMap({ Timestamp($0) })
    else { return nil }
    let grants = names.compactMap { EventID(uuid: $0) }
    guard !grants.isEmpty, grants.count == names.count else { return nil }
    self.init(grants: grants, purposes: purposes, from: from)
  }

  package static let example = ConsentWithdrawn(
    grants: [EventID(uuid: "01a204a7-ba70-7fdc-b314-7b88f7b52729")!], purposes: ["research"],
    from: Timestamp(microseconds: 1_780_272_000_000_000))
}
