/// A version got a name of its own.
package struct DatasetVersionTagged: ModelEvent {
  package static let type = "dataset.version.tagged"
  package static let version: UInt16 = 1

  package let dataset: String
  package let number: Int
  package let tag: String

  package init(dataset: String, number: Int, tag: String) {
    self.dataset = dataset
    self.number = number
    self.tag = tag
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("dataset", dataset)
    writer.member("version", number)
    writer.member("tag", tag)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let dataset = reader.string("dataset"),
      let number = reader.integer("version"), let tag = reader.string("tag"), number > 0
    else { return nil }
    self.init(dataset: dataset, number: number, tag: tag)
  }

  package static let example = DatasetVersionTagged(
    dataset: "counseling", number: 2, tag: "baseline")
}
