import Custody
import CustodyStore
import Foundation

/// An exported ledger with a bit of everything in it, and what a test has to know about it.
package struct SampleLedger: Sendable {
  package let bytes: Data
  package let ledgerID: LedgerID
  package let verifierKey: VerifierKey
  /// What signed its checkpoints: in the hands of an owner who wants another past.
  package let signingKey: SigningKey
  /// Every data key that an event was sealed under.
  package let dataKeys: [KeyID: SecretBytes]
  /// The first key of each event that has one, by its position.
  package let keyIDs: [Int: KeyID]
  package let eventCount: Int
  /// Ascending; the last one covers every event.
  package let checkpoints: [Int]
  /// Positions of one event of each sort, among them the first and the last.
  package let positions: [Int]
  /// The newest anchor, the guard's word and the signer's, as an auditor may have kept them.
  package let anchor: String

  /// A sealed ledger of more than 256 events, so that the tree has a stored subtree.
  package static let shared = Task { try await SampleLedger() }

  private init() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    var sorts = try await Self.fill(store)
    try await store.append(
      (0..<240).map {
        NewEvent(stream: "many/\($0 % 3)", type: "number.seen", content: Array("\($0)".utf8))
      })
    sorts.append(try store.head().position.value)
    keyIDs = try Self.keyIDs(of: store)
    dataKeys = try keyIDs.values.reduce(into: [:]) { $0[$1] = try store.folder.dataKeys($1) }
    try await store.close()
    let copy = try await temporary.copyLedger()
    let key = try store.verifierKey
    let sizes = try RawDatabase(copy).rows("SELECT size FROM checkpoint ORDER BY size")
    bytes = try Data(contentsOf: URL(fileURLWithPath: copy))
    ledgerID = store.ledgerID
    verifierKey = key
    signingKey = try temporary.signingKey(of: store.ledgerID)
    eventCount = try store.head().size
    checkpoints = sizes.map { if case .integer(let size) = $0[0] { Int(size) } else { 0 } }
    positions = sorts
    anchor = try String(
      contentsOfFile: "\(temporary.path)/anchors/newest.note", encoding: .utf8)
  }

  private static func keyIDs(of store: Store) throws -> [Int: KeyID] {
    let events = try store.folder.read {
      try $0.events(EventFilter(), ledgerID: store.ledgerID, limit: .max)
    }
    return events.reduce(into: [:]) { $0[$1.position.value] = $1.header.claim.keyIDs.first }
  }

  /// Appends events of every sort, with checkpoints in between.
  ///
  /// - Returns: positions of one of each sort.
  package static func fill(_ store: Store) async throws -> [Int] {
    var sorts = [0, 3]
    func append(_ event: NewEvent, isSample: Bool = true) async throws {
      let receipt = try await store.append(event)
      if isSample { sorts.append(receipt.position.value) }
    }
    let people = ["patient-0017", "patient-0042", "patient-1984"]
    try await store.subjects.register(people)
    try await store.subjects.register(["patient-0017"], dataClass: "voiceprint")
    for index in 0..<12 {
      let subjects = (0...index % 3).map { Subject.identifier(people[($0 + index) % 3]) }
      try await append(
        NewEvent(
          stream: "conversation/\(index % 3)", type: "segment.transcribed",
          subjects: subjects, content: Array("what was said, part \(index)".utf8)),
        isSample: index == 3 || index == 5)
    }
    try await store.checkpoint()
    let text = String(repeating: "the same sentence again and again. ", count: 300)
    try await append(
      NewEvent(
        stream: "conversation/0", type: "transcript.cleaned", typeVersion: 2,
        occurredAt: Timestamp(microseconds: -1), subjects: [.identifier("patient-0017")],
        correlationID: EventID(uuid: "00000000-0000-4000-8000-000000000001"),
        causationID: EventID(uuid: "00000000-0000-4000-8000-000000000002"),
        actor: "pipeline:cleaner", content: Array(text.utf8)))
    _ = try await store.keys.rotate()
    sorts.append(try store.head().position.value)
    try await store.checkpoint()
    try await append(
      NewEvent(
        stream: "conversation/1", type: "emotion.scored",
        subjects: [.identifier("patient-0017")], dataClass: "voiceprint", content: []))
    return sorts
  }

  package var origin: Origin { Origin(verifierKey.name)! }

  /// Writes the ledger to `path`, over what is there.
  package func write(to path: String) throws {
    for suffix in ["-wal", "-shm", "-journal"] { unlink(path + suffix) }
    try bytes.write(to: URL(fileURLWithPath: path))
  }
}
