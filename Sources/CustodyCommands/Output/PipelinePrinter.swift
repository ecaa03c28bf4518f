import Custody

/// Says how the steps of a pipeline stand.
enum PipelinePrinter {
  static func print(_ states: [Runs.StepState], _ format: OutputFormat) {
    var writer = RecordWriter(
      format,
      [
        .init("job"), .init("state"), .init("writes"), .init("lastRun", "last run"),
        .init("reasons", "why", long: true),
      ])
    for state in states {
      writer.write([
        .text(state.step.job), .text(state.isStale ? "stale" : "up to date"),
        .list(
          state.outputs.map { output in
            output.dataset + (output.version.map { "@v\($0)" } ?? "")
          }),
        state.last.map { .text("\($0)") } ?? .absent,
        format == .table ? .text(state.reasons.joined(separator: "; ")) : .list(state.reasons),
      ])
    }
    writer.finish()
  }
}
