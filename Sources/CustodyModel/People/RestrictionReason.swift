/// Why data is kept and not processed: a code, so that no prose about anybody stays in the ledger.
///
/// The grounds of Article 18(1) of the GDPR.
public enum RestrictionReason: String, Sendable, CaseIterable {
  /// (a): she contests that it is accurate, and that is being looked into.
  case accuracyContested = "accuracy-contested"
  /// (b): it was processed unlawfully, and she does not want it erased.
  case unlawfulProcessing = "unlawful-processing"
  /// (c): it is no longer needed, but she needs it for a legal claim.
  case neededForClaim = "needed-for-claim"
  /// (d): she objected, and whose interest overrides is being looked into.
  case objectionPending = "objection-pending"
}

/// On which ground restricted data is read all the same.
///
/// Those of Article 18(2) of the GDPR; keeping it needs none.
public enum RestrictionGround: String, Sendable, CaseIterable {
  /// She consented to this.
  case consent
  /// To establish, exercise or defend a legal claim.
  case legalClaim = "legal-claim"
  /// To protect the rights of another person.
  case rightsOfOthers = "rights-of-others"
  /// An important public interest.
  case publicInterest = "public-interest"
}
