/// The second form of ``DatasetRestored``: it did not say what for, nor of whom a part was. Read as the
/// current one, and never written any more.
package struct DatasetRestored2: FormerEvent {
  package static let version: UInt16 = 2

  package let current: DatasetRestored

  package init(_ current: DatasetRestored) { self.current = current }

  package static let example = DatasetRestored2(
    DatasetRestored(
      dataset: "counseling", number: 2, records: 999, missing: 1, restricted: 2, ground: nil,
      purpose: nil, keys: nil, target: "/srv/review"))
}
