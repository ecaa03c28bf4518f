/// Something happened to or with a person. Sealed under a key of hers: what and when is in the
/// content alone, and the header says only that something was recorded.
package struct SubjectObserved: ModelEvent {
  package static let type = "subject.observed"
  package static let version: UInt16 = 1

  /// A ``SubjectEventKind``.
  package let kind: String
  /// A ``DateOrTime``.
  package let on: String

  package init(kind: String, on: String) {
    self.kind = kind
    self.on = on
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("kind", kind)
    writer.member("on", on)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let kind = reader.string("kind"),
      let on = reader.string("on")
    else { return nil }
    self.init(kind: kind, on: on)
  }

  package static let example = SubjectObserved(kind: "contract-end", on: "2026-01-31")
}
