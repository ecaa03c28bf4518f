import Custody
import CustodyStore
import CustodyTesting
import Foundation

/// A store with a person, a dataset and backups of both kinds, and ways to lose parts of it.
struct RecoveryPlace {
  let temporary: TemporaryStore
  let identity: AgeIdentity

  static let person = "patient-0017"
  static let table = "id,name\n1,a\n2,b\n"

  init() async throws {
    temporary = try TemporaryStore()
    identity = try AgeIdentity(bytes: (1...32).map { $0 })
    let store = try await temporary.create()
    try await store.subjects.register([Self.person])
    try await store.append(Self.event(0))
    try Data(Self.table.utf8).write(to: URL(fileURLWithPath: "\(temporary.folder)/table.csv"))
    try await store.datasets.create("people", kind: .csv, key: "id", subject: "none")
    try await store.datasets.commit("people", "\(temporary.folder)/table.csv")
    try await store.close()
  }

  static func event(_ number: Int, of person: String = person) -> NewEvent {
    NewEvent(
      stream: "s", type: "a.b", subjects: [.identifier(person)], content: Array("\(number)".utf8))
  }

  /// Appends events and signs them.
  @discardableResult
  func append(_ count: Int = 1, of person: String = person) async throws -> Int {
    let store = try temporary.open()
    if try store.subjects.id(of: person) == nil { try await store.subjects.register([person]) }
    for number in 0..<count { try await store.append(Self.event(number, of: person)) }
    try await store.close()
    return try store.head().size
  }

  var condition: StoreCondition {
    get throws { try temporary.open(for: .reading).status().condition }
  }

  // MARK: - Files

  func path(_ name: String) -> String { "\(temporary.folder)/\(name)" }

  /// Copies files of the store, its secrets and guard, to put them back later.
  func kept(_ names: [String]) throws -> [(name: String, bytes: Data)] {
    try names.map { ($0, try SmallStore.bytes(path($0))) }
  }

  func putBack(_ files: [(name: String, bytes: Data)]) throws {
    for file in files {
      for suffix in ["-wal", "-shm"] { unlink(path(file.name) + suffix) }
      try file.bytes.write(to: URL(fileURLWithPath: path(file.name)))
      chmod(path(file.name), 0o600)
    }
  }

  /// A copy of store, secrets and guard that goes on by itself.
  func copy(_ name: String) throws -> (path: String, guardFolder: String) {
    let folder = path(name)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    try temporary.copyParts(to: folder)
    return ("\(folder)/store", "\(folder)/guard")
  }

  func remove(_ names: String...) throws {
    for name in names { try FileManager.default.removeItem(atPath: path(name)) }
  }

  // MARK: - Recovering

  func keyBackup() async throws -> [UInt8] {
    let store = try temporary.open()
    let file = try await store.keys.backup(
      to: [identity.recipient.description], expires: Timestamp("2090-01-01")!)
    try await store.close()
    return file
  }

  func recovery(
    _ backup: [UInt8]? = nil, anchors: [String] = [], newPassphrase: Passphrase? = nil
  ) throws -> Recovery {
    var recovery = try Recovery(at: temporary.path, actor: "uid:1")
    recovery.anchors = anchors.enumerated().map { ("note \($0.offset)", $0.element) }
    if let backup {
      try recovery.useKeys(
        from: backup, identity: Array("# mine\n\n\(identity.secretText)\n".utf8),
        newPassphrase: newPassphrase)
    }
    return recovery
  }

  @discardableResult
  func recover(_ backup: [UInt8]? = nil, anchors: [String] = []) async throws -> RecoveryPlan {
    let recovery = try recovery(backup, anchors: anchors)
    let plan = try recovery.plan()
    if let refusal = plan.refusal { throw refusal }
    try await recovery.run(plan).close()
    return plan
  }

  /// That the store is as good as new: clean, verified with everything opened, and written to.
  func isWhole() async throws -> Bool {
    guard try condition == .clean else { return false }
    let report = try await temporary.open(for: .contents).verify(level: .projections)
    guard report.holds, report.newestCheckpoint?.size == report.eventCount else { return false }
    try await append()
    return try await temporary.open(for: .contents).verify(level: .contents).holds
  }
}
