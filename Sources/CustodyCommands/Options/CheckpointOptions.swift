import ArgumentParser
import Custody

/// Under which checkpoint evidence is given.
struct CheckpointOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A checkpoint of this ledger that somebody keeps; else the newest one.", valueName: "NOTE"),
    completion: .file())
  var checkpoint: String?

  /// The note's text, or nil for the newest.
  func note() throws -> String? {
    try checkpoint.map { String(decoding: try InputFile.read($0), as: UTF8.self) }
  }
}
