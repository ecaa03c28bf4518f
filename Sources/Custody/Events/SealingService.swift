import CustodyModel
import CustodyStore
import Foundation
import Synchronization

/// Turns new events into sealed ones: names checked, people looked up, contents sealed.
///
/// Runs before any lock, on all cores when there are many.
final class SealingService: Sendable {
  /// Batches from this size are sealed on several cores.
  private static let parallelCountMin = 128

  private let folder: StoreFolder
  private let actor: Name
  private let idle = Mutex<[Worker]>([])

  /// What one thread needs to seal; used by one thread at a time.
  private final class Worker: @unchecked Sendable {
    let sealer = ContentSealer()
    var names: [String: Name] = [:]
  }

  init(folder: StoreFolder, actor: Name) {
    self.folder = folder
    self.actor = actor
  }

  /// - Throws: the error of the first event that cannot be taken.
  func seal(_ events: [NewEvent]) throws -> [PendingEvent] {
    let keyIDs = try resolve(events)
    let random = folder.environment.random(events.count * Chance.byteCount)
    let now = folder.environment.now()
    guard events.count >= Self.parallelCountMin else {
      return try withWorker { worker in
        try events.indices.map {
          try seal(events[$0], keyIDs[$0], Chance(random, $0), now, worker)
        }
      }
    }
    return try inParallel(events.count) { range in
      try withWorker { worker in
        try range.map { try seal(events[$0], keyIDs[$0], Chance(random, $0), now, worker) }
      }
    }
  }

  /// The random parts of one event.
  private struct Chance {
    static let byteCount = Nonce.byteCount + Digest.byteCount + 16
    let nonce: Nonce
    let salt: Digest
    let id: (UInt64, UInt64)

    init(_ random: [UInt8], _ index: Int) {
      (nonce, salt, id) = random.withUnsafeBytes { random in
        let bytes = UnsafeRawBufferPointer(rebasing: random[index * Self.byteCount..<(index + 1) * Self.byteCount])
        return (
          Nonce(loading: UnsafeRawBufferPointer(rebasing: bytes[..<24])),
          Digest(loading: UnsafeRawBufferPointer(rebasing: bytes[24..<56])),
          (
            bytes.loadUnaligned(fromByteOffset: 56, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: 64, as: UInt64.self)
          )
        )
      }
    }
  }

  private func seal(
    _ event: NewEvent, _ keyIDs: [KeyID], _ chance: Chance, _ now: Timestamp, _ worker: Worker
  ) throws -> PendingEvent {
    try checkSize(event)
    let keys = try keyIDs.map { id in
      guard let key = try folder.dataKeys(id) else {
        throw CustodyError(.keyDestroyed, "Key \(id) is gone: nothing is written under it any more.")
      }
      return key
    }
    return try event.content.withUnsafeBytes { content in
      let stored = ContentSealer.Stored(content, compressing: true)
      let claim = try Claim(
        flags: stored.isCompressed ? [.compressed] : [], ledgerID: folder.ledgerID,
        eventID: event.id ?? EventID(at: now, random: chance.id),
        correlationID: event.correlationID, causationID: event.causationID,
        occurredAt: event.occurredAt ?? now, stream: try name(event.stream, "stream", worker),
        type: try name(event.type, "type", worker), typeVersion: event.typeVersion,
        actor: try event.actor.map { try name($0, "actor", worker) } ?? actor, keyIDs: keyIDs,
        nonce: chance.nonce)
      let claimBytes = claim.bytes
      let (seal, body) = worker.sealer.seal(
        content, stored: stored, claim: claim, claimBytes: claimBytes, keys: keys,
        salt: chance.salt)
      return PendingEvent(
        claim: claim, claimBytes: claimBytes, seal: seal, body: body, content: event.content,
        expected: event.expectedRevision, isOccurredAtGiven: event.occurredAt != nil)
    }
  }

  private func name(_ text: String, _ field: String, _ worker: Worker) throws -> Name {
    if let known = worker.names[text] { return known }
    let name: Name
    do { name = try Name(text) } catch { throw CustodyError(error, field: field) }
    if worker.names.count >= 4096 { worker.names.removeAll(keepingCapacity: true) }
    worker.names[text] = name
    return name
  }

  // MARK: - Whom events are about

  /// The ids of the keys that seal each event, ascending. Also checks names: no identifier in them.
  private func resolve(_ events: [NewEvent]) throws -> [[KeyID]] {
    let keyring = try writableKeyring
    var known: [Request: [KeyID]] = [:]
    var checked: Set<String> = []
    return try events.map { event in
      try checkNames(event, keyring, &checked)
      let request = Request(subjects: event.subjects, dataClass: event.dataClass)
      if let ids = known[request] { return ids }
      let ids = try keyIDs(request, keyring)
      known[request] = ids
      return ids
    }
  }

  private var writableKeyring: Keyring {
    get throws {
      guard let keyring = folder.keyring else {
        throw CustodyError(.usage, "Appending needs the store opened for writing.")
      }
      return keyring
    }
  }

  /// Checks one event without sealing it: its names, its subjects, its size.
  ///
  /// - Parameter ignoringUnknown: subjects that are not registered are going to be.
  func validate(
    _ event: NewEvent, ignoringUnknown: Bool, _ checked: inout Set<String>
  ) throws {
    let keyring = try writableKeyring
    try checkSize(event)
    for (text, field) in [(event.stream, "stream"), (event.type, "type")]
    where !checked.contains(text) {
      do { _ = try Name(text) } catch { throw CustodyError(error, field: field) }
    }
    try checkNames(event, keyring, &checked)
    do {
      _ = try keyIDs(Request(subjects: event.subjects, dataClass: event.dataClass), keyring)
    } catch let error as CustodyError where error.code == .unknownSubject && ignoringUnknown {
      return
    }
  }

  private static let derivedIDInfo = Array("custody/derived-event-id/v1".utf8)

  /// See ``Store/derivedID(for:line:count:)``.
  func derivedID(for event: NewEvent, line: [UInt8], count: Int) throws -> EventID {
    let ids = try keyIDs(
      Request(subjects: event.subjects, dataClass: event.dataClass), writableKeyring)
    let keys = try ids.map { id in
      guard let key = try folder.dataKeys(id) else {
        throw CustodyError(.keyDestroyed, "Key \(id) is gone: nothing is written under it any more.")
      }
      return key
    }
    let base = keys.count == 1 ? keys[0] : JointKey.derive(keys)
    let key = try base.withUnsafeBytes {
      try KeyDerivation.hkdf($0, salt: [], info: Self.derivedIDInfo, count: 32)
    }
    var writer = ByteWriter()
    writer.writeString(event.stream)
    writer.writeString(event.type)
    writer.write(UInt64(line.count))
    writer.write(line)
    writer.write(UInt64(count))
    return writer.bytes.withUnsafeBytes {
      EventID(derivedFrom: KeyDerivation.hmac(key: key, $0))
    }
  }

  private func checkSize(_ event: NewEvent) throws {
    guard event.content.count <= Limits.contentSizeMax else {
      throw CustodyError(
        .contentTooLarge,
        "The content has \(event.content.count) bytes; the most is \(Limits.contentSizeMax). "
          + "Put large data into a dataset and its digest into the event.")
    }
  }

  private struct Request: Hashable {
    let subjects: [Subject]
    let dataClass: String
  }

  private func keyIDs(_ request: Request, _ keyring: Keyring) throws -> [KeyID] {
    guard !request.subjects.isEmpty else { return [try keyring.operationsKey()] }
    let ids = try Set(request.subjects.map { try keyring.key(of: $0, request.dataClass) })
    guard ids.count <= Claim.keyCountMax else {
      throw CustodyError(
        .invalidInput,
        "An event can be about at most \(Claim.keyCountMax) people, this one is about \(ids.count). "
          + "Append one event for each group of them.")
    }
    return ids.sorted()
  }

  private func checkNames(
    _ event: NewEvent, _ keyring: Keyring, _ checked: inout Set<String>
  ) throws {
    try check(event.stream, "stream", keyring, &checked)
    try check(event.type, "type", keyring, &checked)
    if let actor = event.actor { try check(actor, "actor", keyring, &checked) }
    if SystemEvent.isReserved(type: Array(event.type.utf8)) {
      throw CustodyError(
        .invalidInput, "Types ledger.*, key.* and checkpoint.timestamped are Custody's own.")
    }
    if event.stream == SystemEvent.stream {
      throw CustodyError(.invalidInput, "The stream \(SystemEvent.stream) is Custody's own.")
    }
  }

  private func check(
    _ name: String, _ field: String, _ keyring: Keyring, _ checked: inout Set<String>
  ) throws {
    guard checked.insert(name).inserted else { return }
    if try keyring.holdsIdentifier(name) {
      throw CustodyError(
        .nameHoldsIdentifier,
        "The \(field) contains the identifier of a registered subject. Names stay readable for "
          + "ever: use a number or a random id there.")
    }
  }

  // MARK: - Threads

  private func withWorker<R>(_ body: (Worker) throws -> R) rethrows -> R {
    let worker = idle.withLock { $0.popLast() } ?? Worker()
    defer { idle.withLock { $0.append(worker) } }
    return try body(worker)
  }

  /// Runs `body` over ranges of `count` on all cores; results in order.
  private func inParallel(
    _ count: Int, _ body: @Sendable (Range<Int>) throws -> [PendingEvent]
  ) throws -> [PendingEvent] {
    let parts = ProcessInfo.processInfo.activeProcessorCount
    let size = (count + parts - 1) / parts
    let results = Mutex<[Int: Result<[PendingEvent], any Error>]>([:])
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      let range = min(part * size, count)..<min((part + 1) * size, count)
      let result = Result { try body(range) }
      results.withLock { $0[part] = result }
    }
    return try results.withLock { results in
      try (0..<parts).flatMap { try results[$0]!.get() }
    }
  }
}

extension Keyring {
  /// The key of a person for a class of data.
  ///
  /// - Throws: `unknownSubject`; the message never holds the identifier.
  func key(of subject: Subject, _ dataClass: String) throws -> KeyID {
    switch subject {
    case .identifier(let identifier):
      if let id = try subjectKey(identifier, dataClass: dataClass) { return id }
      throw CustodyError(
        .unknownSubject,
        "A subject is not registered for class \(dataClass). Register her with `custody subject "
          + "add`, or pass --register to make unknown subjects.")
    case .key(let id):
      if let key = try subjectKeys(of: id).first(where: { $0.dataClass == dataClass }) {
        return key.keyID
      }
      throw CustodyError(
        .unknownSubject,
        "There is no subject \(id) with a key for class \(dataClass), or she was erased.")
    }
  }
}
