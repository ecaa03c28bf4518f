/// Whose law is for a person: a country, or a part of one.
///
/// ISO 3166-1 alpha-2, or ISO 3166-2 with a subdivision: `DE`, `US-IL`. Only the shape is checked;
/// which codes there are changes.
public struct Jurisdiction: Hashable, Sendable, CustomStringConvertible {
  /// The code.
  public let code: String

  /// The jurisdiction of a code, or nil for a text of another shape.
  public init?(_ code: String) {
    guard code.wholeMatch(of: /[A-Z]{2}(-[A-Z0-9]{1,3})?/) != nil else { return nil }
    self.code = code
  }

  /// The code.
  public var description: String { code }
}
