import Custody

/// Says what a run did, or would do. On standard error: standard output is the command's.
enum RunPrinter {
  static func note(_ result: RunResult, of job: String) {
    var parts: [String] = []
    if result.events > 0 { parts.append(result.events.counted("event")) }
    for (dataset, commit) in result.outputs {
      parts.append(
        commit.isNew
          ? "\(dataset) v\(commit.version): \(CommitPrinter.counts(of: commit))"
          : "\(dataset) as in v\(commit.version)")
    }
    switch result.end {
    case .status(0): break
    case .status(let status): parts.append("failed with status \(status), no version committed")
    case .signal(let signal): parts.append("ended by signal \(signal), no version committed")
    }
    let what = parts.isEmpty ? "done" : parts.joined(separator: "; ")
    Terminal.note("\(Terminal.styledError("custody:", .dim)) run \(result.id) of \(job): \(what)")
  }

  static func print(_ plan: RunPlan) {
    for input in plan.inputs {
      let place = input.path.map {
        input.isThere ? "compared with \($0), or written there" : "written to \($0)"
      }
      Terminal.print(
        "would read   \(input.dataset) v\(input.version), \(input.records.counted("record")), "
          + (place ?? "in a private folder"))
    }
    for output in plan.outputs {
      Terminal.print(
        "would write  \(output.dataset)\(output.exists ? "" : ", made for it"), from "
          + (output.path.map {
            output.isThere ? "\($0), where something is that has to make room" : $0
          }
            ?? "a private folder"))
    }
    Terminal.print("would run    \(plan.executable)")
  }
}
