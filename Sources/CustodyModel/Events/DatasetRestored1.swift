/// The first form of ``DatasetRestored``: nothing could be restricted. Read as the current one, and never
/// written any more.
package struct DatasetRestored1: ModelEvent {
  package static let type = DatasetRestored.type
  package static let version: UInt16 = 1

  private let current: DatasetRestored

  package var content: [UInt8] { current.content(version: Self.version) }

  package init?(content: [UInt8]) {
    guard let current = DatasetRestored(content: content, version: Self.version) else {
      return nil
    }
    self.current = current
  }

  private init(_ current: DatasetRestored) { self.current = current }

  package static let example = DatasetRestored1(
    DatasetRestored(
      dataset: "counseling", number: 2, records: 999, missing: 1, restricted: 0, ground: nil,
      target: "/srv/review"))
}
