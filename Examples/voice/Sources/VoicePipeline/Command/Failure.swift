/// Why a step, or a step for one recording, cannot go on.
struct Failure: Error, Equatable {
  /// Exit statuses; those of `custody` for the same things.
  enum Status: Int32, Sendable {
    /// The answer is no: nothing passed the gates, the error rate is too high.
    case no = 1
    /// The command line was wrong.
    case usage = 2
    /// The input was refused.
    case input = 6
    /// The surroundings: a model or permission is missing, the disk is full.
    case surroundings = 7
  }

  let status: Status
  /// For programs: `notWave`, `silent`.
  let code: String
  /// For people: what went wrong and what to do. It names files and options, never what was said.
  let message: String

  init(_ status: Status, _ code: String, _ message: String) {
    self.status = status
    self.code = code
    self.message = message
  }
}
