import CustodyLedger

/// Data about a person may be used for some purposes. Sealed under her key for records of consent.
package struct ConsentGranted: ModelEvent {
  package static let type = "consent.granted"
  package static let version: UInt16 = 1

  /// What for; at least one.
  package let purposes: [String]
  package let basis: LegalBasis
  /// Which version of the text she agreed to.
  package let textVersion: String
  /// The SHA-256 of that text, `sha256:<hex>`; nil when nobody gave it.
  package let textDigest: String?
  /// From when on.
  package let from: Timestamp
  /// Until when, included; nil when it does not end by itself.
  package let expires: Timestamp?
  /// Who may use the data; none for whoever keeps the ledger.
  package let recipients: [String]
  package let giver: ConsentGiver

  package init(
    purposes: [String], basis: LegalBasis, textVersion: String, textDigest: String?,
    from: Timestamp, expires: Timestamp?, recipients: [String], giver: ConsentGiver
  ) {
    self.purposes = purposes
    self.basis = basis
    self.textVersion = textVersion
    self.textDigest = textDigest
    self.from = from
    self.expires = expires
    self.recipients = recipients
    self.giver = giver
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("purposes", strings: purposes)
    writer.member("basis", basis.rawValue)
    writer.member("textVersion", textVersion)
    writer.member("textDigest", textDigest)
    writer.member("from", from.description)
    writer.member("expires", expires?.description)
    writer.member("for", strings: recipients)
    writer.member("givenBy", giver.rawValue)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let purposes = reader.strings("purposes"),
      !purposes.isEmpty, let basis = reader.string("basis").flatMap(LegalBasis.init),
      let textVersion = reader.string("textVersion"),
      let from = reader.string("from").flatMap({ Timestamp($0) }),
      let recipients = reader.strings("for"),
      let giver = reader.string("givenBy").flatMap(ConsentGiver.init)
    else { return nil }
    let said = reader.string("expires")
    let expires = said.flatMap { Timestamp($0) }
    guard (said == nil) == (expires == nil) else { return nil }
    self.init(
      purposes: purposes, basis: basis, textVersion: textVersion,
      textDigest: reader.string("textDigest"), from: from, expires: expires,
      recipients: recipients, giver: giver)
  }

  package static let example = ConsentGranted(
    purposes: ["quality", "research"], basis: .explicitConsent, textVersion: "2026-03",
    textDigest: "sha256:" + String(repeating: "0", count: 64),
    from: Timestamp(microseconds: 1_772_323_200_000_000),
    expires: Timestamp(microseconds: 1_803_859_199_999_999), recipients: ["example.org"],
    giver: .guardian)
}
