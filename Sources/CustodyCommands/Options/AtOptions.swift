import ArgumentParser
import Custody

/// As of when a query is answered.
struct AtOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "As the ledger knew it then: \(Reference.help). What was erased since stays erased.",
      valueName: "REF"))
  var at: String?

  /// - Throws: `usage` when it is no moment.
  func moment(in store: Store) throws -> Moment {
    try at.map { try Reference.moment($0, in: store) } ?? .head
  }

  /// The datasets of a store as they were known then.
  func datasets(of store: Store) throws -> Datasets {
    try store.datasets.known(at: try moment(in: store))
  }
}
