/// Which life of which ledger: `<organization>/<ledger uuid>/<incarnation>`.
public struct Origin: Hashable, Sendable, CustomStringConvertible {
  /// The longest organization, in bytes: an origin is a name of the format.
  public static let organizationByteCountMax = 256

  /// Who vouches for the ledger, for example `example.org`: see ``isOrganization(_:)``.
  public let organization: String
  /// Which ledger: the same in each of its lives.
  public let ledgerID: LedgerID
  /// From 1; rises when a ledger is recovered from an older state.
  public let incarnation: Int

  /// The origin of an organization that ``isOrganization(_:)`` takes; an incarnation below 1 traps.
  public init(organization: String, ledgerID: LedgerID, incarnation: Int) {
    precondition(incarnation >= 1)
    self.organization = organization
    self.ledgerID = ledgerID
    self.incarnation = incarnation
  }

  /// The parts of `text`, or nil when it is no origin.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count >= 3, let id = LedgerID(uuid: parts[parts.count - 2]),
      id.uuid == parts[parts.count - 2],
      let incarnation = Decimal.parse(parts[parts.count - 1].utf8), incarnation >= 1
    else { return nil }
    let organization = parts.dropLast(2).joined(separator: "/")
    guard Origin.isOrganization(organization) else { return nil }
    self.init(organization: organization, ledgerID: id, incarnation: incarnation)
  }

  /// `<organization>/<ledger uuid>/<incarnation>`, as the first line of a checkpoint has it.
  public var description: String { "\(organization)/\(ledgerID.uuid)/\(incarnation)" }

  /// Whether both are lives of the same ledger.
  public func isSameLedger(as other: Origin) -> Bool {
    ledgerID == other.ledgerID && organization.utf8.elementsEqual(other.organization.utf8)
  }

  /// Whether a text can be an organization: 1 to 256 bytes that a checkpoint's first line can hold.
  ///
  /// No white space, no control character, no `+`, `"` or `\`; it may contain `/`.
  public static func isOrganization(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= organizationByteCountMax
      && text.unicodeScalars.allSatisfy {
        !$0.properties.isWhitespace && $0.properties.generalCategory != .control
          && $0 != "+" && $0 != "\"" && $0 != "\\"
      }
  }
}

/// Numbers as checkpoints and the library's own events write them.
package enum Decimal {
  /// A number without sign or leading zero that fits in 63 bits, or nil.
  package static func parse(_ digits: some Collection<UInt8>) -> Int? {
    guard let first = digits.first, digits.count <= 19 else { return nil }
    if first == UInt8(ascii: "0"), digits.count > 1 { return nil }
    var value = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = product.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
      if tooLarge || overflow { return nil }
      value = sum
    }
    return value
  }
}
