/// A person got a key for a class of data, or something was said of her. Sealed under that key, and
/// gone with it.
package struct SubjectRegistered: VersionedEvent {
  package static let type = "subject.registered"
  package static let version: UInt16 = 2
  /// The stream of a person is this and the key id that names her.
  package static let streamPrefix = "subject/"

  /// The outside identifier: what the pipeline calls her.
  package let identifier: String
  /// The class of data that the key is for.
  package let dataClass: String
  /// A ``Jurisdiction``; nil where nothing is said of it, which takes nothing back.
  package let jurisdiction: String?
  /// A ``CalendarDate``; nil likewise.
  package let birthDate: String?

  package init(
    identifier: String, dataClass: String, jurisdiction: String? = nil, birthDate: String? = nil
  ) {
    self.identifier = identifier
    self.dataClass = dataClass
    self.jurisdiction = jurisdiction
    self.birthDate = birthDate
  }

  /// Version 1 had the first two members.
  package func content(version: UInt16) -> [UInt8] {
    var writer = JSONWriter()
    writer.member("identifier", identifier)
    writer.member("class", dataClass)
    if version > 1 {
      writer.member("jurisdiction", jurisdiction)
      writer.member("birthDate", birthDate)
    }
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8], version: UInt16) {
    guard (1...Self.version).contains(version), let reader = MemberReader(content),
      let identifier = reader.string("identifier"), let dataClass = reader.string("class")
    else { return nil }
    self.init(
      identifier: identifier, dataClass: dataClass,
      jurisdiction: version > 1 ? reader.string("jurisdiction") : nil,
      birthDate: version > 1 ? reader.string("birthDate") : nil)
  }

  package static let example = SubjectRegistered(
    identifier: "patient-0017", dataClass: "default", jurisdiction: "US-IL",
    birthDate: "1990-01-31")
}
