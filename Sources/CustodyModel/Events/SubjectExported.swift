/// Everything about a person was written somewhere outside the store, which no erasure reaches.
///
/// On the stream of the person, who is named by her random id alone, and sealed under the operations key:
/// an erasure has to find it.
package struct SubjectExported: ModelEvent {
  package static let type = "subject.exported"
  package static let version: UInt16 = 1

  /// The key id by which she is named.
  package let subject: String
  /// Contents of records that were written.
  package let records: Int
  /// Contents of events that were written.
  package let events: Int
  /// Contents that were left out because they are about other people too.
  package let withheld: Int
  /// Where they were written.
  package let target: String

  package init(subject: String, records: Int, events: Int, withheld: Int, target: String) {
    self.subject = subject
    self.records = records
    self.events = events
    self.withheld = withheld
    self.target = target
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("subject", subject)
    writer.member("records", records)
    writer.member("events", events)
    writer.member("withheld", withheld)
    writer.member("target", target)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let subject = reader.string("subject"),
      let records = reader.integer("records"), let events = reader.integer("events"),
      let withheld = reader.integer("withheld"), let target = reader.string("target")
    else { return nil }
    self.init(
      subject: subject, records: records, events: events, withheld: withheld, target: target)
  }

  package static let example = SubjectExported(
    subject: String(repeating: "1", count: 32), records: 12, events: 30, withheld: 2,
    target: "/srv/requests/2026-014")
}
