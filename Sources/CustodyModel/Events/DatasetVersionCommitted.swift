/// A version of a dataset: what changed since the one before, and the root over all records.
package struct DatasetVersionCommitted: VersionedEvent {
  package static let type = "dataset.version.committed"
  package static let version: UInt16 = 3

  package let dataset: String
  /// From 1, dense.
  package let number: Int
  /// The root of the version that it follows; nil for the first, and where version 1 of this event
  /// did not say.
  package let parent: String?
  /// The root of section 7 of the format, as hexadecimal digits.
  package let root: String
  package let records: Int
  /// Bytes of the records' contents.
  package let bytes: Int
  package let added: Int
  package let changed: Int
  package let removed: Int
  /// The id of the run that wrote it.
  package let run: String?
  package let message: String?
  /// Addresses of the objects of the change set, in order.
  package let changes: [String]
  /// Addresses of the objects of the order; empty when it is that of the ordinals.
  package let order: [String]
  /// The address of the frame of a CSV or a file of lines.
  package let frame: String?
  /// The path that the records were read from; nil of a run, where the path names a person, and where
  /// older versions of this event did not say.
  package let source: String?
  /// The version that was made the newest again, or whose records were; nil of all others.
  package let restored: Int?

  package init(
    dataset: String, number: Int, parent: String?, root: String, records: Int, bytes: Int,
    added: Int, changed: Int, removed: Int, run: String?, message: String?, changes: [String],
    order: [String], frame: String?, source: String? = nil, restored: Int? = nil
  ) {
    self.dataset = dataset
    self.number = number
    self.parent = parent
    self.root = root
    self.records = records
    self.bytes = bytes
    self.added = added
    self.changed = changed
    self.removed = removed
    self.run = run
    self.message = message
    self.changes = changes
    self.order = order
    self.frame = frame
    self.source = source
    self.restored = restored
  }

  /// Version 1 had no `parent`, version 2 neither `source` nor `restored`.
  package func content(version: UInt16) -> [UInt8] {
    var writer = JSONWriter()
    writer.member("dataset", dataset)
    writer.member("version", number)
    if version > 1 { writer.member("parent", parent) }
    writer.member("root", root)
    writer.member("records", records)
    writer.member("bytes", bytes)
    writer.member("added", added)
    writer.member("changed", changed)
    writer.member("removed", removed)
    writer.member("run", run)
    writer.member("message", message)
    writer.member("changes", strings: changes)
    writer.member("order", strings: order)
    writer.member("frame", frame)
    if version > 2 {
      writer.member("source", source)
      writer.member("restored", restored)
    }
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8], version: UInt16) {
    guard (1...Self.version).contains(version), let reader = MemberReader(content),
      let dataset = reader.string("dataset"),
      let number = reader.integer("version"), let root = reader.string("root"),
      let records = reader.integer("records"), let bytes = reader.integer("bytes"),
      let added = reader.integer("added"), let changed = reader.integer("changed"),
      let removed = reader.integer("removed"), let changes = reader.strings("changes"),
      let order = reader.strings("order"), number > 0
    else { return nil }
    self.init(
      dataset: dataset, number: number, parent: version > 1 ? reader.string("parent") : nil,
      root: root, records: records, bytes: bytes, added: added, changed: changed,
      removed: removed, run: reader.string("run"), message: reader.string("message"),
      changes: changes, order: order, frame: reader.string("frame"),
      source: version > 2 ? reader.string("source") : nil,
      restored: version > 2 ? reader.integer("restored") : nil)
  }

  package static let example = DatasetVersionCommitted(
    dataset: "counseling", number: 2, parent: String(repeating: "3", count: 64),
    root: String(repeating: "0", count: 64), records: 1000, bytes: 200_000, added: 2, changed: 7,
    removed: 1, run: "01a204a7-ba70-7fdc-b314-7b88f7b52729", message: "corrected",
    changes: [String(repeating: "1", count: 64)], order: [],
    frame: String(repeating: "2", count: 64), source: "/srv/delivery/answers.csv", restored: 1)
}
