import Custody
import CustodyStore
import CustodyTesting
import Foundation

/// A store with what two people have alone, and what they have together: events, and two versions of a
/// dataset that a run read.
struct HoldPlace {
  static let one = Subject.identifier("patient-0017")
  static let other = Subject.identifier("patient-0018")
  static let review = Timestamp("2099-01-31")!

  let temporary: TemporaryStore

  init() async throws {
    temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.subjects.register(["patient-0017", "patient-0018"])
    for (people, word) in [
      ([Self.one], "alone"), ([Self.other], "by herself"), ([Self.one, Self.other], "together"),
    ] {
      try await store.append(
        NewEvent(
          stream: "notes", type: "note.made", subjects: people, content: Array(word.utf8)))
    }
    try await store.datasets.create("calls", kind: .lines, key: "id", subject: "json:who")
    for version in ["first", "second"] {
      try await commit(
        store,
        """
        {"id":"a","who":["patient-0017"],"said":"alone, \(version)"}
        {"id":"b","who":["patient-0018"],"said":"by herself, \(version)"}
        {"id":"c","who":["patient-0017","patient-0018"],"said":"together, \(version)"}

        """)
    }
    var step = RunStep(job: "count", command: ["sh", "-c", "wc -l < {in:calls} > {out:counts}"])
    (step.inputs, step.outputs) = ([.init("calls")], [.init("counts")])
    step.subject = "none"
    _ = try await store.runs.run(step, appendEvents: { _, _ in 0 })
    try await store.close()
  }

  init(copying place: HoldPlace) throws { temporary = try place.temporary.copied() }

  func commit(_ store: Store, _ text: String) async throws {
    let file = "\(temporary.folder)/calls.jsonl"
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    try await store.datasets.commit("calls", file)
  }

  func open(_ access: Store.Access = .writing) throws -> Store { try temporary.open(for: access) }

  /// The contents of the notes that open.
  func notes(_ store: Store) async throws -> [String] {
    var found: [String] = []
    for try await event in store.events(EventFilter(stream: "notes")) {
      if let content = try store.content(of: event) {
        found.append(String(decoding: content, as: UTF8.self))
      }
    }
    return found
  }

  /// The ids of the records of a version that open.
  func records(
    _ store: Store, _ version: String, on ground: RestrictionGround? = nil
  ) async throws -> String {
    let target = "\(temporary.folder)/restored-\(UUID().uuidString).jsonl"
    try await store.datasets.restore("calls", version, to: target, on: ground)
    let text = try String(contentsOfFile: target, encoding: .utf8)
    return text.matches(of: /"id":"(.)"/).map { String($0.1) }.joined()
  }

  /// The ledger as it is now, to put it back later.
  func ledger() throws -> Data { try SmallStore.bytes(temporary.ledgerFile) }

  func putBack(_ ledger: Data) throws {
    for suffix in ["-wal", "-shm"] { unlink(temporary.ledgerFile + suffix) }
    try ledger.write(to: URL(fileURLWithPath: temporary.ledgerFile))
  }

  func recover() async throws {
    let recovery = try Recovery(at: temporary.path, actor: "uid:1") { throw Passphrase.missing }
    try await recovery.run(try recovery.plan()).close()
  }

  func hold(_ store: Store, _ people: [Subject], _ matter: String = "M-1") async throws {
    try await store.holds.place(
      matter, on: people, reason: .litigation, approver: "counsel", review: Self.review)
  }

  func erase(_ store: Store, _ people: [Subject]) async throws -> ErasureResult {
    try await store.erasures.run(try store.erasures.plan(people, reason: .request))
  }
}
