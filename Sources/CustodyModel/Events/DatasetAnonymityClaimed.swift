/// Somebody says that a version is anonymous, and by which method.
package struct DatasetAnonymityClaimed: ModelEvent {
  package static let type = "dataset.anonymity.claimed"
  package static let version: UInt16 = 1

  package let dataset: String
  package let number: Int
  package let method: String

  package init(dataset: String, number: Int, method: String) {
    self.dataset = dataset
    self.number = number
    self.method = method
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("dataset", dataset)
    writer.member("version", number)
    writer.member("method", method)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let dataset = reader.string("dataset"),
      let number = reader.integer("version"), let method = reader.string("method"), number > 0
    else { return nil }
    self.init(dataset: dataset, number: number, method: method)
  }

  package static let example = DatasetAnonymityClaimed(
    dataset: "released", number: 1, method: "expert-determination")
}
