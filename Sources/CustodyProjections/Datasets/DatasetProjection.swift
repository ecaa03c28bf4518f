import CustodyLedger
import CustodyModel
import CustodyStore

/// Which records each version of each dataset has, as intervals: one record as of any version is one
/// look-up.
package struct DatasetProjection: Projection {
  package static let kind = ProjectionKind(DatasetProjection.self)
  package static let declaration = ProjectionDeclaration(
    name: "dataset", version: 1, summary: "versions of datasets and their records",
    tables: [
      .init("dataset_1_dataset", positionColumn: "position"),
      .init("dataset_1_version", positionColumn: "position"),
      .init("dataset_1_tag", positionColumn: "position"),
      .init("dataset_1_record"), .init("dataset_1_key"),
    ],
    contentTypes: [
      DatasetCreated.type, DatasetVersionCommitted.type, DatasetVersionTagged.type,
    ])

  private let dataset: HotStatement
  private let newest: HotStatement
  private let insertDataset: HotStatement
  private let insertVersion: HotStatement
  private let insertTag: HotStatement
  private let end: HotStatement
  private let insertRecord: HotStatement
  private let insertKey: HotStatement

  package init(_ connection: OpaquePointer) throws {
    dataset = try HotStatement(connection, "SELECT id FROM dataset_1_dataset WHERE name = ?")
    newest = try HotStatement(
      connection,
      """
      SELECT number, next FROM dataset_1_version WHERE dataset = ? ORDER BY number DESC LIMIT 1
      """)
    insertDataset = try HotStatement(
      connection,
      """
      INSERT INTO dataset_1_dataset (id, name, position, kind, key, subject, class, owner, tags)
      VALUES ((SELECT ifnull(max(id), 0) + 1 FROM dataset_1_dataset), ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    insertVersion = try HotStatement(
      connection, "INSERT INTO dataset_1_version VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    insertTag = try HotStatement(
      connection, "INSERT INTO dataset_1_tag VALUES (?, ?, ?, ?)")
    end = try HotStatement(
      connection,
      """
      UPDATE dataset_1_record SET until = ?3
      WHERE dataset = ?1 AND ordinal = ?2 AND until IS NULL
      """)
    insertRecord = try HotStatement(
      connection, "INSERT INTO dataset_1_record VALUES (?, ?, ?, NULL, ?, ?, ?, ?)")
    insertKey = try HotStatement(connection, "INSERT INTO dataset_1_key VALUES (?, ?, ?)")
  }

  package mutating func apply(_ event: ProjectedEvent) throws {
    let type = event.header.claim.type.text
    guard Self.declaration.contentTypes.contains(type), case .opened(let content) = event.content
    else { return }
    // A caller may append an event of these types that says something else: it changes no dataset.
    guard event.header.claim.stream.text.hasPrefix(DatasetProjection.streamPrefix) else { return }
    switch type {
    case DatasetCreated.type:
      guard let created = DatasetCreated(content: content) else { throw malformed(type) }
      try apply(created, event)
    case DatasetVersionCommitted.type:
      guard let committed = DatasetVersionCommitted(content: content) else { throw malformed(type) }
      try apply(committed, event)
    default:
      guard let tagged = DatasetVersionTagged(content: content) else { throw malformed(type) }
      insertTag.bind(1, try id(of: tagged.dataset))
      insertTag.bind(2, tagged.tag)
      insertTag.bind(3, Int64(tagged.number))
      insertTag.bind(4, Int64(event.position))
      try insertTag.run()
    }
  }

  /// The stream of a dataset is its name after this.
  package static let streamPrefix = "dataset/"

  private func malformed(_ type: String) -> ProjectionHalt {
    ProjectionHalt("the content of \(type) is not as it should be")
  }

  private func id(of name: String) throws -> Int64 {
    dataset.bind(1, name)
    defer { dataset.reset() }
    guard try dataset.step() else { throw ProjectionHalt("a dataset that was not created") }
    return dataset.integer(0)
  }

  private func apply(_ created: DatasetCreated, _ event: ProjectedEvent) throws {
    insertDataset.bind(1, created.dataset)
    insertDataset.bind(2, Int64(event.position))
    insertDataset.bind(3, created.kind)
    insertDataset.bind(4, optional: created.key)
    insertDataset.bind(5, created.subject)
    insertDataset.bind(6, created.dataClass)
    insertDataset.bind(7, optional: created.owner)
    insertDataset.bind(8, "[\(created.tags.map(JSONWriter.quoted).joined(separator: ","))]")
    try insertDataset.run()
  }

  // MARK: - Versions

  private func apply(_ version: DatasetVersionCommitted, _ event: ProjectedEvent) throws {
    let dataset = try id(of: version.dataset)
    let last = try newest(of: dataset)
    guard version.number == last.number + 1 else {
      throw ProjectionHalt("version \(version.number) follows version \(last.number)")
    }
    guard let root = Digest(hex: version.root),
      let orders = addresses(version.order), let changes = addresses(version.changes)
    else { throw malformed(DatasetVersionCommitted.type) }
    var next = last.next
    for address in changes {
      guard case .opened(let content, _) = try event.objects.content(at: address),
        let entries = RecordChange.parse(content)
      else { throw ProjectionHalt("a change set of version \(version.number) cannot be read") }
      try event.objects.atOnce {
        for entry in entries { try apply(entry, dataset, version, &next, event.objects) }
      }
    }
    insertVersion.bind(1, dataset)
    insertVersion.bind(2, Int64(version.number))
    insertVersion.bind(3, Int64(event.position))
    insertVersion.bind(4, event.header.place.recordedAt.microseconds)
    insertVersion.bind(5, root)
    for (index, number) in [
      version.records, version.bytes, version.added, version.changed, version.removed, next,
    ].enumerated() {
      insertVersion.bind(Int32(6 + index), Int64(number))
    }
    try orders.flatMap(\.bytes).withUnsafeBytes { orders in
      insertVersion.bind(12, orders)
      if let frame = version.frame.flatMap({ Digest(hex: $0) }) {
        insertVersion.bind(13, frame)
      } else {
        insertVersion.bindNull(13)
      }
      try insertVersion.run()
    }
  }

  private func addresses(_ texts: [String]) -> [Digest]? {
    let found = texts.compactMap { Digest(hex: $0) }
    return found.count == texts.count ? found : nil
  }

  private func newest(of dataset: Int64) throws -> (number: Int, next: Int) {
    newest.bind(1, dataset)
    defer { newest.reset() }
    guard try newest.step() else { return (0, 0) }
    return (Int(newest.integer(0)), Int(newest.integer(1)))
  }

  private func apply(
    _ entry: RecordChange, _ dataset: Int64, _ version: DatasetVersionCommitted, _ next: inout Int,
    _ objects: any ProjectedObjects
  ) throws {
    // A new ordinal has no life to end.
    if entry.ordinal < next {
      end.bind(1, dataset)
      end.bind(2, Int64(entry.ordinal))
      end.bind(3, Int64(version.number))
      try end.run()
    }
    guard let put = entry.put else {
      guard entry.ordinal < next else { throw ProjectionHalt("a record is removed that never was") }
      return
    }
    insertRecord.bind(1, dataset)
    insertRecord.bind(2, Int64(entry.ordinal))
    insertRecord.bind(3, Int64(version.number))
    insertRecord.bind(4, put.address)
    if let file = put.file {
      insertRecord.bind(5, file.seconds)
      insertRecord.bind(6, Int64(file.nanoseconds))
      insertRecord.bind(7, Int64(file.mode))
    } else {
      for index in 5...7 { insertRecord.bindNull(Int32(index)) }
    }
    try insertRecord.run()
    guard entry.ordinal >= next else { return }
    guard entry.ordinal == next else { throw ProjectionHalt("ordinals with a gap") }
    next += 1
    // A record whose key is gone has no name any more.
    guard case .opened(let content, let isList) = try objects.content(at: put.address) else {
      return
    }
    guard let record = RecordContent(parsing: content, isList: isList) else {
      throw ProjectionHalt("a record that is not one")
    }
    insertKey.bind(1, dataset)
    insertKey.bind(2, objects.keyHash(of: record.naturalKey, in: version.dataset))
    insertKey.bind(3, Int64(entry.ordinal))
    try insertKey.run()
  }
}
