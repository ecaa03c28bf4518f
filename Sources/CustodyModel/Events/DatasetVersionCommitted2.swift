/// The second form of ``DatasetVersionCommitted``: it did not say where the records came from. Read as
/// the current one, and never written any more.
package struct DatasetVersionCommitted2: FormerEvent {
  package static let version: UInt16 = 2

  package let current: DatasetVersionCommitted

  package init(_ current: DatasetVersionCommitted) { self.current = current }

  package static let example = DatasetVersionCommitted2(
    DatasetVersionCommitted(
      dataset: "counseling", number: 2, parent: String(repeating: "3", count: 64),
      root: String(repeating: "0", count: 64), records: 1000, bytes: 200_000, added: 2, changed: 7,
      removed: 1, run: "01a204a7-ba70-7fdc-b314-7b88f7b52729", message: "corrected",
      changes: [String(repeating: "1", count: 64)], order: [],
      frame: String(repeating: "2", count: 64)))
}
