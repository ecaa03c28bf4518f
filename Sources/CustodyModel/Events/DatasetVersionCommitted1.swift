/// The first form of ``DatasetVersionCommitted``: it did not name its parent, and its change sets
/// did not name their records. Read as the current one, and never written any more.
package struct DatasetVersionCommitted1: FormerEvent {
  package static let version: UInt16 = 1

  package let current: DatasetVersionCommitted

  package init(_ current: DatasetVersionCommitted) { self.current = current }

  package static let example = DatasetVersionCommitted1(
    DatasetVersionCommitted(
      dataset: "counseling", number: 2, parent: nil, root: String(repeating: "0", count: 64),
      records: 1000, bytes: 200_000, added: 2, changed: 7, removed: 1, run: nil,
      message: "corrected", changes: [String(repeating: "1", count: 64)], order: [],
      frame: String(repeating: "2", count: 64)))
}
