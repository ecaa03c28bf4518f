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
      .init("dataset_1_keys", positionColumn: "destroyed"), .init("dataset_1_key"),
      .init("dataset_1_record"), .init("dataset_1_sealed"),
      .init("dataset_1_name", isGuessable: true),
    ],
    contentTypes: [
      DatasetCreated.type, DatasetVersionCommitted.type, DatasetVersionTagged.type,
    ])

  /// The stream of a dataset is its name after this.
  package static let streamPrefix = "dataset/"

  static let aboutColumn = "dataset.about"
  static let tagColumn = "tag.tag"
  static let messageColumn = "version.message"

  private let dataset: HotStatement
  private let nextDataset: HotStatement
  private let newest: HotStatement
  private let insertDataset: HotStatement
  private let insertVersion: HotStatement
  private let insertTag: HotStatement
  private let records: RecordHistory

  package init(_ connection: OpaquePointer) throws {
    dataset = try HotStatement(connection, "SELECT id FROM dataset_1_dataset WHERE name = ?")
    nextDataset = try HotStatement(
      connection, "SELECT ifnull(max(id), 0) + 1 FROM dataset_1_dataset")
    newest = try HotStatement(
      connection,
      """
      SELECT number, next, root FROM dataset_1_version
      WHERE dataset = ? ORDER BY number DESC LIMIT 1
      """)
    insertDataset = try HotStatement(
      connection,
      "INSERT INTO dataset_1_dataset (id, name, position, about, unnamed) VALUES (?, ?, ?, ?, 0)")
    insertVersion = try HotStatement(
      connection,
      """
      INSERT INTO dataset_1_version (dataset, number, position, recorded_at, actor, root, records,
        bytes, added, changed, removed, next, orders, frame, message, run)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    insertTag = try HotStatement(
      connection,
      "INSERT INTO dataset_1_tag (dataset, tag, number, position) VALUES (?, ?, ?, ?)")
    records = try RecordHistory(connection)
  }

  package func apply(_ event: ProjectedEvent) throws {
    if let destruction = event.destruction { try records.destroy(destruction, at: event.position) }
    // A caller may append an event of these types that says something else: it changes no dataset.
    guard case .opened(let content) = event.content,
      event.header.claim.stream.text.hasPrefix(Self.streamPrefix)
    else { return }
    switch event.header.claim.type.text {
    case DatasetCreated.type: try apply(decoded(DatasetCreated.self, event, content), event)
    case DatasetVersionCommitted.type:
      try apply(decoded(DatasetVersionCommitted.self, event, content), event)
    case DatasetVersionTagged.type:
      try apply(decoded(DatasetVersionTagged.self, event, content), event)
    default: break
    }
  }

  package func settle() throws { try records.removeNames() }

  private func decoded<Event: ModelEvent>(
    _ type: Event.Type, _ event: ProjectedEvent, _ content: [UInt8]
  ) throws -> Event {
    let version = event.header.claim.typeVersion
    guard version <= Event.version else {
      throw ProjectionHalt(
        "\(Event.type) is of version \(version), and this program knows \(Event.version)")
    }
    guard let decoded = Event(content: content, version: version) else {
      throw Self.malformed(Event.type)
    }
    return decoded
  }

  private static func malformed(_ type: String) -> ProjectionHalt {
    ProjectionHalt("the content of \(type) is not as it should be")
  }

  private func id(of name: String) throws -> Int64 {
    dataset.bind(1, name)
    defer { dataset.reset() }
    guard try dataset.step() else { throw ProjectionHalt("a dataset that was not created") }
    return dataset.integer(0)
  }

  private func apply(_ created: DatasetCreated, _ event: ProjectedEvent) throws {
    defer { nextDataset.reset() }
    _ = try nextDataset.step()
    let id = nextDataset.integer(0)
    guard let about = try event.sealed(created.content, in: Self.aboutColumn, id) else { return }
    insertDataset.bind(1, id)
    insertDataset.bind(2, created.dataset)
    insertDataset.bind(3, Int64(event.position))
    try about.withUnsafeBytes {
      insertDataset.bind(4, $0)
      try insertDataset.run()
    }
  }

  private func apply(_ tagged: DatasetVersionTagged, _ event: ProjectedEvent) throws {
    let dataset = try id(of: tagged.dataset)
    guard let tag = try event.sealed(Array(tagged.tag.utf8), in: Self.tagColumn, dataset) else {
      return
    }
    insertTag.bind(1, dataset)
    insertTag.bind(3, Int64(tagged.number))
    insertTag.bind(4, Int64(event.position))
    try tag.withUnsafeBytes {
      insertTag.bind(2, $0)
      try insertTag.run()
    }
  }

  // MARK: - Versions

  private struct Newest {
    var number = 0
    /// The ordinal that the next new record gets.
    var next = 0
    var root: Digest?
  }

  private func newest(of dataset: Int64) throws -> Newest {
    newest.bind(1, dataset)
    defer { newest.reset() }
    guard try newest.step() else { return Newest() }
    return Newest(
      number: Int(newest.integer(0)), next: Int(newest.integer(1)), root: Digest(newest.bytes(2)))
  }

  private func apply(_ version: DatasetVersionCommitted, _ event: ProjectedEvent) throws {
    let dataset = try id(of: version.dataset)
    let last = try newest(of: dataset)
    guard version.number == last.number + 1 else {
      throw ProjectionHalt("version \(version.number) follows version \(last.number)")
    }
    guard let root = Digest(hex: version.root), let orders = Self.addresses(version.order),
      let changes = Self.addresses(version.changes)
    else { throw Self.malformed(DatasetVersionCommitted.type) }
    if let parent = version.parent, parent != last.root?.hex {
      throw ProjectionHalt("version \(version.number) follows another version than the one before")
    }
    let source = ChangeSource(
      changes, newFrom: last.next, dataset: version.dataset, store: event.store)
    let next = try records.apply(
      Ahead { try source.next() }.next, of: dataset, version: version.number, next: last.next
    ) { change in
      try event.store.withObjects { try $0.nameHash(of: change, in: version.dataset) }
    }
    insertVersion.bind(1, dataset)
    insertVersion.bind(2, Int64(version.number))
    insertVersion.bind(3, Int64(event.position))
    insertVersion.bind(4, event.header.place.recordedAt.microseconds)
    insertVersion.bind(5, event.header.claim.actor.text)
    insertVersion.bind(6, root)
    for (index, number) in [
      version.records, version.bytes, version.added, version.changed, version.removed, next,
    ].enumerated() {
      insertVersion.bind(Int32(7 + index), Int64(number))
    }
    if let frame = version.frame.flatMap({ Digest(hex: $0) }) {
      insertVersion.bind(14, frame)
    } else {
      insertVersion.bindNull(14)
    }
    insertVersion.bind(16, optional: version.run)
    let message = try version.message.flatMap {
      try event.sealed(Array($0.utf8), in: Self.messageColumn, dataset, Int64(version.number))
    }
    try orders.flatMap(\.bytes).withUnsafeBytes { orders in
      insertVersion.bind(13, orders)
      guard let message else {
        insertVersion.bindNull(15)
        return try insertVersion.run()
      }
      try message.withUnsafeBytes {
        insertVersion.bind(15, $0)
        try insertVersion.run()
      }
    }
  }

  private static func addresses(_ texts: [String]) -> [Digest]? {
    let found = texts.compactMap { Digest(hex: $0) }
    return found.count == texts.count ? found : nil
  }
}
