/// What allows data about a person to be used for a purpose: a code, so that whoever reads it years
/// later knows which text of law was meant.
///
/// Any of these allows the purpose that was recorded with it; of consents the text that was agreed
/// to says more.
public enum LegalBasis: String, Sendable, CaseIterable {
  /// GDPR, Article 6(1)(a): "the data subject has given consent to the processing of his or her
  /// personal data for one or more specific purposes".
  case consent
  /// GDPR, Article 6(1)(b): a contract with her, or steps that she asked for before one.
  case contract
  /// GDPR, Article 6(1)(c): a legal obligation of the controller.
  case legalObligation = "legal-obligation"
  /// GDPR, Article 6(1)(d): her vital interests, or those of another natural person.
  case vitalInterests = "vital-interests"
  /// GDPR, Article 6(1)(e): a task in the public interest, or official authority.
  case publicTask = "public-task"
  /// GDPR, Article 6(1)(f): legitimate interests that hers do not override.
  case legitimateInterests = "legitimate-interests"
  /// GDPR, Article 9(2)(a): explicit consent, for data about health, biometric data and the other
  /// special categories.
  case explicitConsent = "explicit-consent"
  /// HIPAA, 45 CFR 164.508: an authorization for a use or disclosure of protected health
  /// information.
  case hipaaAuthorization = "hipaa-authorization"
  /// 42 CFR 2.31: written consent to use or disclose records of treatment for substance use
  /// disorders.
  case part2Consent = "part2-consent"
}
