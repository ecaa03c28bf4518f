/// What is wrong with an event or a facet, and where: for people, and free of what it holds.
///
/// Path and rule may be shown, logged and kept under the operations key, so neither ever has a
/// value of the event in it; a path has names of members.
package struct OpenLineageFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// `$.inputs[2].name`
  package let path: String
  /// `is missing`, `a UUID is expected`
  package let rule: String

  package init(path: String, rule: String) {
    self.path = path
    self.rule = rule
  }

  package var description: String { "\(path): \(rule)" }
}
