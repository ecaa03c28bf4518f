import CustodyLedger
import CustodyModel
import CustodyStore

/// Asks the tables of ``LineageProjection``; belongs to one connection.
package final class LineageReader {
  private let connection: OpaquePointer
  private let columns: SealedColumns
  private let hashes: LineageNameHash
  /// What counts as known, and as come to be.
  package let moment: LineageMoment
  private let prepared = PreparedStatements()
  private var names: [Int64: LineageNameRow] = [:]
  /// What was found by ``shared(_:_:)``.
  private var shared: [Int64: Int64] = [:]

  package init(
    _ connection: OpaquePointer, columns: SealedColumns, hashes: LineageNameHash,
    at moment: LineageMoment
  ) {
    self.connection = connection
    self.columns = columns
    self.hashes = hashes
    self.moment = moment
  }

  private func statement(_ sql: String) throws -> HotStatement {
    try prepared.prepared(sql, on: connection)
  }

  /// Calls `each` with the rows of a query at the moment; it asks `position` and `time`.
  func forEach(
    _ columns: String, _ table: String, _ condition: String = "TRUE", _ values: [Int64] = [],
    _ each: (HotStatement) throws -> Void
  ) throws {
    let query = try statement(
      """
      SELECT \(columns), position, time FROM lineage_1_\(table)
      WHERE \(condition) AND position < ?1 AND (?2 IS NULL OR time <= ?2)
      """)
    query.bind(1, moment.below)
    query.bind(2, optional: moment.time)
    for (index, value) in values.enumerated() { query.bind(Int32(index + 3), value) }
    defer { query.reset() }
    while try query.step() { try each(query) }
  }

  // MARK: - Names

  /// What a number names.
  ///
  /// - Throws: `damaged` when there is no such name.
  package func name(_ id: Int64) throws -> LineageNameRow {
    if let known = names[id] { return known }
    let query = try statement("SELECT kind, owner, text FROM lineage_1_name WHERE id = ?")
    query.bind(1, id)
    defer { query.reset() }
    guard try query.step(), let row = try row(id, query) else { throw DatasetReader.damaged }
    if names.count >= 1 << 20 { names.removeAll(keepingCapacity: true) }
    names[id] = row
    return row
  }

  private func row(_ id: Int64, _ query: HotStatement) throws -> LineageNameRow? {
    guard let kind = LineageNameKind(rawValue: query.integer(0)) else { return nil }
    let text = try columns.open(query.bytes(2), in: LineageNames.column, [id])
    return LineageNameRow(id: id, kind: kind, owner: query.integer(1), text: text ?? [])
  }

  /// The number of a whole name; nil when nobody said it yet.
  package func id(
    of kind: LineageNameKind, owner: Int64 = 0, _ text: [UInt8]
  ) throws -> Int64? {
    let query = try statement(
      "SELECT id FROM lineage_1_name WHERE hash = ?1 AND position < ?2")
    query.bind(1, hashes.whole(kind, owner, text))
    query.bind(2, moment.below)
    defer { query.reset() }
    return try query.step() ? query.integer(0) : nil
  }

  package func id(of kind: LineageNameKind, _ name: LineageName) throws -> Int64? {
    try id(of: kind, LineageNames.bytes(of: name))
  }

  /// The one number of a column or version of a dataset that has several names: each of them may
  /// have been used with it.
  package func shared(_ id: Int64, _ identities: LineageIdentities) throws -> Int64 {
    guard !identities.isEmpty else { return id }
    if let known = shared[id] { return known }
    let row = try name(id)
    var found = id
    if row.kind == .column || row.kind == .version {
      let label = Array(row.label.utf8)
      for name in identities.names(of: row.owner) {
        guard let other = try self.id(of: row.kind, owner: name, label) else { continue }
        found = other
        break
      }
    }
    shared[id] = found
    return found
  }

  /// The numbers of everything of a kind that is called so, in whatever namespace.
  package func ids(of kind: LineageNameKind, named name: String) throws -> [Int64] {
    let query = try statement(
      "SELECT id FROM lineage_1_name WHERE short = ?1 AND position < ?2 ORDER BY id")
    query.bind(1, hashes.short(kind, Array(name.utf8)))
    query.bind(2, moment.below)
    defer { query.reset() }
    var ids: [Int64] = []
    while try query.step() { ids.append(query.integer(0)) }
    return ids
  }

  /// Names of a kind, in the order in which they first occurred.
  package func forEachName(
    of kind: LineageNameKind, _ each: (LineageNameRow) throws -> Void
  ) throws {
    let query = try statement(
      """
      SELECT kind, owner, text, id FROM lineage_1_name
      WHERE kind = ?1 AND position < ?2 ORDER BY id
      """)
    query.bind(1, kind.rawValue)
    query.bind(2, moment.below)
    defer { query.reset() }
    while try query.step() {
      guard let row = try row(query.integer(3), query) else { throw DatasetReader.damaged }
      try each(row)
    }
  }

  /// The datasets, jobs and models that something was said of by the time that is asked about; nil
  /// when any time counts.
  package func mentioned() throws -> Set<Int64>? {
    guard moment.time != nil else { return nil }
    var found: Set<Int64> = []
    for use in try uses() { found.insert(use.dataset) }
    for said in try declarations() { found.formUnion([said.job, said.dataset]) }
    for edge in try edges() { found.formUnion([edge.source, edge.target]) }
    for edge in try columnEdges() {
      found.formUnion([edge.dataset, try name(edge.source).owner, try name(edge.target).owner])
    }
    for alias in try aliases() { found.formUnion([alias.dataset, alias.other]) }
    for training in try trainings() { found.formUnion([training.model, training.dataset]) }
    try forEachEvent { found.formUnion([$0.job, $0.dataset].compactMap { $0 }) }
    for row in try parents() { if let job = try run(row.parent)?.job { found.insert(job) } }
    return found
  }

  // MARK: - Facts

  package func uses() throws -> [LineageUse] {
    var uses: [LineageUse] = []
    try forEach("run, is_write, dataset, version", "use") { row in
      uses.append(
        LineageUse(
          run: row.integer(0), isWrite: row.integer(1) != 0, dataset: row.integer(2),
          version: row.integer(3), position: row.integer(4), time: time(row, 5)))
    }
    return uses
  }

  package func declarations() throws -> [LineageDeclaration] {
    var found: [LineageDeclaration] = []
    try forEach("job, is_write, dataset", "declaration") { row in
      found.append(
        LineageDeclaration(
          job: row.integer(0), isWrite: row.integer(1) != 0, dataset: row.integer(2),
          position: row.integer(3), time: time(row, 4)))
    }
    return found
  }

  package func edges() throws -> [LineageStatedEdge] {
    var found: [LineageStatedEdge] = []
    try forEach("run, target, source", "edge") { row in
      found.append(
        LineageStatedEdge(
          run: row.integer(0), target: row.integer(1), source: row.integer(2),
          position: row.integer(3), time: time(row, 4)))
    }
    return found
  }

  package func columnEdges() throws -> [LineageColumnRow] {
    var found: [LineageColumnRow] = []
    try forEach("dataset, target, source, how", "column") { row in
      found.append(
        LineageColumnRow(
          dataset: row.integer(0), target: row.integer(1), source: row.integer(2),
          how: row.integer(3), position: row.integer(4), time: time(row, 5)))
    }
    return found
  }

  package func aliases() throws -> [LineageAlias] {
    var found: [LineageAlias] = []
    try forEach("dataset, other, is_rename", "alias") { row in
      found.append(
        LineageAlias(
          dataset: row.integer(0), other: row.integer(1), isRename: row.integer(2) != 0,
          position: row.integer(3), time: time(row, 4)))
    }
    return found
  }

  /// Which names mean the same dataset.
  package func identities() throws -> LineageIdentities {
    try LineageIdentities(try aliases()) { try name($0).name < name($1).name }
  }

  package func trainings() throws -> [LineageTraining] {
    var found: [LineageTraining] = []
    try forEach("model, version, run, dataset, dataset_version", "training") { row in
      found.append(
        LineageTraining(
          model: row.integer(0), version: row.integer(1), run: row.integer(2),
          dataset: row.integer(3), datasetVersion: row.integer(4), position: row.integer(5),
          time: time(row, 6)))
    }
    return found
  }

  func time(_ row: HotStatement, _ column: Int32) -> Int64? {
    row.isNull(column) ? nil : row.integer(column)
  }

  // MARK: - Runs

  /// The jobs of all runs, by the run's number; 0 where nobody named it.
  package func jobsOfRuns() throws -> [Int64] {
    let query = try statement("SELECT ifnull(max(id), 0) FROM lineage_1_run")
    defer { query.reset() }
    _ = try query.step()
    var jobs = [Int64](repeating: 0, count: Int(query.integer(0)) + 1)
    var times = [Int64](repeating: .min, count: jobs.count)
    try forEachEvent { event in
      guard event.run != 0, event.run < jobs.count, let job = event.job else { return }
      let run = Int(event.run)
      if try isBetter(job, event.time ?? .min, than: jobs[run], times[run]) {
        jobs[run] = job
        times[run] = event.time ?? .min
      }
    }
    for parent in try parents() where parent.parent < jobs.count {
      let run = Int(parent.parent)
      guard times[run] == .min, jobs[run] == 0 || isFromParents.contains(parent.parent) else {
        continue
      }
      isFromParents.insert(parent.parent)
      if try isBetter(parent.job, .min, than: jobs[run], .min) { jobs[run] = parent.job }
    }
    return jobs
  }

  /// Runs whose job only others named.
  private var isFromParents: Set<Int64> = []

  /// Of several jobs that claim one run, the one that was said last; of one time, by name, so that
  /// the order in which they came decides nothing.
  private func isBetter(
    _ job: Int64, _ time: Int64, than known: Int64, _ knownTime: Int64
  ) throws -> Bool {
    if known == 0 || time > knownTime { return true }
    guard time == knownTime, job != known else { return false }
    return try name(job).name < name(known).name
  }

  /// What a run is a run of: as its own events say, else as others do that it started.
  private func job(ofRun run: Int64) throws -> Int64? {
    var found: (job: Int64, time: Int64) = (0, .min)
    for event in try events(of: run) {
      guard let job = event.job else { continue }
      let time = event.time ?? .min
      if try isBetter(job, time, than: found.job, found.time) { found = (job, time) }
    }
    if found.job == 0 {
      try forEach("job", "parent", "parent = ?3", [run]) { row in
        if try isBetter(row.integer(0), .min, than: found.job, .min) {
          found.job = row.integer(0)
        }
      }
    }
    return found.job == 0 ? nil : found.job
  }

  package func run(_ id: Int64) throws -> LineageRunRow? {
    try runs("id = ?1") { $0.bind(1, id) }.first
  }

  package func run(_ id: EventID) throws -> LineageRunRow? {
    try runs("run = ?1") { $0.bind(1, id) }.first
  }

  /// The UUIDs of runs.
  ///
  /// Cost: a pass over all runs, whatever the number of those that are asked for.
  package func uuids(ofRuns ids: Set<Int64>) throws -> Set<EventID> {
    let query = try statement("SELECT id, run FROM lineage_1_run")
    defer { query.reset() }
    var found: Set<EventID> = []
    while try query.step() {
      if ids.contains(query.integer(0)) { found.insert(try query.value(1)) }
    }
    return found
  }

  /// Runs whose UUID begins or ends with these hexadecimal digits; two are enough to say that it is
  /// not clear.
  package func runs(withDigits digits: String) throws -> [LineageRunRow] {
    let count = digits.utf8.count
    return try runs(
      "(substr(lower(hex(run)), 1, \(count)) = ?1 OR substr(lower(hex(run)), -\(count)) = ?1) LIMIT 20"
    ) { $0.bind(1, digits) }
  }

  package func runs(ofJob job: Int64) throws -> [LineageRunRow] {
    var ids: Set<Int64> = []
    try forEach("run", "event", "job = ?3 AND run != 0", [job]) { row in
      ids.insert(row.integer(0))
    }
    return try ids.sorted().compactMap { try run($0) }.filter { $0.job == job }
  }

  private func runs(
    _ condition: String, _ bind: (HotStatement) -> Void
  ) throws -> [LineageRunRow] {
    let query = try statement(
      "SELECT id, run FROM lineage_1_run WHERE position < ?2 AND \(condition)")
    bind(query)
    query.bind(2, moment.below)
    var found: [(id: Int64, uuid: EventID)] = []
    do {
      defer { query.reset() }
      while try query.step() { found.append((query.integer(0), try query.value(1))) }
    }
    return try found.map {
      LineageRunRow(id: $0.id, uuid: $0.uuid, job: try job(ofRun: $0.id))
    }
  }

  /// What was reported of a run, or of no run (0), in the order of the ledger.
  package func events(of run: Int64) throws -> [LineageEventRow] {
    var found: [LineageEventRow] = []
    try forEach("run, job, dataset, type", "event", "run = ?3", [run]) { row in
      found.append(event(row))
    }
    return found
  }

  /// What was reported of all runs, those of one next to each other.
  package func forEachEvent(_ each: (LineageEventRow) throws -> Void) throws {
    try forEach("run, job, dataset, type", "event") { row in try each(event(row)) }
  }

  private func event(_ row: HotStatement) -> LineageEventRow {
    LineageEventRow(
      run: row.integer(0), job: row.isNull(1) ? nil : row.integer(1),
      dataset: row.isNull(2) ? nil : row.integer(2),
      type: LineageEventCode.type(of: row.integer(3)), position: row.integer(4),
      time: time(row, 5))
  }

  package func parents() throws -> [LineageParentRow] {
    var found: [LineageParentRow] = []
    try forEach("run, parent, is_root, job", "parent") { row in
      found.append(
        LineageParentRow(
          run: row.integer(0), parent: row.integer(1), isRoot: row.integer(2) != 0,
          job: row.integer(3)))
    }
    return found
  }

  // MARK: - Facets

  /// The newest word on a facet of a dataset under all its names, or of a job; nil when it was taken
  /// back, or is not as it should be.
  ///
  /// Newest by the events' own times; of equal ones, and where no zone is said, by position, which
  /// only decides what is shown.
  package func newest(_ name: String, of about: [Int64]) throws -> LineageFacetRow? {
    guard let facet = try ids(of: .facet, named: name).first else { return nil }
    var newest: LineageFacetRow?
    for about in about {
      try forEach("state", "facet", "about = ?3 AND facet = ?4", [about, facet]) { row in
        let found = LineageFacetRow(
          about: about, state: LineageFacetState(rawValue: row.integer(0)) ?? .faulty,
          position: row.integer(1), time: time(row, 2))
        if let newest, newest.isNewer(than: found) { return }
        newest = found
      }
    }
    return newest.flatMap { $0.state == .said ? $0 : nil }
  }

  /// The positions of the newest events that say a facet of each dataset or job; none where they
  /// took it back.
  ///
  /// Newest by the events' own times. Of events of one time, or without any, none is the newer one
  /// in whatever order they came: what each of them says holds.
  package func newest(facet name: String) throws -> [Int64: Set<Int64>] {
    guard let facet = try ids(of: .facet, named: name).first else { return [:] }
    var newest: [Int64: (time: Int64, positions: Set<Int64>)] = [:]
    try forEach("about, state", "facet", "facet = ?3", [facet]) { row in
      guard let state = LineageFacetState(rawValue: row.integer(1)), state != .faulty else {
        return
      }
      let (about, time) = (row.integer(0), time(row, 3) ?? .min)
      var word = newest[about] ?? (time, [])
      if time < word.time { return }
      if time > word.time { word = (time, []) }
      if state == .said { word.positions.insert(row.integer(2)) }
      newest[about] = word
    }
    return newest.mapValues(\.positions)
  }
}
