/// A matter holds nothing any more. What it kept from being destroyed is destroyed now, unless another
/// holds it as well.
package struct HoldReleased: ModelEvent {
  package static let type = "hold.released"
  package static let version: UInt16 = 1

  /// What the matter is called.
  package let matter: String
  /// One of ``HoldReleaseReason``.
  package let reason: String
  /// Who approved it.
  package let approver: String

  package init(matter: String, reason: String, approver: String) {
    self.matter = matter
    self.reason = reason
    self.approver = approver
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("matter", matter)
    writer.member("reason", reason)
    writer.member("approver", approver)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let matter = reader.string("matter"),
      let reason = reader.string("reason"), let approver = reader.string("approver")
    else { return nil }
    self.init(matter: matter, reason: reason, approver: approver)
  }

  package static let example = HoldReleased(
    matter: "M-2026-014", reason: "resolved", approver: "counsel")
}
