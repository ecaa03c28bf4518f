import ArgumentParser
import Custody

/// On which ground a command reads what is restricted.
struct GroundOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Read what is restricted too, on this ground: "
        + RestrictionGround.allCases.map(\.rawValue).joined(separator: ", ") + ".",
      valueName: "CODE"))
  var ground: RestrictionGround?

  /// Says how much was left out because it is restricted, and the way out.
  static func note(leftOut count: Int, _ noun: String) {
    guard count > 0 else { return }
    Terminal.note(
      "\(count.counted(noun)) left out, restricted (see --ground and custody restriction list)")
  }
}

extension RestrictionGround: ExpressibleByArgument {}
