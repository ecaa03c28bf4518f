import Foundation

/// Where the files of a store are.
package struct Layout: Sendable {
  package let root: String

  package init(root: String) { self.root = root }

  package var settings: String { "\(root)/custody.yaml" }
  package var ledger: String { "\(root)/ledger.sqlite" }
  package var keys: String { "\(root)/keys.sqlite" }
  package var objects: String { "\(root)/objects.sqlite" }
  package var projections: String { "\(root)/projections.sqlite" }
  package var projectionsLock: String { "\(root)/projections.lock" }
  package var databases: [String] { [ledger, keys, objects, projections] }
  package var anchors: String { "\(root)/anchors" }
  /// The erasure journal.
  package var tombstones: String { "\(root)/\(TombstoneJournal.fileName)" }
  package var lock: String { "\(root)/lock" }
  /// A file for each run that is going on.
  package var runs: String { "\(root)/runs" }
  package var ignore: String { "\(root)/.gitignore" }
  /// Where secrets are unless `init --secrets` says otherwise.
  package var secrets: String { "\(root)/secrets" }
}
