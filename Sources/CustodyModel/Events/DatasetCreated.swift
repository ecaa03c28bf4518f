/// A dataset came to be: its name and how its records are found in what is committed to it.
package struct DatasetCreated: ModelEvent {
  package static let type = "dataset.created"
  package static let version: UInt16 = 1

  package let dataset: String
  /// `files`, `csv` or `lines`.
  package let kind: String
  /// The column or member that is a record's natural key; nil for a path or a place.
  package let key: String?
  /// Where the people are found that a record is about; `none` when it is about nobody.
  package let subject: String
  /// The class of data.
  package let dataClass: String
  package let owner: String?
  package let tags: [String]

  package init(
    dataset: String, kind: String, key: String?, subject: String, dataClass: String,
    owner: String?, tags: [String]
  ) {
    self.dataset = dataset
    self.kind = kind
    self.key = key
    self.subject = subject
    self.dataClass = dataClass
    self.owner = owner
    self.tags = tags
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("dataset", dataset)
    writer.member("kind", kind)
    writer.member("key", key)
    writer.member("subject", subject)
    writer.member("class", dataClass)
    writer.member("owner", owner)
    writer.member("tags", strings: tags)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let dataset = reader.string("dataset"),
      let kind = reader.string("kind"), let subject = reader.string("subject"),
      let dataClass = reader.string("class"), let tags = reader.strings("tags")
    else { return nil }
    self.init(
      dataset: dataset, kind: kind, key: reader.string("key"), subject: subject,
      dataClass: dataClass, owner: reader.string("owner"), tags: tags)
  }

  package static let example = DatasetCreated(
    dataset: "counseling", kind: "csv", key: "id", subject: "client", dataClass: "default",
    owner: "study team", tags: ["text"])
}
