import CustodyModel
import CustodyStore

/// A step of a pipeline: what it reads, what it writes, and the command between.
public struct RunStep: Sendable {
  /// A version that the command reads.
  public struct Input: Sendable {
    /// The dataset.
    public var dataset: String
    /// Which version: `v3`, a tag, a position, a date or time, `head`.
    public var reference: String
    /// Where the command finds it. Made there when nothing is there, or another version as Custody
    /// wrote it; else compared with the version. Nil for a private place that is removed afterwards.
    public var path: String?

    /// `DATASET`, `DATASET@REF` or either with `=PATH`; nil for anything else.
    public init?(parsing text: String) {
      let (version, path) = RunStep.parts(text)
      guard let path else { return nil }
      let names = version.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
      guard names.allSatisfy({ !$0.isEmpty }) else { return nil }
      self.init(
        String(names[0]), names.count > 1 ? String(names[1]) : "head",
        path: path.isEmpty ? nil : path)
    }

    /// An input of these parts.
    public init(_ dataset: String, _ reference: String = "head", path: String? = nil) {
      self.dataset = dataset
      self.reference = reference
      self.path = path
    }
  }

  /// A dataset that the command writes.
  public struct Output: Sendable {
    /// The dataset; made when there is none of this name.
    public var dataset: String
    /// Where the command leaves it; nil for a private place that is removed afterwards.
    public var path: String?

    /// `DATASET` or `DATASET=PATH`; nil for anything else.
    public init?(parsing text: String) {
      let (name, path) = RunStep.parts(text)
      guard let path, !name.isEmpty else { return nil }
      self.init(name, path: path.isEmpty ? nil : path)
    }

    /// An output of these parts.
    public init(_ dataset: String, path: String? = nil) {
      self.dataset = dataset
      self.path = path
    }
  }

  /// What it is a run of. No personal data: it stays readable.
  public var job: String
  /// The command and its arguments. `{in:DATASET}`, `{out:DATASET}` and
  /// `{param:NAME}` stand for places and values.
  public var command: [String]
  /// Versions that it reads.
  public var inputs: [Input] = []
  /// Datasets that it writes.
  public var outputs: [Output] = []
  /// Names and values that say how, in their order.
  public var parameters: [(name: String, value: String)] = []
  /// What the data is used for.
  public var purpose: String?
  /// On which ground it reads restricted records too; they are left out without one.
  public var ground: RestrictionGround?
  /// Environment variables whose values are kept.
  public var environment: [String] = []
  /// Programs that are asked for their version.
  public var tools: [String] = []
  /// Files of code whose digests are kept.
  public var code: [String] = []
  /// Where the people of output records are found; by default those of the input records.
  public var subject: String?
  /// A CSV with columns `output` and `input`: which output record comes from which input records. A
  /// column `dataset` may say of which input.
  public var derivations: String?
  /// The natural key of a table that is made.
  public var key: String?
  /// Whether a folder that differs from the version it should be is read all the same.
  public var allowsDrift = false
  /// Whether what is at the place of an output is removed before the command runs, whatever it is.
  public var replacesOutputs = false
  /// Outputs lie in this folder; the current one when nil.
  public var base: String?

  /// Whether the command is a line for a shell: places and values are quoted for it.
  var isShellLine = false

  /// What stands for a place or value in the command.
  static var placeholder: Regex<(Substring, Substring)> { /\{(in|out|param):[^{}]+\}/ }

  /// What stands before the first `=`, and the path after it: empty without one, nil when it is empty.
  private static func parts(_ text: String) -> (String, path: String?) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count > 1 else { return (text, "") }
    return (String(parts[0]), parts[1].isEmpty ? nil : String(parts[1]))
  }

  /// A step without inputs and outputs.
  public init(job: String, command: [String]) {
    self.job = job
    self.command = command
  }
}

/// How a run ended.
public struct RunResult: Sendable {
  /// What became of the command.
  public enum End: Equatable, Sendable {
    /// It returned a status.
    case status(Int32)
    /// A signal ended it.
    case signal(Int32)
  }

  /// The id of the run, which is that of its first event.
  public let id: EventID
  /// What became of the command.
  public let end: End
  /// What each output came to, in order; empty when the command failed.
  public let outputs: [(dataset: String, commit: Datasets.Commit)]
  /// Events that the command wrote.
  public let events: Int

  /// Whether the command did what it should.
  public var isDone: Bool { end == .status(0) }
}
