/// The first form of ``RestrictionLifted``: all there was was lifted. Read as the current one, and never
/// written any more.
package struct RestrictionLifted1: FormerEvent {
  package static let version: UInt16 = 1

  package let current: RestrictionLifted

  package init(_ current: RestrictionLifted) { self.current = current }

  package static let example = RestrictionLifted1(
    RestrictionLifted(subject: String(repeating: "1", count: 32), classes: []))
}
