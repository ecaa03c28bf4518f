/// Somebody's data may be read again.
package struct RestrictionLifted: VersionedEvent {
  package static let type = "restriction.lifted"
  package static let version: UInt16 = 2

  /// The key id by which she is named.
  package let subject: String
  /// These classes of data alone; all when empty.
  package let classes: [String]

  package init(subject: String, classes: [String]) {
    self.subject = subject
    self.classes = classes
  }

  /// Version 1 lifted all there was.
  package func content(version: UInt16) -> [UInt8] {
    var writer = JSONWriter()
    writer.member("subject", subject)
    if version > 1 { writer.member("classes", strings: classes) }
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8], version: UInt16) {
    guard (1...Self.version).contains(version), let reader = MemberReader(content),
      let subject = reader.string("subject"),
      let classes = version > 1 ? reader.strings("classes") : []
    else { return nil }
    self.init(subject: subject, classes: classes)
  }

  package static let example = RestrictionLifted(
    subject: String(repeating: "1", count: 32), classes: ["voiceprint"])
}
