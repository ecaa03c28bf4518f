import ArgumentParser
import Custody

/// `DATASET[@REF][=PATH]`: a version, and where a command finds it.
struct InputArgument: ExpressibleByArgument {
  let input: RunStep.Input

  init?(argument: String) {
    guard let input = RunStep.Input(parsing: argument) else { return nil }
    self.input = input
  }
}

/// `DATASET[=PATH]`: a dataset, and where a command leaves it.
struct OutputArgument: ExpressibleByArgument {
  let output: RunStep.Output

  init?(argument: String) {
    guard let output = RunStep.Output(parsing: argument) else { return nil }
    self.output = output
  }
}

/// `NAME=VALUE`.
struct ParameterArgument: ExpressibleByArgument {
  let name: String
  let value: String

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty else { return nil }
    name = String(parts[0])
    value = String(parts[1])
  }
}
