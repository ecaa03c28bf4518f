import CustodyModel
import CustodyProjections
import CustodyStore

/// Takes events of OpenLineage into the ledger: of each the original, sealed under a key of its run,
/// and what the graph needs of it, sealed under the operations key.
///
/// An event that stands in the ledger already is not appended again: its id follows from its bytes.
package final class LineageImport {
  /// An event in its file.
  package struct Part: Sendable {
    /// Where it stands, for messages.
    package let location: CustodyError.Location
    /// In an array, its index: paths in messages begin there.
    package let element: Int?
    package let bytes: ArraySlice<UInt8>
    /// Why there is none.
    package let fault: OpenLineageFault?

    package init(
      location: CustodyError.Location, element: Int? = nil, bytes: ArraySlice<UInt8>,
      fault: OpenLineageFault? = nil
    ) {
      self.location = location
      self.element = element
      self.bytes = bytes
      self.fault = fault
    }

    /// In the words of the whole file.
    package func error(_ fault: OpenLineageFault) -> CustodyError {
      CustodyError(.invalidInput, "\(path(fault.path)): \(fault.rule).", at: location)
    }

    package func path(_ path: String) -> String {
      element.map { "$[\($0)]\(path.dropFirst())" } ?? path
    }
  }

  /// What is not as the specification asks, and was taken all the same.
  package struct Remark: Sendable {
    package let location: CustodyError.Location
    package let path: String
    package let rule: String
    /// Whether a facet is not used for it.
    package let isFault: Bool
  }

  /// What was done so far.
  package struct Summary: Sendable {
    package var imported = 0
    package var repeats = 0
    package var refused = 0
    package var warnings = 0
    package var faults = 0
    /// How many events have each facet that the specification does not have.
    package var unknownFacets: [String: Int] = [:]
    package var first: Position?
    package var last: Position?
  }

  package private(set) var summary = Summary()
  private let store: Store
  private let pipeline: AppendPipeline
  private let onRemark: (Remark) -> Void
  private var streams: [String: StreamKey] = [:]
  /// Ids that are on their way.
  private var under: Set<EventID> = []
  private static let streamCountMax = 1 << 16
  /// Events that are taken at a time; each becomes two.
  package static let batchSize = 4000

  private struct StreamKey {
    let id: KeyID
    let ids: RepeatedHMAC
    /// Whether the next event is the first of its stream.
    var isNew: Bool
  }

  package init(_ store: Store, onRemark: @escaping (Remark) -> Void) {
    self.store = store
    self.onRemark = onRemark
    pipeline = AppendPipeline(store: store, isOwn: true)
  }

  /// An event read, or why it cannot be.
  fileprivate enum Read: Sendable {
    case event(Prepared)
    case refused(CustodyError)
  }

  fileprivate struct Prepared: Sendable {
    let part: Part
    let original: [UInt8]
    let event: OpenLineageEvent
    /// The content of what is recorded, but for the id of the original.
    let said: [UInt8]
    let faults: [OpenLineageFault]
    let unknownFacets: [String]
  }

  private static func read(all parts: [Part]) -> [Read] {
    Parallel.map(parts.count) { range in
      range.map { index in
        let part = parts[index]
        if let fault = part.fault { return .refused(part.error(fault)) }
        do throws(OpenLineageFault) {
          let bytes = Array(part.bytes)
          let event = try OpenLineageEvent(reading: bytes)
          let (faults, unknown) = (event.faults, event.unknownFacets)
          let recorded = LineageRecorded(
            source: EventID(), event: event.masked, warnings: .init(event.warnings),
            faults: .init(faults), unknownFacets: .init(unknown))
          return .event(
            Prepared(
              part: part, original: bytes, event: event, said: recorded.said, faults: faults,
              unknownFacets: unknown))
        } catch {
          return .refused(part.error(error))
        }
      }
    }
  }

  /// Looks for events that cannot be taken, without appending any.
  package static func check(_ parts: [Part]) -> [CustodyError] {
    Parallel.map(parts.count) { range in
      range.compactMap { index in
        let part = parts[index]
        if let fault = part.fault { return part.error(fault) }
        do throws(OpenLineageFault) {
          _ = try OpenLineageEvent(reading: Array(part.bytes), facets: .ignored)
          return nil
        } catch {
          return part.error(error)
        }
      }
    }
  }

  /// Events that are read while the ones before are appended.
  package struct Reading: Sendable {
    fileprivate let task: Task<[Read], Never>
  }

  /// Begins to read events, at most ``batchSize``.
  package static func read(_ parts: [Part]) -> Reading {
    Reading(task: Task.detached { read(all: parts) })
  }

  /// Appends events.
  ///
  /// - Returns: those that cannot be taken; nothing of them is in the ledger.
  package func append(_ reading: Reading) async throws -> [CustodyError] {
    var refusals: [CustodyError] = []
    var events: [Prepared] = []
    for read in await reading.task.value {
      switch read {
      case .event(let event): events.append(event)
      case .refused(let error): refusals.append(error)
      }
    }
    summary.refused += refusals.count
    try await append(events)
    return refusals
  }

  /// Waits until everything is durable.
  package func finish() async throws { try await inWords { try await pipeline.finish(take) } }

  private func append(_ events: [Prepared]) async throws {
    let names = try store.lineageStreams(of: events.map(\.event))
    try await findKeys(names)
    var batch: [NewEvent] = []
    batch.reserveCapacity(2 * events.count)
    let ids = zip(events, names).map { Self.id(streams[$1]!, $0.original) }
    let known = try store.folder.read { reader in
      try Set(ids.filter { try reader.position(of: $0) != nil })
    }
    for ((event, stream), id) in zip(zip(events, names), ids) {
      guard !known.contains(id), under.insert(id).inserted else {
        summary.repeats += 1
        continue
      }
      batch += pair(event, stream, id)
      remark(event)
    }
    guard !batch.isEmpty else { return }
    try await inWords { try await pipeline.append(batch, take) }
  }

  /// Says of runs that somebody else began to import what can be done.
  private func inWords(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let error as CustodyError where error.code == .revisionConflict {
      throw CustodyError(
        .revisionConflict,
        "Somebody else imports events of the same runs at the same time. Import again when he is "
          + "done: what stands in the ledger already is not appended twice.", cause: error)
    }
  }

  private func pair(_ event: Prepared, _ stream: String, _ id: EventID) -> [NewEvent] {
    let key = streams[stream]!
    // A time without a zone is no time of ours.
    let time = event.event.time.hasZone ? event.event.time.timestamp : nil
    let run = event.event.run.map { EventID($0.id.bytes)! }
    var received = NewEvent(
      id: id, stream: stream, type: LineageReceived.type, typeVersion: LineageReceived.version,
      occurredAt: time, correlationID: run, content: event.original)
    received.runKey = key.id
    if key.isNew {
      // Somebody else may be importing the same run, under a key of his own.
      received.expectedRevision = .none
      streams[stream]!.isNew = false
    }
    // Its own id needs no derivation: the two are appended together or not at all.
    return [
      received,
      NewEvent(
        stream: stream,
        type: LineageRecorded.type, typeVersion: LineageRecorded.version, occurredAt: time,
        correlationID: run, causationID: id,
        content: LineageRecorded.content(source: id, event.said)),
    ]
  }

  private func remark(_ event: Prepared) {
    for (faults, isFault) in [(event.event.warnings, false), (event.faults, true)] {
      for fault in faults {
        onRemark(
          Remark(
            location: event.part.location, path: event.part.path(fault.path), rule: fault.rule,
            isFault: isFault))
      }
    }
    summary.warnings += event.event.warnings.count
    summary.faults += event.faults.count
    for facet in event.unknownFacets { summary.unknownFacets[facet, default: 0] += 1 }
  }

  private func take(_ receipts: [Receipt]) {
    summary.imported += receipts.count / 2
    if summary.first == nil { summary.first = receipts.first?.position }
    summary.last = receipts.last?.position ?? summary.last
    // What is durable is found in the ledger.
    if under.count > 1 << 18 { under.removeAll(keepingCapacity: true) }
  }

  /// The id of an original, the same each time.
  private static func id(_ key: StreamKey, _ original: [UInt8]) -> EventID {
    var type = LineageReceived.type
    return EventID(
      derivedFrom: type.withUTF8 { type in
        original.withUnsafeBytes { key.ids.code(UnsafeRawBufferPointer(type), $0) }
      })
  }

  // MARK: - Keys

  /// Finds the keys of streams, and makes those of new ones.
  private func findKeys(_ names: [String]) async throws {
    if streams.count > Self.streamCountMax {
      // What is not durable would not be found again.
      try await finish()
      streams.removeAll(keepingCapacity: true)
    }
    let wanted = Set(names).filter { streams[$0] == nil }.sorted()
    guard !wanted.isEmpty else { return }
    guard let keyring = store.folder.keyring else {
      throw CustodyError(.usage, "Importing needs the store opened for writing.")
    }
    let existing = try store.folder.read { reader in
      try wanted.map { try Self.existingKey($0, reader, store.ledgerID) }
    }
    let gone = Set(try keyring.missing(existing.compactMap { $0 }))
    var missing: [String] = []
    /// Streams whose key is gone: they go on under another.
    var begun: Set<String> = []
    for (stream, id) in zip(wanted, existing) {
      if id != nil { begun.insert(stream) }
      if let id, !gone.contains(id) {
        streams[stream] = try made(id, keyring, isNew: false)
      } else {
        missing.append(stream)
      }
    }
    guard !missing.isEmpty else { return }
    let count = missing.count
    let made = try await store.folder.ledger().locked { try keyring.makeRunKeys(count) }
    for (stream, id) in zip(missing, made) {
      streams[stream] = try self.made(id, keyring, isNew: !begun.contains(stream))
    }
  }

  /// The key that the newest original of a stream is sealed under.
  private static func existingKey(
    _ stream: String, _ reader: LedgerReader, _ ledgerID: LedgerID
  ) throws -> KeyID? {
    // Most streams are new.
    guard try reader.nameID(stream) != nil else { return nil }
    let newest = try reader.events(
      EventFilter(stream: stream, isReversed: true), ledgerID: ledgerID, limit: 2,
      bodies: .of([], sizeMax: 1))
    return newest.first { $0.header.claim.type.text == LineageReceived.type }?
      .header.claim.keyIDs.first
  }

  private static let idInfo = Array("custody/lineage-event-id/v1".utf8)

  private func made(_ id: KeyID, _ keyring: Keyring, isNew: Bool) throws -> StreamKey {
    guard let secret = try keyring.key(id) else {
      throw CustodyError(.keyDestroyed, "Key \(id) is gone: nothing is written under it any more.")
    }
    let key = try secret.withUnsafeBytes {
      try KeyDerivation.hkdf($0, salt: [], info: Self.idInfo, count: 32)
    }
    return StreamKey(id: id, ids: RepeatedHMAC(key: key), isNew: isNew)
  }
}

extension Store {
  /// The stream of each event: that of its run, or of the job or dataset that it describes.
  fileprivate func lineageStreams(of events: [OpenLineageEvent]) throws -> [String] {
    guard let keyring = folder.keyring else {
      throw CustodyError(.usage, "Importing needs the store opened for writing.")
    }
    var hash: LineageNameHash?
    return try events.map { event in
      if let run = event.run { return "\(LineageProjection.streamPrefix)\(run.id)" }
      let hashes =
        try hash ?? LineageNameHash(key: try keyring.derivedKey(for: "lineage-stream"))
      hash = hashes
      let id =
        if let job = event.job {
          hashes.whole(.job, 0, LineageNames.bytes(of: job.name))
        } else {
          hashes.whole(.dataset, 0, LineageNames.bytes(of: event.dataset!.name))
        }
      return "\(LineageProjection.streamPrefix)\(id)"
    }
  }
}
