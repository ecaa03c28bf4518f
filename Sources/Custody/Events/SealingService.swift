import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation
import Synchronization

/// Turns new events into sealed ones: names checked, people looked up, contents sealed.
///
/// Runs before any lock, on all cores when there are many.
package final class SealingService: Sendable {
  /// Batches from this size are sealed on several cores.
  private static let parallelCountMin = 128

  private let folder: StoreFolder
  private let actor: Name
  private let idle = Mutex<[Worker]>([])

  /// What one thread needs to seal; used by one thread at a time.
  private final class Worker: @unchecked Sendable {
    let sealer = ContentSealer()
    /// That of the keyring when the sealer's ciphers were made.
    var generation = 0
    var names: [String: Name] = [:]
    /// The last stream and type: neighbors mostly share them.
    var lastStream: Name?
    var lastType: Name?
  }

  init(folder: StoreFolder, actor: Name) {
    self.folder = folder
    self.actor = actor
  }

  /// - Parameter isOwn: whether Custody itself chose the names: then somebody's identifier may be
  ///   among their words.
  /// - Throws: the error of the first event that cannot be taken.
  package func seal(_ events: [NewEvent], isOwn: Bool = false) throws -> [PendingEvent] {
    let seals = try resolve(events, isOwn: isOwn)
    let random = folder.environment.random(events.count * Chance.byteCount)
    let now = folder.environment.now()
    guard events.count >= Self.parallelCountMin else {
      return try withWorker { worker in
        try events.indices.map {
          try seal(events[$0], seals[$0], Chance(random, $0), now, worker)
        }
      }
    }
    return try Parallel.map(events.count) { range in
      try withWorker { worker in
        try range.map { try seal(events[$0], seals[$0], Chance(random, $0), now, worker) }
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
        let bytes = UnsafeRawBufferPointer(
          rebasing: random[index * Self.byteCount..<(index + 1) * Self.byteCount])
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
    _ event: NewEvent, _ keys: EventKeys, _ chance: Chance, _ now: Timestamp, _ worker: Worker
  ) throws -> PendingEvent {
    try checkItself(event)
    if worker.lastStream?.text != event.stream {
      worker.lastStream = try name(event.stream, "stream", worker)
    }
    if worker.lastType?.text != event.type {
      worker.lastType = try name(event.type, "type", worker)
    }
    return try event.content.withUnsafeBytes { content in
      let stored = ContentSealer.Stored(content, compressing: true)
      let claim = try Claim(
        flags: stored.isCompressed ? [.compressed] : [], ledgerID: folder.ledgerID,
        eventID: event.id ?? EventID(at: now, random: chance.id),
        correlationID: Self.given(event.correlationID), causationID: Self.given(event.causationID),
        occurredAt: event.occurredAt ?? now, stream: worker.lastStream!,
        type: worker.lastType!, typeVersion: event.typeVersion,
        actor: try event.actor.map { try name($0, "actor", worker) } ?? actor, keyIDs: keys.ids,
        nonce: chance.nonce)
      let claimBytes = claim.bytes
      let (seal, body) = worker.sealer.seal(
        content, stored: stored, claim: claim, claimBytes: claimBytes,
        keys: keys.secrets, salt: chance.salt)
      return PendingEvent(
        claim: claim, claimBytes: claimBytes, seal: seal, body: body, content: event.content,
        expected: event.expectedRevision, isIDGiven: event.id != nil,
        isOccurredAtGiven: event.occurredAt != nil)
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

  /// The keys that seal one event, in the order of their ids.
  private struct EventKeys {
    let ids: [KeyID]
    let secrets: [SecretBytes]
  }

  /// The keys that seal each event. Also checks names: no identifier in them.
  private func resolve(_ events: [NewEvent], isOwn: Bool) throws -> [EventKeys] {
    let keyring = try writableKeyring
    var known = Known()
    var keys: [Request: EventKeys] = [:]
    var last: (request: Request, keys: EventKeys)?
    return try events.map { event in
      if !isOwn { try checkNames(event, keyring, &known) }
      if let key = event.runKey { return try sealingKeys([key]) }
      let request = Request(subjects: event.subjects, dataClass: event.dataClass)
      if let last, last.request == request { return last.keys }
      let found = try keys[request] ?? sealingKeys(try keyIDs(request, keyring))
      keys[request] = found
      last = (request, found)
      return found
    }
  }

  private func sealingKeys(_ ids: [KeyID]) throws -> EventKeys {
    EventKeys(
      ids: ids,
      secrets: try ids.map { id in
        guard let key = try folder.dataKeys(id) else {
          throw CustodyError(
            .keyDestroyed, "Key \(id) is gone: nothing is written under it any more.")
        }
        return key
      })
  }

  /// What was found out about one input: events repeat their names and people.
  struct Known {
    /// Streams, types and actors that hold no identifier.
    fileprivate(set) var names: Set<String> = []
    /// Types, which are also checked not to be Custody's own.
    fileprivate var types: Set<String> = []
    fileprivate var requests: Set<Request> = []
    fileprivate var last = (
      stream: "", type: "", actor: "", request: Request(subjects: [], dataClass: "")
    )
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
  func validate(_ event: NewEvent, ignoringUnknown: Bool, _ known: inout Known) throws {
    let keyring = try writableKeyring
    try checkItself(event)
    try checkNames(event, keyring, &known)
    let request = Request(subjects: event.subjects, dataClass: event.dataClass)
    guard request != known.last.request, !known.requests.contains(request) else { return }
    do {
      _ = try keyIDs(request, keyring)
    } catch let error as CustodyError where error.code == .unknownSubject && ignoringUnknown {
      // She is going to be registered; a key id cannot be, and there is a limit to how many.
      for case .key(let id) in event.subjects { _ = try keyring.key(of: .key(id), event.dataClass) }
      try Self.checkCount(Set(event.subjects).count)
    }
    known.requests.insert(request)
    known.last.request = request
  }

  private static let derivedIDInfo = Array("custody/derived-event-id/v1".utf8)

  /// See ``Store/derivedID(for:line:count:)``.
  func derivedID(for event: NewEvent, line: [UInt8], count: Int) throws -> EventID {
    let keys = try sealingKeys(
      try keyIDs(
        Request(subjects: event.subjects, dataClass: event.dataClass), writableKeyring)
    ).secrets
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

  /// All zero means none, as in the ledger.
  private static func given(_ id: EventID?) -> EventID? { id?.isZero == true ? nil : id }

  /// What can be said without looking anywhere else.
  private func checkItself(_ event: NewEvent) throws {
    guard event.id?.isZero != true else {
      throw CustodyError(.invalidInput, "An event id cannot be zero. Give another, or none.")
    }
    guard event.content.count <= Limits.contentSizeMax else {
      throw CustodyError(
        .contentTooLarge,
        "The content has \(event.content.count) bytes; the most is \(Limits.contentSizeMax). "
          + "Put large data into a dataset and its digest into the event.")
    }
  }

  fileprivate struct Request: Hashable {
    let subjects: [Subject]
    let dataClass: String
  }

  private func keyIDs(_ request: Request, _ keyring: Keyring) throws -> [KeyID] {
    guard !request.subjects.isEmpty else { return [try keyring.operationsKey()] }
    let ids = try Set(request.subjects.map { try keyring.key(of: $0, request.dataClass) })
    try Self.checkCount(ids.count)
    return ids.sorted()
  }

  private static func checkCount(_ count: Int) throws {
    guard count <= Claim.keyCountMax else {
      throw CustodyError(
        .invalidInput,
        "An event can be about at most \(Claim.keyCountMax) people, this one is about \(count). "
          + "Append one event for each group of them.")
    }
  }

  private func checkNames(_ event: NewEvent, _ keyring: Keyring, _ known: inout Known) throws {
    if !Self.areSame(event.stream, known.last.stream) {
      try check(event.stream, "stream", keyring, &known)
      known.last.stream = event.stream
    }
    if !Self.areSame(event.type, known.last.type) {
      try check(event.type, "type", keyring, &known)
      known.last.type = event.type
    }
    let actor = event.actor ?? actor.text
    if !Self.areSame(actor, known.last.actor) {
      try check(actor, "actor", keyring, &known)
      known.last.actor = actor
    }
    // What stands there is believed: a wrong word in it would stop every dataset.
    let reserved = [
      (DatasetProjection.streamPrefix, "dataset"), (RunProjection.streamPrefix, "run"),
      (LineageProjection.streamPrefix, "lineage"), (LineageProjection.modelStreamPrefix, "model"),
      (ErasureRequested.streamPrefix, "subject"), (SubjectRegistered.streamPrefix, "subject"),
      (HoldPlaced.streamPrefix, "hold"), (RestrictionPlaced.streamPrefix, "restriction"),
    ].first { event.stream.hasPrefix($0.0) }
    if event.stream == SystemEvent.stream || reserved != nil {
      throw CustodyError(
        .invalidInput,
        reserved.map {
          "Streams that begin with \($0.0) are Custody's own: see custody \($0.1) --help."
        } ?? "The stream \(SystemEvent.stream) is Custody's own.")
    }
  }

  /// Swift takes canonically equivalent strings as equal; only one of them is a name.
  private static func areSame(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count && left == right
  }

  /// Refuses whoever acts under a name that holds a registered identifier.
  func checkActor() throws {
    if try writableKeyring.holdsIdentifier(actor.text) { throw Self.holdsIdentifier("actor") }
  }

  /// Refuses to register people whose identifiers stand in the name of whoever acts.
  func checkActor(against identifiers: [String]) throws {
    guard NameParts.candidates(of: actor.text).isDisjoint(with: identifiers) else {
      throw Self.holdsIdentifier("actor")
    }
  }

  private static func holdsIdentifier(_ field: String) -> CustodyError {
    CustodyError(
      .nameHoldsIdentifier,
      "The \(field) contains the identifier of a registered subject. Names stay readable for "
        + "ever: use a number or a random id there.")
  }

  private func check(
    _ text: String, _ field: String, _ keyring: Keyring, _ known: inout Known
  ) throws {
    let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
    if isASCII, (field == "type" ? known.types : known.names).contains(text) { return }
    do { _ = try Name(text) } catch { throw CustodyError(error, field: field) }
    if field == "type", SystemEvent.isReserved(type: Array(text.utf8)) {
      throw CustodyError(
        .invalidInput, "Types ledger.*, key.* and checkpoint.timestamped are Custody's own.")
    }
    if try keyring.holdsIdentifier(text) { throw Self.holdsIdentifier(field) }
    known.names.insert(text)
    if field == "type" { known.types.insert(text) }
  }

  // MARK: - Threads

  private func withWorker<R>(_ body: (Worker) throws -> R) rethrows -> R {
    let worker = idle.withLock { $0.popLast() } ?? Worker()
    defer { idle.withLock { $0.append(worker) } }
    let generation = folder.keyring?.generation ?? 0
    if worker.generation != generation {
      worker.generation = generation
      worker.sealer.forgetKeys()
    }
    return try body(worker)
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
        "There is no subject \(id) with a key for class \(dataClass), or she was erased. An "
          + "identifier that looks like a key id is written identifier:\(id).")
    }
  }
}
