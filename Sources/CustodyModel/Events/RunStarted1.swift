/// The first form of ``RunStarted``: nothing could be restricted. Read as the current one, and never written
/// any more.
package struct RunStarted1: FormerEvent {
  package static let version: UInt16 = 1

  package let current: RunStarted

  package init(_ current: RunStarted) { self.current = current }

  package static let example = RunStarted1(
    RunStarted(
      run: "01a204a7-ba70-7fdc-b314-7b88f7b52729", job: "transcribe", purpose: "quality",
      ground: nil, host: "worker-3", commit: String(repeating: "a", count: 40), isDirty: false,
      inputs: [
        .init(
          dataset: "segments", number: 2, root: String(repeating: "0", count: 64),
          drift: .init(added: 0, changed: 1, removed: 0, isReordered: true, isReframed: false))
      ], outputs: ["transcripts"], tools: [Pair(name: "sox", value: "SoX v14.4.2")]))
}
