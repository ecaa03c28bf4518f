/// The first form of ``ErasureRequested``: it knew no joint keys. Read as the current one, and never
/// written any more.
package struct ErasureRequested1: FormerEvent {
  package static let version: UInt16 = 1

  package let current: ErasureRequested

  package init(_ current: ErasureRequested) { self.current = current }

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
