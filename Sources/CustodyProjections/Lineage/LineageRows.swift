import CustodyLedger
import CustodyModel
import CustodyStore

/// Writes the tables of ``LineageProjection``.
struct LineageRows {
  private let findRun: HotStatement
  private let nextRun: HotStatement
  private let insertRun: HotStatement
  private let event: HotStatement
  private let use: HotStatement
  private let declaration: HotStatement
  private let edge: HotStatement
  private let column: HotStatement
  private let facet: HotStatement
  private let parent: HotStatement
  private let alias: HotStatement
  private let training: HotStatement
  private(set) var names: LineageNames

  init(_ connection: OpaquePointer) throws {
    func statement(_ sql: String) throws -> HotStatement { try HotStatement(connection, sql) }
    func insertion(_ table: String, _ columns: Int) throws -> HotStatement {
      // One event may say the same twice, of an input and of an output: the later is taken.
      try statement(
        "INSERT OR REPLACE INTO lineage_1_\(table) VALUES "
          + "(\(Array(repeating: "?", count: columns).joined(separator: ", ")))")
    }
    findRun = try statement("SELECT id FROM lineage_1_run WHERE run = ?")
    nextRun = try statement("SELECT ifnull(max(id), 0) + 1 FROM lineage_1_run")
    insertRun = try statement(
      "INSERT INTO lineage_1_run (id, run, position) VALUES (?, ?, ?)")
    event = try insertion("event", 6)
    use = try insertion("use", 6)
    declaration = try insertion("declaration", 5)
    edge = try insertion("edge", 5)
    column = try insertion("column", 6)
    facet = try insertion("facet", 5)
    parent = try insertion("parent", 6)
    alias = try insertion("alias", 5)
    training = try insertion("training", 7)
    names = try LineageNames(connection)
  }

  /// What an event says, and when.
  struct Source {
    let event: ProjectedEvent
    /// Nil when it says no zone.
    let time: Int64?

    var position: Int64 { Int64(event.position) }

    init(_ event: ProjectedEvent, _ time: LineageTime) {
      self.event = event
      self.time = time.hasZone ? time.timestamp.microseconds : nil
    }

    /// Of what Custody itself says.
    init(_ event: ProjectedEvent) {
      self.event = event
      time = event.header.claim.occurredAt.microseconds
    }
  }

  // MARK: - Rows

  func runID(_ run: some FixedBytes, _ source: Source) throws -> Int64 {
    findRun.bind(1, run)
    defer { findRun.reset() }
    if try findRun.step() { return findRun.integer(0) }
    _ = try nextRun.step()
    let id = nextRun.integer(0)
    nextRun.reset()
    insertRun.bind(1, id)
    insertRun.bind(2, run)
    insertRun.bind(3, source.position)
    try insertRun.run()
    return id
  }

  func addEvent(
    run: Int64, job: Int64?, dataset: Int64? = nil, _ type: OpenLineageEvent.EventType?,
    _ source: Source
  ) throws {
    try insert(
      event, [run, source.position, job, dataset, LineageEventCode.code(of: type), source.time])
  }

  func addUse(
    run: Int64, isWrite: Bool, _ dataset: Int64, version: Int64, _ source: Source
  ) throws {
    use.bind(1, run)
    use.bind(2, isWrite ? 1 : 0)
    use.bind(3, dataset)
    use.bind(4, version)
    use.bind(5, source.position)
    use.bind(6, optional: source.time)
    try use.run()
  }

  func addDeclaration(job: Int64, isWrite: Bool, _ dataset: Int64, _ source: Source) throws {
    try insert(declaration, [job, isWrite ? 1 : 0, dataset, source.position, source.time])
  }

  func addEdge(run: Int64, to target: Int64, from origin: Int64, _ source: Source) throws {
    try insert(edge, [run, target, origin, source.position, source.time])
  }

  func addColumn(
    of dataset: Int64, to target: Int64, from origin: Int64, how: Int64, _ source: Source
  ) throws {
    try insert(column, [dataset, target, origin, how, source.position, source.time])
  }

  func addFacet(
    of about: Int64, _ name: Int64, _ state: LineageFacetState, _ source: Source
  ) throws {
    facet.bind(1, about)
    facet.bind(2, name)
    facet.bind(3, source.position)
    facet.bind(4, optional: source.time)
    facet.bind(5, state.rawValue)
    try facet.run()
  }

  /// - Parameter job: what the parent is said to be a run of.
  func addParent(
    run: Int64, _ of: Int64, isRoot: Bool, job: Int64, _ source: Source
  ) throws {
    try insert(parent, [run, of, isRoot ? 1 : 0, job, source.position, source.time])
  }

  func addAlias(_ dataset: Int64, _ other: Int64, isRename: Bool, _ source: Source) throws {
    try insert(alias, [dataset, other, isRename ? 1 : 0, source.position, source.time])
  }

  private func insert(_ statement: HotStatement, _ values: [Int64?]) throws {
    for (index, value) in values.enumerated() {
      statement.bind(Int32(index + 1), optional: value)
    }
    try statement.run()
  }

  mutating func name(
    _ kind: LineageNameKind, _ name: LineageName, _ source: Source
  ) throws -> Int64 {
    try names.id(of: kind, name, source.event)
  }

  mutating func name(
    _ kind: LineageNameKind, of owner: Int64 = 0, _ text: String, _ source: Source
  ) throws -> Int64 {
    try names.id(of: kind, owner: owner, text, source.event)
  }

  // MARK: - Custody's own

  private mutating func own(
    _ kind: LineageNameKind, _ name: String, _ source: Source
  ) throws -> Int64 {
    let namespace = LineageProjection.ownNamespace(source.event.header.claim.ledgerID)
    return try self.name(kind, LineageName(namespace: namespace, name: name), source)
  }

  mutating func addOwnRun(
    _ id: EventID, job: String?, _ type: OpenLineageEvent.EventType, _ event: ProjectedEvent
  ) throws {
    let source = Source(event)
    let job = try job.map { try own(.job, $0, source) }
    let run = try runID(id, source)
    try addEvent(run: run, job: job, type, source)
  }

  mutating func addOwnUse(
    of run: EventID?, isWrite: Bool, _ dataset: String, _ number: Int, _ event: ProjectedEvent
  ) throws {
    let source = Source(event)
    let run = try run.map { try runID($0, source) } ?? 0
    let dataset = try own(.dataset, dataset, source)
    let version = try name(.version, of: dataset, "v\(number)", source)
    try addUse(run: run, isWrite: isWrite, dataset, version: version, source)
  }

  mutating func addOwnDataset(_ name: String, _ event: ProjectedEvent) throws {
    _ = try own(.dataset, name, Source(event))
  }

  mutating func add(_ model: ModelRegistered, _ event: ProjectedEvent) throws {
    let source = Source(event)
    let name = try own(.model, model.model, source)
    let version = try self.name(.version, of: name, model.version, source)
    if let run = model.run.flatMap({ EventID(uuid: $0) }) {
      let run = try runID(run, source)
      try insert(training, [name, version, run, 0, 0, source.position, source.time])
    }
    for input in model.trainedOn {
      let dataset = try own(.dataset, input.dataset, source)
      let number = try self.name(.version, of: dataset, "v\(input.number)", source)
      try insert(training, [name, version, 0, dataset, number, source.position, source.time])
    }
  }
}

/// Types of events as rows have them.
package enum LineageEventCode {
  private static let order: [OpenLineageEvent.EventType] = [
    .start, .running, .complete, .abort, .fail, .other,
  ]

  static func code(of type: OpenLineageEvent.EventType?) -> Int64 {
    Int64(type.flatMap { order.firstIndex(of: $0) } ?? order.count)
  }

  package static func type(of code: Int64) -> OpenLineageEvent.EventType? {
    order.indices.contains(Int(code)) ? order[Int(code)] : nil
  }
}

/// What an event says of a facet.
package enum LineageFacetState: Int64, Sendable {
  case said = 0
  case takenBack
  /// Not as the specification asks: kept in the original, used nowhere.
  case faulty
}
