import ArgumentParser
import Custody

/// `DATASET[@REF][=PATH]`: a version, and where a command finds it.
struct InputArgument: ExpressibleByArgument {
  let input: RunStep.Input

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let version = DatasetReference(argument: String(parts[0])), !version.name.isEmpty else {
      return nil
    }
    let path = parts.count > 1 ? String(parts[1]) : nil
    guard path?.isEmpty != true else { return nil }
    input = RunStep.Input(version.name, version.reference, path: path)
  }
}

/// `DATASET[=PATH]`: a dataset, and where a command leaves it.
struct OutputArgument: ExpressibleByArgument {
  let output: RunStep.Output

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let path = parts.count > 1 ? String(parts[1]) : nil
    guard !parts[0].isEmpty, path?.isEmpty != true else { return nil }
    output = RunStep.Output(String(parts[0]), path: path)
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
