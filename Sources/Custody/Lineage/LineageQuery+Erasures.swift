import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// What was erased of versions of Custody's own datasets.
extension LineageQuery {
  /// What an event says that destroyed keys.
  struct Destruction {
    let time: Timestamp
    let reason: String
    let request: Position?
  }

  /// What was erased of a version by the moment, in the order of the ledger.
  func erasures(of dataset: String, _ number: Int) throws -> [LineagePicture.Erasure] {
    try erasures(of: dataset) {
      $0.since <= number && $0.until.map { number < $0 } ?? true
    }
  }

  /// What erased one record as it is since a version.
  func erasures(
    ofRecord ordinal: Int, since version: Int, of dataset: String
  ) throws -> [LineagePicture.Erasure] {
    try erasures(of: dataset) { $0.ordinal == ordinal && $0.since == version }
  }

  private func erasures(
    of dataset: String, where isMeant: (DatasetReader.Life) -> Bool
  ) throws -> [LineagePicture.Erasure] {
    let counts = try lives(of: dataset).reduce(into: [Position: Int]()) { counts, erased in
      if isMeant(erased.life) { counts[erased.destroyed, default: 0] += 1 }
    }
    return try counts.sorted { $0.key < $1.key }.compactMap { position, count in
      try destruction(at: position).map {
        LineagePicture.Erasure(
          position: position, time: $0.time, reason: $0.reason, request: $0.request,
          records: count)
      }
    }
  }

  private func lives(
    of dataset: String
  ) throws -> [(destroyed: Position, life: DatasetReader.Life)] {
    if let known = erasedLives[dataset] { return known }
    let found =
      try ownDatasets()[dataset].map { row in
        try store.engine.readUncaught { try DatasetReader($0).erasedLives(of: row.id) }
      } ?? []
    erasedLives[dataset] = found
    return found
  }

  /// What is said at a position of keys that were destroyed; nil when that was not known or not so at
  /// the moment.
  private func destruction(at position: Position) throws -> Destruction? {
    if let known = destructions[position] { return known }
    var found: Destruction?
    if Int64(position.value) < reader.moment.below, let event = try store.event(at: position),
      let body = event.body,
      case .keyDestroyed(let said) = SystemEvent(
        type: event.header.claim.type.text.utf8, version: event.header.claim.typeVersion,
        content: body, at: position)
    {
      let time = event.header.place.recordedAt
      if reader.moment.time.map({ time.microseconds <= $0 }) ?? true {
        found = Destruction(time: time, reason: said.reason.rawValue, request: said.request)
      }
    }
    destructions[position] = .some(found)
    return found
  }

  /// Says of a version what was erased of it.
  func addErasures(
    to node: inout LineagePicture.Node, _ dataset: Int64, _ version: Int64
  ) throws {
    guard let own = try ownVersion(of: dataset, version) else { return }
    let erasures = try erasures(of: own.dataset, own.number)
    guard let first = erasures.first, let row = try ownDatasets()[own.dataset] else { return }
    let records = try store.engine.readUncaught {
      try DatasetReader($0).version(own.number, of: row.id)?.records
    }
    node.erasures = erasures
    node.invalidatedAt = first.time
    let count = erasures.reduce(0) { $0 + $1.records }
    node.state = records.map { count >= $0 } == true ? .erased : .partlyErased
  }
}
