/// A step of a pipeline ended otherwise than it should: no version of it was committed.
package struct RunFailed: ModelEvent {
  package static let type = "run.failed"
  package static let version: UInt16 = 1

  /// Why, without a word of what the command said.
  package enum Cause: Equatable, Sendable {
    /// The command returned this status.
    case status(Int)
    /// A signal ended the command.
    case signal(Int)
    /// Custody refused what the command left, or could not keep it: the code of its error.
    case refused(String)
  }

  package let run: String
  package let job: String
  package let cause: Cause
  package let usage: ResourceUsage
  /// Events that the command wrote.
  package let events: Int

  package init(run: String, job: String, cause: Cause, usage: ResourceUsage, events: Int) {
    self.run = run
    self.job = job
    self.cause = cause
    self.usage = usage
    self.events = events
  }

  package var content: [UInt8] {
    var (status, signal, code): (Int?, Int?, String?) = (nil, nil, nil)
    switch cause {
    case .status(let number): status = number
    case .signal(let number): signal = number
    case .refused(let text): code = text
    }
    var writer = JSONWriter()
    writer.member("run", run)
    writer.member("job", job)
    writer.member("status", status)
    writer.member("signal", signal)
    writer.member("code", code)
    usage.write(&writer)
    writer.member("events", events)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let run = reader.string("run"),
      let job = reader.string("job"), let usage = ResourceUsage(reader),
      let events = reader.integer("events")
    else { return nil }
    let causes = [
      reader.integer("status").map { Cause.status($0) },
      reader.integer("signal").map { Cause.signal($0) },
      reader.string("code").map { Cause.refused($0) },
    ].compactMap { $0 }
    guard causes.count == 1 else { return nil }
    self.init(run: run, job: job, cause: causes[0], usage: usage, events: events)
  }

  package static let example = RunFailed(
    run: "01a204a7-ba70-7fdc-b314-7b88f7b52729", job: "transcribe", cause: .signal(9),
    usage: ResourceUsage(duration: 4100, userTime: 3900, systemTime: 120, peakMemory: 90_000_000),
    events: 0)
}
