import ArgumentParser
import Custody

extension Datasets.Kind: ExpressibleByArgument {}

/// A version of a dataset as an argument: `NAME@REF`, or `NAME` for the newest one.
struct DatasetReference: ExpressibleByArgument {
  let name: String
  /// Nil when the newest is meant.
  let explicit: String?

  var reference: String { explicit ?? "head" }

  init?(argument: String) {
    guard let at = argument.firstIndex(of: "@") else {
      name = argument
      explicit = nil
      return
    }
    name = String(argument[..<at])
    let reference = String(argument[argument.index(after: at)...])
    guard !name.isEmpty, !reference.isEmpty else { return nil }
    explicit = reference
  }

  static let help =
    "REF is v3, a tag, a position, a date, an RFC 3339 time, P30D (days ago) or head"
}
