/// Somebody's data may be read again.
package struct RestrictionLifted: ModelEvent {
  package static let type = "restriction.lifted"
  package static let version: UInt16 = 1

  /// The key id by which she is named.
  package let subject: String

  package init(subject: String) { self.subject = subject }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("subject", subject)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let subject = MemberReader(content)?.string("subject") else { return nil }
    self.init(subject: subject)
  }

  package static let example = RestrictionLifted(subject: String(repeating: "1", count: 32))
}
