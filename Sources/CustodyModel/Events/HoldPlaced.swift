/// A matter holds data: nothing in its scope is destroyed, also nothing that arrives later, until the
/// matter is released.
///
/// Several of one matter stand in one stream; their scopes count together, their last review date.
package struct HoldPlaced: ModelEvent {
  package static let type = "hold.placed"
  package static let version: UInt16 = 1
  /// The stream of a matter is this and the id of its first event.
  package static let streamPrefix = "hold/"

  /// Whose data it is: everybody's, unless people or datasets are named; what both name, when both are.
  package struct Scope: Equatable, Sendable {
    /// The key ids by which people are named.
    package let subjects: [String]
    /// Everyone of whom a version of these has a record.
    package let datasets: [String]
    /// These classes of data alone; all when empty.
    package let classes: [String]

    package init(subjects: [String], datasets: [String], classes: [String]) {
      self.subjects = subjects
      self.datasets = datasets
      self.classes = classes
    }
  }

  /// Somebody in the scope whose erasure was decided before.
  package struct TooLate: Equatable, Sendable {
    package let subject: String
    /// The id of the request.
    package let request: String

    package init(subject: String, request: String) {
      self.subject = subject
      self.request = request
    }
  }

  /// What the matter is called.
  package let matter: String
  package let scope: Scope
  /// One of ``HoldReason``.
  package let reason: String
  /// Who approved it.
  package let approver: String
  /// When it is to be looked at again, RFC 3339; it holds on until it is released.
  package let review: String
  package let tooLate: [TooLate]

  package init(
    matter: String, scope: Scope, reason: String, approver: String, review: String,
    tooLate: [TooLate]
  ) {
    self.matter = matter
    self.scope = scope
    self.reason = reason
    self.approver = approver
    self.review = review
    self.tooLate = tooLate
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("matter", matter)
    writer.member("subjects", strings: scope.subjects)
    writer.member("datasets", strings: scope.datasets)
    writer.member("classes", strings: scope.classes)
    writer.member("reason", reason)
    writer.member("approver", approver)
    writer.member("review", review)
    writer.member("tooLate", tooLate) { late, object in
      object.member("subject", late.subject)
      object.member("request", late.request)
    }
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let matter = reader.string("matter"),
      let subjects = reader.strings("subjects"), let datasets = reader.strings("datasets"),
      let classes = reader.strings("classes"), let reason = reader.string("reason"),
      let approver = reader.string("approver"), let review = reader.string("review"),
      let late = reader.objects("tooLate")
    else { return nil }
    let tooLate = late.compactMap { reader -> TooLate? in
      guard let subject = reader.string("subject"), let request = reader.string("request") else {
        return nil
      }
      return TooLate(subject: subject, request: request)
    }
    guard tooLate.count == late.count else { return nil }
    self.init(
      matter: matter, scope: Scope(subjects: subjects, datasets: datasets, classes: classes),
      reason: reason, approver: approver, review: review, tooLate: tooLate)
  }

  package static let example = HoldPlaced(
    matter: "M-2026-014",
    scope: Scope(
      subjects: [String(repeating: "1", count: 32)], datasets: ["calls"], classes: ["default"]),
    reason: "litigation", approver: "counsel", review: "2027-01-31T00:00:00Z",
    tooLate: [
      TooLate(
        subject: String(repeating: "2", count: 32), request: "01a204a7-ba70-7fdc-b314-7b88f7b52729")
    ])
}
