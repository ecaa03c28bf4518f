import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

extension Consents {
  /// What runs that other tools reported in OpenLineage read of Custody's own datasets.
  ///
  /// - Parameter filter: by where and when the first event of a run was recorded.
  func reportedReadings(_ filter: EventFilter) throws -> [ConsentReading] {
    let range = try store.folder.read { try $0.range(of: filter) }
    let moment = LineageMoment(below: Int64(clamping: end))
    return try Lineage(store: store, moment: moment, momentText: "").query { query in
      try query.ownDatasetsRead().sorted { $0.key < $1.key }.flatMap { run, inputs in
        try readings(run, inputs, in: range, query)
      }
    }
  }

  private func readings(
    _ run: Int64, _ inputs: [String: Set<Int>], in range: Range<Int>, _ query: LineageQuery
  ) throws -> [ConsentReading] {
    guard let facts = try query.run(run), try !isOwnRun(facts.row.uuid),
      let first = try query.reader.events(of: run).map(\.position).min().map({ Int($0) }),
      range.contains(first), let event = try store.event(at: Position(first))
    else { return [] }
    // What says no zone orders nothing.
    let startedAt = facts.startedAt ?? event.header.place.recordedAt
    let job = try facts.row.job.map { try query.label(query.reader.name($0)) }
    let stated = try query.purposes(ofRun: run)
    let purposes: [String?] = stated.isEmpty ? [nil] : stated
    return try inputs.sorted { $0.key < $1.key }.flatMap { dataset, numbers in
      try versions(numbers, of: dataset, at: startedAt, query).flatMap { number in
        purposes.map { purpose in
          ConsentReading(
            kind: .reportedRun, run: facts.row.uuid, job: job, position: event.position,
            startedAt: startedAt, actor: nil, purpose: purpose,
            input: .version(dataset: dataset, number: number))
        }
      }
    }
  }

  /// What names no version read the newest one by then.
  private func versions(
    _ numbers: Set<Int>, of dataset: String, at time: Timestamp, _ query: LineageQuery
  ) throws -> [Int] {
    guard numbers.isEmpty else { return numbers.sorted() }
    let versions = try query.datasets.versions(of: dataset)
    return [versions.last { $0.recordedAt <= time } ?? versions.first].compactMap { $0?.number }
  }
}

extension LineageQuery {
  /// Of each run, which of Custody's own datasets it read, with the versions that it named.
  ///
  /// Cost: a pass over all uses.
  fileprivate func ownDatasetsRead() throws -> [Int64: [String: Set<Int>]] {
    let own = try ownDatasets()
    var names: [Int64: String?] = [:]
    var found: [Int64: [String: Set<Int>]] = [:]
    for use in try reader.uses() where use.run != 0 && !use.isWrite {
      let known = try names[use.dataset] ?? ownName(of: use.dataset)
      names[use.dataset] = .some(known)
      guard let name = known, own[name] != nil else { continue }
      var numbers = found[use.run]?[name] ?? []
      if use.version != 0, let number = Int(try reader.name(use.version).label.dropFirst()) {
        numbers.insert(number)
      }
      found[use.run, default: [:]][name] = numbers
    }
    return found
  }

  /// What one of Custody's own datasets is called, also where a report has another name for it.
  private func ownName(of dataset: Int64) throws -> String? {
    try graphIdentities().names(of: dataset).map { try reader.name($0).name }
      .first { $0.namespace == ownNamespace }?.name
  }

  /// The purposes that a run's events state: tags of the run, else of its job, with the key `purpose`.
  ///
  /// Their values stand in the originals alone; none where those are erased.
  fileprivate func purposes(ofRun run: Int64) throws -> [String] {
    let events = try reader.events(of: run).sorted {
      ($0.time ?? .min, $0.position) < ($1.time ?? .min, $1.position)
    }
    let ofRun = try purposes(in: events) { $0.run?.facets }
    return ofRun.isEmpty ? try purposes(in: events) { $0.job?.facets } : ofRun
  }

  private func purposes(
    in events: [LineageEventRow], _ facets: (OpenLineageEvent) -> OpenLineageFacets?
  ) throws -> [String] {
    // A later facet replaces the earlier one.
    let newest = try events.last {
      try event(at: $0.position).flatMap(facets)?[TagsFacet.self] != nil
    }
    let tags = try newest.flatMap { try original(ofRecordedAt: $0.position) }
      .flatMap { facets($0.event)?[TagsFacet.self]?.tags }
    return Set((tags ?? []).filter { $0.key == "purpose" }.map(\.value)).sorted()
  }
}
