/// Some people's data that waits to be erased is not to go after all: they asked for it, or nobody had.
///
/// Answers an `erasure.denied`, its cause; what that says of others is said anew beside this. No personal
/// data: people and keys by random ids.
package struct ErasureWithdrawn: ModelEvent {
  package static let type = "erasure.withdrawn"
  package static let version: UInt16 = 1

  /// The key ids by which the people are named.
  package let subjects: [String]
  /// The ids of the keys that stay.
  package let keys: [String]

  package init(subjects: [String], keys: [String]) {
    self.subjects = subjects
    self.keys = keys
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("subjects", strings: subjects)
    writer.member("keys", strings: keys)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let subjects = reader.strings("subjects"),
      let keys = reader.strings("keys")
    else { return nil }
    self.init(subjects: subjects, keys: keys)
  }

  package static let example = ErasureWithdrawn(
    subjects: [String(repeating: "1", count: 32)], keys: [String(repeating: "1", count: 32)])
}
