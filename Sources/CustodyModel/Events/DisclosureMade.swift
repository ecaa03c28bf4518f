/// The content of an event was handed to somebody, where no erasure reaches it.
package struct DisclosureMade: VersionedEvent {
  package static let type = "disclosure.made"
  package static let version: UInt16 = 2
  package static let stream = "disclosures"

  /// The event, by position and id.
  package let position: Int
  package let event: String
  /// age recipients that the file was sealed to; none when it was written in clear.
  package let recipients: [String]
  /// What for, as it was said.
  package let purpose: String?
  /// On which ground it was disclosed although it is restricted, one of ``RestrictionGround``; nil when it
  /// was not restricted, as far as anybody said.
  package let ground: String?
  /// The SHA-256 of the disclosure before it was sealed, `sha256:<hex>`.
  package let digest: String

  package init(
    position: Int, event: String, recipients: [String], purpose: String?, ground: String?,
    digest: String
  ) {
    self.position = position
    self.event = event
    self.recipients = recipients
    self.purpose = purpose
    self.ground = ground
    self.digest = digest
  }

  /// Written before anything could be restricted, version 1 does not speak of it.
  package func content(version: UInt16) -> [UInt8] {
    var writer = JSONWriter()
    writer.member("position", position)
    writer.member("event", event)
    writer.member("recipients", strings: recipients)
    writer.member("purpose", purpose)
    if version > 1 { writer.member("ground", ground) }
    writer.member("digest", digest)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8], version: UInt16) {
    guard (1...Self.version).contains(version), let reader = MemberReader(content),
      let position = reader.integer("position"),
      let event = reader.string("event"), let recipients = reader.strings("recipients"),
      let digest = reader.string("digest")
    else { return nil }
    self.init(
      position: position, event: event, recipients: recipients, purpose: reader.string("purpose"),
      ground: version > 1 ? reader.string("ground") : nil, digest: digest)
  }

  package static let example = DisclosureMade(
    position: 41, event: "01a204a7-ba70-7fdc-b314-7b88f7b52729",
    recipients: ["age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z"],
    purpose: "audit", ground: "rights-of-others",
    digest: "sha256:" + String(repeating: "0", count: 64))
}
