/// The first form of ``DatasetVersionPseudonymized``: it said nothing of the order, which was kept. Read as
/// the current one, and never written any more.
package struct DatasetVersionPseudonymized1: FormerEvent {
  package static let version: UInt16 = 1

  package let current: DatasetVersionPseudonymized

  package init(_ current: DatasetVersionPseudonymized) { self.current = current }

  package static let example = DatasetVersionPseudonymized1(
    DatasetVersionPseudonymized(
      dataset: "released", number: 1, sourceDataset: "counseling", sourceNumber: 2,
      columns: DatasetVersionPseudonymized.example.columns, order: .kept))
}
