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
}

extension RestrictionGround: ExpressibleByArgument {}
