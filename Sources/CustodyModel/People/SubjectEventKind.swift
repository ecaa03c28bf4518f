/// What happened to or with a person, by a name that policies know it by: `contract-end`.
public struct SubjectEventKind: Hashable, Sendable, CustomStringConvertible {
  /// Somebody dealt with her: then for the last time.
  public static let lastInteraction = Self(known: "last-interaction")
  /// Her contract ended, or is going to.
  public static let contractEnd = Self(known: "contract-end")
  /// Her case was closed, or is going to be.
  public static let caseClosed = Self(known: "case-closed")
  /// What her data was collected for is done, or is going to be.
  public static let purposeSatisfied = Self(known: "purpose-satisfied")
  /// She died.
  public static let death = Self(known: "death")

  /// The kinds that mean the same to everybody; any other name is a kind too.
  public static let known = [lastInteraction, contractEnd, caseClosed, purposeSatisfied, death]

  /// The most bytes of a name.
  public static let byteCountMax = 64

  /// Words in lower case, with hyphens between them.
  public let name: String

  /// A kind by its name, or nil for a text that cannot be one.
  public init?(_ name: String) {
    guard name.utf8.count <= Self.byteCountMax,
      name.wholeMatch(of: /[a-z][a-z0-9]*(-[a-z0-9]+)*/) != nil
    else { return nil }
    self.name = name
  }

  private init(known name: String) { self.name = name }

  /// The name.
  public var description: String { name }

  /// Whether nobody can know it before it has happened.
  package var isOfThePast: Bool { self == .death || self == .lastInteraction }
}
