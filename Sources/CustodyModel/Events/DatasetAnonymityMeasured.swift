/// How many people share what a version says of them in some columns, counted record by record.
package struct DatasetAnonymityMeasured: ModelEvent {
  package static let type = "dataset.anonymity.measured"
  package static let version: UInt16 = 1

  package let dataset: String
  package let number: Int
  /// The columns by which somebody might be found.
  package let columns: [String]
  /// Columns that say something of people, and by which nobody is found.
  package let sensitive: [String]
  /// How many columns nobody named that have no tokens. Members of JSON may be named after people.
  package let others: Int
  package let records: Int
  /// Records that could not be read any more.
  package let missing: Int
  /// Combinations of values that occur.
  package let groups: Int
  /// The fewest people who share one.
  package let smallest: Int
  /// Records of somebody who shares hers with nobody.
  package let unique: Int
  /// The fewest that were asked for.
  package let required: Int

  package init(
    dataset: String, number: Int, columns: [String], sensitive: [String], others: Int,
    records: Int, missing: Int, groups: Int, smallest: Int, unique: Int, required: Int
  ) {
    self.dataset = dataset
    self.number = number
    self.columns = columns
    self.sensitive = sensitive
    self.others = others
    self.records = records
    self.missing = missing
    self.groups = groups
    self.smallest = smallest
    self.unique = unique
    self.required = required
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("dataset", dataset)
    writer.member("version", number)
    writer.member("columns", strings: columns)
    writer.member("sensitive", strings: sensitive)
    writer.member("others", others)
    writer.member("records", records)
    writer.member("missing", missing)
    writer.member("groups", groups)
    writer.member("smallest", smallest)
    writer.member("unique", unique)
    writer.member("required", required)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let dataset = reader.string("dataset"),
      let number = reader.integer("version"), let columns = reader.strings("columns"),
      let sensitive = reader.strings("sensitive"), let others = reader.integer("others"),
      let records = reader.integer("records"), let missing = reader.integer("missing"),
      let groups = reader.integer("groups"), let smallest = reader.integer("smallest"),
      let unique = reader.integer("unique"), let required = reader.integer("required"),
      number > 0
    else { return nil }
    self.init(
      dataset: dataset, number: number, columns: columns, sensitive: sensitive, others: others,
      records: records, missing: missing, groups: groups, smallest: smallest, unique: unique,
      required: required)
  }

  package static let example = DatasetAnonymityMeasured(
    dataset: "released", number: 1, columns: ["city", "year"], sensitive: ["score"], others: 1,
    records: 1000, missing: 1, groups: 40, smallest: 3, unique: 0, required: 5)
}
