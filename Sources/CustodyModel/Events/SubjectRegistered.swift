/// A person got a key for a class of data. Sealed under that key, and gone with it.
package struct SubjectRegistered: ModelEvent {
  package static let type = "subject.registered"
  package static let version: UInt16 = 1

  /// The outside identifier: what the pipeline calls her.
  package let identifier: String
  /// The class of data that the key is for.
  package let dataClass: String

  package init(identifier: String, dataClass: String) {
    self.identifier = identifier
    self.dataClass = dataClass
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("identifier", identifier)
    writer.member("class", dataClass)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let identifier = reader.string("identifier"),
      let dataClass = reader.string("class")
    else { return nil }
    self.init(identifier: identifier, dataClass: dataClass)
  }

  package static let example = SubjectRegistered(identifier: "patient-0017", dataClass: "default")
}
