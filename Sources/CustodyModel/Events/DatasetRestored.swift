/// Records of a version were written somewhere outside the store, which no erasure reaches.
package struct DatasetRestored: ModelEvent {
  package static let type = "dataset.restored"
  package static let version: UInt16 = 1

  package let dataset: String
  package let number: Int
  package let records: Int
  /// Records of the version whose keys are gone.
  package let missing: Int
  /// Where they were written.
  package let target: String

  package init(dataset: String, number: Int, records: Int, missing: Int, target: String) {
    self.dataset = dataset
    self.number = number
    self.records = records
    self.missing = missing
    self.target = target
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("dataset", dataset)
    writer.member("version", number)
    writer.member("records", records)
    writer.member("missing", missing)
    writer.member("target", target)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let dataset = reader.string("dataset"),
      let number = reader.integer("version"), let records = reader.integer("records"),
      let missing = reader.integer("missing"), let target = reader.string("target"), number > 0
    else { return nil }
    self.init(dataset: dataset, number: number, records: records, missing: missing, target: target)
  }

  package static let example = DatasetRestored(
    dataset: "counseling", number: 2, records: 999, missing: 1, target: "/srv/review")
}
