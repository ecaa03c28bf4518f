/// How far verification goes; each level includes the ones before it.
public enum VerificationLevel: String, Sendable, CaseIterable, Comparable {
  /// The newest checkpoint's signature and the tree head it signs.
  case head
  /// Every leaf, the chain, ids and revisions, every checkpoint.
  case headers
  /// Every stored body against its hash, every missing one against a purge. The default.
  case bodies
  /// Every content opened and its commitment recomputed. Needs the keys.
  case contents
  /// Every projection computed anew and compared. Needs the keys.
  case projections

  /// Whether `left` checks less than `right`.
  public static func < (left: Self, right: Self) -> Bool {
    allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
  }
}
