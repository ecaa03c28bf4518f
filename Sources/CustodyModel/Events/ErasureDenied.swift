/// Somebody's data, or a part of it, is not erased because matters hold it. It waits: when nothing holds
/// it any more it goes, and an `erasure.requested` says that this was its cause.
///
/// No personal data: people, keys and matters by random ids.
package struct ErasureDenied: ModelEvent {
  package static let type = "erasure.denied"
  package static let version: UInt16 = 1

  /// The key ids by which the people are named.
  package let subjects: [String]
  /// The classes of data that were to go; none for all.
  package let classes: [String]
  /// One of ``ErasureReason``.
  package let reason: String
  /// The ids of the keys that wait to be destroyed.
  package let keys: [String]
  /// The ids of the matters that hold them.
  package let matters: [String]

  package init(
    subjects: [String], classes: [String], reason: String, keys: [String], matters: [String]
  ) {
    self.subjects = subjects
    self.classes = classes
    self.reason = reason
    self.keys = keys
    self.matters = matters
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("subjects", strings: subjects)
    writer.member("classes", strings: classes)
    writer.member("reason", reason)
    writer.member("keys", strings: keys)
    writer.member("matters", strings: matters)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let subjects = reader.strings("subjects"),
      let classes = reader.strings("classes"), let reason = reader.string("reason"),
      let keys = reader.strings("keys"), let matters = reader.strings("matters")
    else { return nil }
    self.init(
      subjects: subjects, classes: classes, reason: reason, keys: keys, matters: matters)
  }

  package static let example = ErasureDenied(
    subjects: [String(repeating: "1", count: 32)], classes: [], reason: "request",
    keys: [String(repeating: "1", count: 32)],
    matters: ["01a204a7-ba70-7fdc-b314-7b88f7b52729"])
}
