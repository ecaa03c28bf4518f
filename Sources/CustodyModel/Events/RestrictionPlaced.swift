/// Somebody's data is kept, and not read by runs, restores and disclosures except on a stated ground.
///
/// About a person by the random id that names her; in a stream of hers with ``RestrictionLifted``.
package struct RestrictionPlaced: ModelEvent {
  package static let type = "restriction.placed"
  package static let version: UInt16 = 1
  /// The stream is this and the key id that names the person.
  package static let streamPrefix = "restriction/"

  /// The key id by which she is named.
  package let subject: String
  /// These classes of data alone; all when empty.
  package let classes: [String]
  /// One of ``RestrictionReason``.
  package let reason: String

  package init(subject: String, classes: [String], reason: String) {
    self.subject = subject
    self.classes = classes
    self.reason = reason
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("subject", subject)
    writer.member("classes", strings: classes)
    writer.member("reason", reason)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let subject = reader.string("subject"),
      let classes = reader.strings("classes"), let reason = reader.string("reason")
    else { return nil }
    self.init(subject: subject, classes: classes, reason: reason)
  }

  package static let example = RestrictionPlaced(
    subject: String(repeating: "1", count: 32), classes: ["voiceprint"],
    reason: "accuracy-contested")
}
