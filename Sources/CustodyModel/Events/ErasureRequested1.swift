/// The first form of ``ErasureRequested``: it knew no joint keys. Read as the current one, and never
/// written any more.
package struct ErasureRequested1: ModelEvent {
  package static let type = ErasureRequested.type
  package static let version: UInt16 = 1

  private let current: ErasureRequested

  package var content: [UInt8] { current.content(version: Self.version) }

  package init?(content: [UInt8]) {
    guard let current = ErasureRequested(content: content, version: Self.version) else {
      return nil
    }
    self.current = current
  }

  private init(_ current: ErasureRequested) { self.current = current }

  package static let example = ErasureRequested1(
    ErasureRequested(
      subjects: [String(repeating: "1", count: 32)], classes: ["default"], reason: "request",
      keys: [String(repeating: "1", count: 32), String(repeating: "2", count: 32)],
      kept: [
        .init(key: String(repeating: "3", count: 32), dataClass: "voiceprint", ground: "class")
      ], joint: [], events: 41, objects: 10_000, bytes: 20_000_000, runs: 1,
      notReached: .init(
        copies: [17], models: ["emotion@1"], derivedRecords: 1, unsearchedRuns: 2,
        unsearchedImports: 3, backupsExpire: "2027-01-01T00:00:00Z")))
}
