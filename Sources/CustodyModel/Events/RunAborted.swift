/// A step of a pipeline of which nobody knows how it ended: Custody itself was killed while it ran.
package struct RunAborted: ModelEvent {
  package static let type = "run.aborted"
  package static let version: UInt16 = 1

  package let run: String

  package init(run: String) { self.run = run }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("run", run)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let run = MemberReader(content)?.string("run") else { return nil }
    self.init(run: run)
  }

  package static let example = RunAborted(run: "01a204a7-ba70-7fdc-b314-7b88f7b52729")
}
