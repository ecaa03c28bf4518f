/// The first form of ``DisclosureMade``: nothing could be restricted. Read as the current one, and never
/// written any more.
package struct DisclosureMade1: ModelEvent {
  package static let type = DisclosureMade.type
  package static let version: UInt16 = 1

  private let current: DisclosureMade

  package var content: [UInt8] { current.content(version: Self.version) }

  package init?(content: [UInt8]) {
    guard let current = DisclosureMade(content: content, version: Self.version) else {
      return nil
    }
    self.current = current
  }

  private init(_ current: DisclosureMade) { self.current = current }

  package static let example = DisclosureMade1(
    DisclosureMade(
      position: 41, event: "01a204a7-ba70-7fdc-b314-7b88f7b52729",
      recipients: ["age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z"],
      purpose: "audit", ground: nil, digest: "sha256:" + String(repeating: "0", count: 64)))
}
