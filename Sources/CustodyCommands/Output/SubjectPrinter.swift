import Custody
import CustodyModel

/// A person: what was said of her, her keys, and what happened.
struct SubjectPrinter {
  let entry: Subjects.Entry
  let facts: SubjectFacts
  /// Nil where nobody asked for it.
  let identifier: String?

  func print(_ format: OutputFormat) {
    var shown = Facts()
    shown.add("subject", "subject", entry.id.hex)
    shown.add("identifier", "identifier", identifier)
    shown.add("jurisdiction", "jurisdiction", facts.shownJurisdiction)
    shown.add("birthDate", "birth date", facts.shownBirthDate)
    if format != .table {
      shown.add("keys", "keys", .json(Self.array(keys)))
      shown.add("events", "events", .json(Self.array(events)))
      shown.add("restricted", "restricted", facts.restricted)
    }
    shown.write(format)
    guard format == .table else { return }
    printKeys()
    printEvents()
  }

  // MARK: - For people

  private func printKeys() {
    Terminal.print("")
    var writer = RecordWriter(.table, [.init("class"), .init("key")])
    for key in entry.keys { writer.write([.text(key.dataClass), .text(key.id.hex)]) }
    writer.finish()
  }

  private func printEvents() {
    guard !facts.events.isEmpty else { return }
    Terminal.print("")
    var writer = RecordWriter(
      .table, [.init("event"), .init("on"), .init("recorded at"), .init("position", right: true)])
    for event in facts.events {
      writer.write([
        Cell(event.kind), Cell(event.on), .time(event.recordedAt), .number(event.position.value),
      ])
    }
    writer.finish()
  }

  // MARK: - For programs

  private var keys: [JSONWriter] {
    entry.keys.map { key in
      var object = JSONWriter()
      object.member("class", key.dataClass)
      object.member("key", key.id.hex)
      return object
    }
  }

  private var events: [JSONWriter] {
    facts.events.map { event in
      var object = JSONWriter()
      object.member("kind", event.kind.name)
      object.member("on", event.on.description)
      object.member("recordedAt", event.recordedAt.description)
      object.member("position", event.position.value)
      return object
    }
  }

  private static func array(_ objects: [JSONWriter]) -> String {
    "[\(objects.map(\.object).joined(separator: ","))]"
  }
}

extension SubjectFacts {
  /// The jurisdiction's code, or that there may be one.
  var shownJurisdiction: String? { jurisdiction?.code ?? unsaid }

  /// The date of birth, or that there may be one.
  var shownBirthDate: String? { birthDate?.description ?? unsaid }

  private var unsaid: String? { restricted == 0 ? nil : "restricted" }
}
