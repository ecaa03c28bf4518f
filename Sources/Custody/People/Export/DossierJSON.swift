import CustodyLedger
import CustodyModel
import CustodyProjections

/// An export as one JSON object, written as it comes.
final class DossierJSON: DossierWriter {
  private let file: ExportFile
  private var isFirst = true

  init(_ file: ExportFile) { self.file = file }

  private func element(_ json: String) throws {
    try file.write("\(isFirst ? "" : ",")\n\(json)")
    isFirst = false
  }

  /// The object's first members; those that follow are written one by one.
  private func open(_ object: JSONWriter, _ list: String) throws {
    try file.write("\(object.text),\"\(list)\":[")
    isFirst = true
  }

  func begin(_ dossier: SubjectDossier) throws {
    var writer = JSONWriter()
    writer.member("format", "custody-subject-export")
    writer.member("version", 1)
    writer.member("ledger", "\(dossier.ledger)")
    writer.member("madeAt", "\(dossier.madeAt)")
    writer.member("person", json: Self.person(dossier))
    writer.member("consents", dossier.consents) { Self.write($0, dossier.madeAt, to: &$1) }
    writer.member("restrictions", dossier.restrictions) { restriction, object in
      object.member("reason", restriction.cause.name)
      object.member("classes", strings: restriction.classes)
      object.member("liftedClasses", strings: restriction.liftedClasses)
      object.member("placedAt", "\(restriction.placedAt)")
      object.member("liftedAt", restriction.liftedAt?.description)
    }
    writer.member("holds", dossier.reviews) { review, object in
      object.member("review", "\(review)")
      object.member("withheld", DossierText.matter)
    }
    writer.member("waitingErasures", dossier.waiting) { waiting, object in
      object.member("requestedAt", "\(waiting.recordedAt)")
      object.member("reason", waiting.reason.rawValue)
      object.member("classes", strings: waiting.classes)
    }
    writer.member("retention", DossierText.retention)
    writer.member("recipients", dossier.copies) { copy, object in
      object.member("what", copy.what)
      object.member("recordedAt", "\(copy.recordedAt)")
      object.member("path", copy.path)
    }
    writer.member("runs", dossier.runs) { run, object in
      object.member("run", "\(run.id)")
      object.member("job", run.story?.job)
      object.member("purpose", run.story?.purpose)
      object.member("startedAt", run.story?.startedAt.description)
      object.member("endedAt", run.story?.endedAt?.description)
      object.member("withheld", DossierText.runTexts)
    }
    writer.member("reached", dossier.reach) { entry, object in
      object.member("kind", "\(entry.node.kind)")
      object.member("name", entry.node.name)
      object.member("version", entry.node.version)
      object.member("id", entry.node.id)
      object.member("evidence", entry.evidence.rawValue)
      object.member("records", entry.records)
    }
    try open(writer, "datasets")
  }

  private static func person(_ dossier: SubjectDossier) -> String {
    var writer = JSONWriter()
    writer.member("subject", dossier.entry.id.hex)
    writer.member("identifier", dossier.identifier)
    writer.member("jurisdiction", dossier.facts.jurisdiction?.code)
    writer.member("birthDate", dossier.facts.birthDate?.description)
    writer.member("keys", dossier.entry.keys) { key, object in
      object.member("class", key.dataClass)
      object.member("key", key.id.hex)
    }
    writer.member("events", dossier.facts.events) { event, object in
      object.member("kind", event.kind.name)
      object.member("on", "\(event.on)")
      object.member("recordedAt", "\(event.recordedAt)")
    }
    return writer.object
  }

  private static func write(
    _ consent: Consent, _ now: Timestamp, to writer: inout JSONWriter
  ) {
    writer.member("purpose", consent.purpose)
    writer.member("state", consent.state(at: now).rawValue)
    writer.member("basis", consent.basis.rawValue)
    writer.member("textVersion", consent.textVersion)
    writer.member("textDigest", consent.textDigest)
    writer.member("recipients", strings: consent.recipients)
    writer.member("giver", consent.giver.rawValue)
    writer.member("from", "\(consent.from)")
    writer.member("expires", consent.expires?.description)
    writer.member("withdrawn", consent.withdrawn?.description)
    writer.member("recordedAt", "\(consent.recordedAt)")
  }

  func begin(_ part: SubjectDossier.Part) throws {
    var writer = JSONWriter()
    writer.member("name", part.row.name)
    writer.member("kind", part.row.kind)
    writer.member("class", part.row.dataClass)
    writer.member("owner", part.row.owner)
    writer.member("versions", part.versions) { version, object in
      object.member("version", version.row.number)
      object.member("recordedAt", "\(version.row.recordedAt)")
      object.member("records", version.records)
      object.member("source", json: version.source.json)
      object.member("header", version.header?.text)
    }
    try file.write(isFirst ? "\n" : ",\n")
    try open(writer, "records")
  }

  func write(_ record: ExportedRecord) throws {
    var writer = JSONWriter()
    writer.member("since", record.life.since)
    writer.member("until", record.life.until)
    writer.member("key", record.key)
    Self.write(record.content, to: &writer)
    try element(writer.object)
  }

  func endPart() throws {
    try file.write("]}")
    isFirst = false
  }

  func beginEvents() throws {
    try file.write("],\n\"events\":[")
    isFirst = true
  }

  func write(_ event: ExportedEvent) throws {
    var writer = JSONWriter()
    writer.member("position", event.position.value)
    writer.member("recordedAt", "\(event.recordedAt)")
    writer.member("occurredAt", "\(event.occurredAt)")
    writer.member("stream", event.stream)
    writer.member("type", event.type)
    Self.write(event.content, to: &writer)
    try element(writer.object)
  }

  private static func write(_ content: ExportedContent, to writer: inout JSONWriter) {
    switch content {
    case .json(let text): writer.member("content", json: text)
    case .text(let text): writer.member("text", text)
    case .file(let path, let byteCount):
      writer.member("file", path)
      writer.member("bytes", byteCount)
    case .withheld: writer.member("withheld", ExportedContent.reason)
    }
  }

  func end(_ exported: Subjects.Exported) throws {
    var writer = JSONWriter()
    writer.member("records", exported.records)
    writer.member("events", exported.events)
    writer.member("files", exported.files)
    writer.member("withheldRecords", exported.withheldRecords)
    writer.member("withheldEvents", exported.withheldEvents)
    try file.write("],\n\"written\":\(writer.object)}\n")
  }
}
