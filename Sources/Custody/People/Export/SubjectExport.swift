import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

/// Writes the contents of a dossier, one after the other.
final class SubjectExport {
  private let dossier: SubjectDossier
  private let store: Store
  private let root: String
  private let progress: Datasets.Progress?
  private let own: Set<KeyID>
  private var exported: Subjects.Exported
  private var done = 0

  init(
    _ dossier: SubjectDossier, _ store: Store, _ root: String, _ progress: Datasets.Progress?
  ) {
    self.dossier = dossier
    self.store = store
    self.root = root
    self.progress = progress
    own = dossier.keys
    exported = Subjects.Exported(subject: dossier.entry.id)
  }

  func write() throws -> Subjects.Exported {
    try FileIO.makeFolder(root)
    let files = [
      try ExportFile("\(root)/export.json"), try ExportFile("\(root)/index.html"),
    ]
    let writers: [any DossierWriter] = [DossierJSON(files[0]), DossierPage(files[1])]
    for writer in writers { try writer.begin(dossier) }
    for part in dossier.parts {
      for writer in writers { try writer.begin(part) }
      try forEachRecord(of: part) { record in
        for writer in writers { try writer.write(record) }
      }
      for writer in writers { try writer.endPart() }
    }
    for writer in writers { try writer.beginEvents() }
    try forEachEvent { event in
      for writer in writers { try writer.write(event) }
    }
    for writer in writers { try writer.end(exported) }
    for file in files { try file.finish() }
    return exported
  }

  private func count() {
    done += 1
    progress?(done, dossier.contentCount)
  }

  // MARK: - Events

  private static let eventsAtOnce = 32

  private func forEachEvent(_ body: (ExportedEvent) throws -> Void) throws {
    let positions = dossier.positions
    for start in stride(from: 0, to: positions.count, by: Self.eventsAtOnce) {
      let page = positions[start..<min(start + Self.eventsAtOnce, positions.count)]
      let events = try store.folder.read { reader in
        try page.compactMap { try reader.event(at: $0, ledgerID: store.ledgerID) }
      }
      for event in events {
        if let exported = try exportedEvent(event) { try body(exported) }
        count()
      }
    }
  }

  private func exportedEvent(_ event: StoredEvent) throws -> ExportedEvent? {
    let claim = event.header.claim
    let content: ExportedContent
    if claim.keyIDs.allSatisfy(own.contains) {
      guard let bytes = try store.content(of: event) else {
        // Its body was removed; no key of hers is gone.
        return nil
      }
      exported.events += 1
      let isJSON = bytes.withUnsafeBytes { (try? JSONText.validate($0)) != nil }
      content =
        try isJSON
        ? .json(String(decoding: bytes, as: UTF8.self)) : self.content(bytes, name: "")
    } else {
      exported.withheldEvents += 1
      content = .withheld
    }
    return ExportedEvent(
      position: event.position, type: claim.type.text, stream: claim.stream.text,
      recordedAt: event.header.place.recordedAt, occurredAt: claim.occurredAt, content: content)
  }

  // MARK: - Records

  private func forEachRecord(
    of part: SubjectDossier.Part, _ body: (ExportedRecord) throws -> Void
  ) throws {
    var rest = part.lives[...]
    while let since = rest.first?.since {
      let lives = rest.prefix { $0.since == since }
      rest = rest.dropFirst(lives.count)
      guard let version = part.versions.first(where: { $0.row.number == since }) else { continue }
      let scan = RecordScan(store: store, dataset: part.row, version: version.row)
      for start in stride(from: lives.startIndex, to: lives.endIndex, by: RecordScan.pageSize) {
        let page = lives[start..<min(start + RecordScan.pageSize, lives.endIndex)]
        try forEachRecord(Array(page), scan, part, version, body)
      }
    }
  }

  private func forEachRecord(
    _ lives: [DatasetReader.Life], _ scan: RecordScan, _ part: SubjectDossier.Part,
    _ version: SubjectDossier.Version, _ body: (ExportedRecord) throws -> Void
  ) throws {
    let rows = try store.engine.readUncaught { connection in
      let reader = DatasetReader(connection)
      return try lives.map {
        try reader.record($0.ordinal, of: part.row.id, in: version.row.number)
      }
    }
    // Nothing of others is even opened.
    let isHers = try rows.map { row in
      try row.map { try scan.keyIDs(of: $0).allSatisfy(own.contains) } ?? false
    }
    var opened = try scan.open(zip(rows, isHers).compactMap { $1 ? $0 : nil })[...]
    for (life, isHers) in zip(lives, isHers) {
      if isHers, let entry = opened.popFirst() {
        try body(try record(entry, life, part, version))
        exported.records += 1
      } else {
        exported.withheldRecords += 1
        try body(ExportedRecord(life: life, key: nil, content: .withheld))
      }
      count()
    }
  }

  private func record(
    _ entry: RecordScan.Entry, _ life: DatasetReader.Life, _ part: SubjectDossier.Part,
    _ version: SubjectDossier.Version
  ) throws -> ExportedRecord {
    guard let content = entry.content, let key = entry.key else {
      throw CustodyError(
        .damaged,
        "A record of \(part.row.name) is missing from objects.sqlite, and nobody was erased whom it "
          + "is about. Run: custody verify --level contents")
    }
    switch content.bytes {
    case .whole(let bytes):
      let exported = try self.content(bytes, name: key)
      guard case .text = exported, let header = version.header else {
        return ExportedRecord(life: life, key: key, content: exported)
      }
      return ExportedRecord(
        life: life, key: key, columns: header.columns, fields: header.fields(bytes),
        content: exported)
    case .pieces(let total, _):
      let contents = try VersionContents(store: store, dataset: part.row, version: version.row)
      let path = try file(named: key) { write in
        try contents.forEach([entry.row.ordinal]) { try $0.forEachPiece(write) }
      }
      return ExportedRecord(
        life: life, key: key, content: .file(path: path, byteCount: total))
    }
  }

  // MARK: - Contents

  private func content(_ bytes: [UInt8], name: String) throws -> ExportedContent {
    if bytes.count <= ExportedContent.textByteCountMax,
      let text = String(validating: bytes, as: UTF8.self)
    {
      return .text(text)
    }
    let path = try file(named: name) { try $0(bytes) }
    return .file(path: path, byteCount: bytes.count)
  }

  /// Writes a file of its own, under a number: what it was called may lead anywhere.
  private func file(
    named name: String, _ body: ((([UInt8]) throws -> Void)) throws -> Void
  ) throws -> String {
    if exported.files == 0 { try FileIO.makeFolder("\(root)/files") }
    exported.files += 1
    let path = "files/\(exported.files)\(Self.suffix(of: name))"
    let file = try ExportFile("\(root)/\(path)")
    try body(file.write)
    try file.finish()
    return path
  }

  /// `.wav` of a name that ends so: programs know by it what opens a file.
  private static func suffix(of name: String) -> String {
    let last = name.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
    let isPlain = (1...8).contains(last.utf8.count) && last.utf8.count < name.utf8.count
    guard isPlain, last.utf8.allSatisfy({ isalnum(Int32($0)) != 0 && $0 < 0x80 }) else { return "" }
    return ".\(last.lowercased())"
  }
}
