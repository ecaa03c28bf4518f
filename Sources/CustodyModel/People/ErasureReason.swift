/// Why a person's data is erased: a code, so that no prose about anybody stays in the ledger.
///
/// The grounds of Article 17(1) of the GDPR, and a request that names none of them.
public enum ErasureReason: String, Sendable, CaseIterable {
  /// She asked for it, without naming a ground.
  case request
  /// (a): no longer necessary for what it was collected for.
  case noLongerNecessary = "no-longer-necessary"
  /// (b): she withdrew her consent, and there is no other legal ground.
  case consentWithdrawn = "consent-withdrawn"
  /// (c): she objected, and nothing overrides that.
  case objection
  /// (d): it was processed unlawfully.
  case unlawfulProcessing = "unlawful-processing"
  /// (e): a law obliges to it.
  case legalObligation = "legal-obligation"
  /// (f): it was collected from a child for an online service.
  case childService = "child-service"
}
