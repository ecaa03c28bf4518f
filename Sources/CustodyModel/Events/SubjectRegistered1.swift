/// The first form of ``SubjectRegistered``: it said nothing of a person but what she is called. Read
/// as the current one, and never written any more.
package struct SubjectRegistered1: FormerEvent {
  package static let version: UInt16 = 1

  package let current: SubjectRegistered

  package init(_ current: SubjectRegistered) { self.current = current }

  package static let example = SubjectRegistered1(
    SubjectRegistered(identifier: "patient-0017", dataClass: "default"))
}
