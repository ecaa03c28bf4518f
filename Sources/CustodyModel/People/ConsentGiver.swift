/// Who said that data about a person may be used.
public enum ConsentGiver: String, Sendable, CaseIterable {
  /// She herself.
  case herself = "self"
  /// The holder of parental responsibility: GDPR, Article 8(1), for a child.
  case guardian
  /// Somebody else who may act for her: 45 CFR 164.502(g), a personal representative.
  case representative
}
