/// The first form of ``DisclosureMade``: nothing could be restricted. Read as the current one, and never
/// written any more.
package struct DisclosureMade1: FormerEvent {
  package static let version: UInt16 = 1

  package let current: DisclosureMade

  package init(_ current: DisclosureMade) { self.current = current }

  package static let example = DisclosureMade1(
    DisclosureMade(
      position: 41, event: "01a204a7-ba70-7fdc-b314-7b88f7b52729",
      recipients: ["age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z"],
      purpose: "audit", ground: nil, digest: "sha256:" + String(repeating: "0", count: 64)))
}
