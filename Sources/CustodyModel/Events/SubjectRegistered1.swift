/// The first form of ``SubjectRegistered``: it said nothing of a person but what she is called. Read
/// as the current one, and never written any more.
package struct SubjectRegistered1: ModelEvent {
  package static let type = SubjectRegistered.type
  package static let version: UInt16 = 1

  private let current: SubjectRegistered

  package var content: [UInt8] { current.content(version: Self.version) }

  package init?(content: [UInt8]) {
    guard let current = SubjectRegistered(content: content, version: Self.version) else {
      return nil
    }
    self.current = current
  }

  private init(_ current: SubjectRegistered) { self.current = current }

  package static let example = SubjectRegistered1(
    SubjectRegistered(identifier: "patient-0017", dataClass: "default"))
}
