/// The first form of ``DatasetRestored``: nothing could be restricted. Read as the current one, and never
/// written any more.
package struct DatasetRestored1: FormerEvent {
  package static let version: UInt16 = 1

  package let current: DatasetRestored

  package init(_ current: DatasetRestored) { self.current = current }

  package static let example = DatasetRestored1(
    DatasetRestored(
      dataset: "counseling", number: 2, records: 999, missing: 1, restricted: 0, ground: nil,
      purpose: nil, keys: nil, target: "/srv/review"))
}
