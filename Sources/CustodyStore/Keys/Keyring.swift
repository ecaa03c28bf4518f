import CustodyLedger
import CustodyMigrations
import Foundation
import GRDB
import Synchronization

/// keys.sqlite: wrapped data keys, and the index from people to their keys.
///
/// Opened with a key provider it unwraps; nothing else of the store can.
package final class Keyring: Sendable {
  /// What a data key is for.
  package enum Purpose: String, Sendable {
    case operations, subject, run, group
    /// The key of the hash by which people are looked up.
    case index
  }

  /// A data key as listed: never its bytes.
  package struct Entry: Sendable {
    package let id: KeyID
    package let purpose: Purpose
    package let dataClass: String?
    package let epoch: KeyID
    package let subjectID: KeyID?
  }

  /// The class of data that events get unless their caller says otherwise.
  package static let defaultClass = "default"
  /// Unwrapped keys kept in memory.
  private static let cacheCountMax = 4096

  private let path: String
  private let ledgerID: LedgerID
  private let provider: any KeyProvider
  private let environment: Environment
  private let database: DatabaseQueue
  private let isWritable: Bool

  private struct Cache {
    var keys: [KeyID: SecretBytes] = [:]
    var epochs: [KeyID: SecretBytes] = [:]
    var checkedNames: Set<String> = []
    /// Subjects as last seen: class and identifier → key id. Bytes, because two strings that are
    /// equal to Swift may be two identifiers.
    var subjects: [[UInt8]: KeyID] = [:]
    /// SQLite's data_version: changes when another connection wrote.
    var version = -1
  }
  private let cache = Mutex(Cache())
  private let indexKey = Mutex<SecretBytes?>(nil)
  private let operations = Mutex<KeyID?>(nil)

  package init(
    path: String, ledgerID: LedgerID, provider: any KeyProvider, environment: Environment,
    isWritable: Bool
  ) throws {
    self.path = path
    self.ledgerID = ledgerID
    self.provider = provider
    self.environment = environment
    self.isWritable = isWritable
    database = try isWritable ? Connection.writer(path) : Connection.reader(path)
  }

  /// The GRDB connection, for tests that read its settings back and for migrations.
  package var connection: DatabaseQueue { database }

  // MARK: - Making a keyring

  /// Makes the keys that every store has: returns the ids of the epoch and the operations key.
  package func initialize() throws -> (epoch: KeyID, operations: KeyID) {
    let epoch = environment.value(KeyID.self)
    try provider.createEpochKey(epoch)
    let operations = environment.value(KeyID.self)
    try write { db in
      try insert(db, operations, .operations, dataClass: nil, epoch: epoch, environment.secret())
      try insert(
        db, environment.value(KeyID.self), .index, dataClass: nil, epoch: epoch,
        environment.secret())
    }
    return (epoch, operations)
  }

  // MARK: - Keys

  /// The key that seals what is about nobody.
  package func operationsKey() throws -> KeyID {
    if let known = operations.withLock({ $0 }) { return known }
    guard let id = try read({ try self.id(of: .operations, $0) }) else {
      throw CustodyError(.keyDestroyed, "The keyring has no operations key. Restore a key backup.")
    }
    operations.withLock { $0 = id }
    return id
  }

  /// The bytes of a data key, or nil when it is gone.
  package func key(_ id: KeyID) throws -> SecretBytes? {
    if let known = cache.withLock({ $0.keys[id] }) { return known }
    guard let key = try read({ try self.unwrapped($0, id) }) else { return nil }
    cache.withLock {
      if $0.keys.count >= Self.cacheCountMax { $0.keys.removeAll(keepingCapacity: true) }
      $0.keys[id] = key
    }
    return key
  }

  /// Which of `ids` are not in the keyring. Asked under the store's lock before every commit.
  package func missing(_ ids: some Collection<KeyID>) throws -> [KeyID] {
    try read { db in
      let statement = try db.cachedStatement(sql: "SELECT 1 FROM data_key WHERE id = ?")
      return try ids.filter { id in
        try Int.fetchOne(statement, arguments: [Data(id.bytes)]) == nil
      }
    }
  }

  package func entries() throws -> [Entry] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT k.id, k.purpose, k.class, k.epoch, s.subject_id
          FROM data_key AS k LEFT JOIN subject_key AS s ON s.key_id = k.id
          ORDER BY k.purpose, k.id
          """
      ).map { row in
        Entry(
          id: try column(row, 0), purpose: Purpose(rawValue: row[1]) ?? .operations,
          dataClass: row[2], epoch: try column(row, 3),
          subjectID: try row[4] == nil ? nil : column(row, 4))
      }
    }
  }

  // MARK: - People

  /// The key of a person for a class of data, or nil when she has none.
  package func subjectKey(_ identifier: String, dataClass: String) throws -> KeyID? {
    let name = Array("\(dataClass)\n\(identifier)".utf8)
    try refresh()
    if let known = cache.withLock({ $0.subjects[name] }) { return known }
    let hash = try hash(identifier)
    let id: KeyID? = try read { db in
      try Row.fetchOne(
        db, sql: "SELECT key_id FROM subject_key WHERE subject_hash = ? AND class = ?",
        arguments: [Data(hash.bytes), dataClass]
      ).map { try column($0, 0) }
    }
    if let id {
      cache.withLock {
        if $0.subjects.count >= Self.cacheCountMax { $0.subjects.removeAll(keepingCapacity: true) }
        $0.subjects[name] = id
      }
    }
    return id
  }

  /// A key made for a person, as ``register(_:)`` returns it.
  package struct Registration: Sendable {
    package let identifier: String
    package let dataClass: String
    package let keyID: KeyID
    /// The key id by which the person is named: that of her first key.
    package let subjectID: KeyID
    /// False when the key was there already.
    package let isNew: Bool
  }

  /// Makes the keys that are missing, in one transaction; the store's lock is held.
  package func register(
    _ wanted: [(identifier: String, dataClass: String)]
  ) throws -> [Registration] {
    let hashes = try wanted.map { try hash($0.identifier) }
    let registrations = try write { db in
      let epoch = try currentEpoch(db)
      return try zip(wanted, hashes).map { wanted, hash in
        let rows = try Row.fetchAll(
          db, sql: "SELECT class, key_id, subject_id FROM subject_key WHERE subject_hash = ?",
          arguments: [Data(hash.bytes)])
        if let row = rows.first(where: { $0[0] == wanted.dataClass }) {
          return Registration(
            identifier: wanted.identifier, dataClass: wanted.dataClass,
            keyID: try column(row, 1), subjectID: try column(row, 2), isNew: false)
        }
        let id = environment.value(KeyID.self)
        let subjectID: KeyID = try rows.first.map { try column($0, 2) } ?? id
        try insert(
          db, id, .subject, dataClass: wanted.dataClass, epoch: epoch, environment.secret())
        try db.execute(
          sql: """
            INSERT INTO subject_key (subject_hash, class, key_id, subject_id) VALUES (?, ?, ?, ?)
            """,
          arguments: [
            Data(hash.bytes), wanted.dataClass, Data(id.bytes), Data(subjectID.bytes),
          ])
        return Registration(
          identifier: wanted.identifier, dataClass: wanted.dataClass, keyID: id,
          subjectID: subjectID, isNew: true)
      }
    }
    cache.withLock { $0.checkedNames.removeAll() }
    return registrations
  }

  /// How many people have a key.
  package func subjectCount() throws -> Int {
    try read { try Int.fetchOne($0, sql: "SELECT count(DISTINCT subject_id) FROM subject_key")! }
  }

  /// The keys of the person named by `subjectID`, by class.
  package func subjectKeys(of subjectID: KeyID) throws -> [(dataClass: String, keyID: KeyID)] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT class, key_id FROM subject_key WHERE subject_id = ? ORDER BY class",
        arguments: [Data(subjectID.bytes)]
      ).map { ($0[0], try column($0, 1)) }
    }
  }

  /// The key ids by which people are named, ascending.
  package func subjectIDs() throws -> [KeyID] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT DISTINCT subject_id FROM subject_key ORDER BY subject_id"
      ).map { try column($0, 0) }
    }
  }

  /// The person whose name in Custody `identifier` leads to, or nil.
  package func subjectID(_ identifier: String) throws -> KeyID? {
    let hash = try hash(identifier)
    return try read { db in
      try Row.fetchOne(
        db, sql: "SELECT subject_id FROM subject_key WHERE subject_hash = ? LIMIT 1",
        arguments: [Data(hash.bytes)]
      ).map { try column($0, 0) }
    }
  }

  /// Whether a stream, type or actor is, or contains between separators, a registered identifier.
  ///
  /// Cost: a hash and a look-up for each run of parts of the name; names are remembered.
  package func holdsIdentifier(_ name: String) throws -> Bool {
    try refresh()
    if cache.withLock({ $0.checkedNames.contains(name) }) { return false }
    let candidates = NameParts.candidates(of: name)
    let hashes = try candidates.map { try hash($0) }
    let found = try read { db in
      let statement = try db.cachedStatement(
        sql: "SELECT 1 FROM subject_key WHERE subject_hash = ? LIMIT 1")
      return try hashes.contains { try Int.fetchOne(statement, arguments: [Data($0.bytes)]) != nil }
    }
    if !found {
      cache.withLock {
        if $0.checkedNames.count >= 16 * Self.cacheCountMax { $0.checkedNames.removeAll() }
        $0.checkedNames.insert(name)
      }
    }
    return found
  }

  // MARK: - Rotation

  /// The epoch that wraps every key.
  package func currentEpoch() throws -> KeyID { try read { try currentEpoch($0) } }

  /// Rewraps every key under a new epoch key and destroys the old ones; the store's lock is held.
  ///
  /// A crash at any point leaves either epoch in force; ``destroyUnusedEpochs()`` removes the other.
  package func rotate() throws -> (new: KeyID, destroyed: [KeyID]) {
    let new = environment.value(KeyID.self)
    try provider.createEpochKey(new)
    try write { db in
      let ids: [KeyID] = try Row.fetchAll(db, sql: "SELECT id FROM data_key").map {
        try column($0, 0)
      }
      for id in ids {
        let row = try Row.fetchOne(
          db, sql: "SELECT purpose, class FROM data_key WHERE id = ?",
          arguments: [Data(id.bytes)])!
        guard let purpose = Purpose(rawValue: row[0]), let key = try unwrapped(db, id) else {
          throw CustodyError(.keyDestroyed, "A key's epoch key is gone: \(id) cannot be rewrapped.")
        }
        try db.execute(sql: "DELETE FROM data_key WHERE id = ?", arguments: [Data(id.bytes)])
        try insert(db, id, purpose, dataClass: row[1], epoch: new, key)
      }
    }
    guard try database.writeWithoutTransaction({ try WriteAheadLog.truncate($0) }) else {
      throw CustodyError(
        .io, "Another program reads keys.sqlite: the old epoch key is kept. Repeat the rotation.")
    }
    return (new, try destroyUnusedEpochs())
  }

  /// Destroys every epoch key that no row uses: what a crash left of a rotation.
  package func destroyUnusedEpochs() throws -> [KeyID] {
    let used: Set<KeyID> = try read { db in
      Set(
        try Row.fetchAll(db, sql: "SELECT DISTINCT epoch FROM data_key").map { try column($0, 0) })
    }
    let held = try provider.epochKeyIDs()
    // An older copy of keys.sqlite uses an epoch key that is gone: the one that it does not know is
    // the one in force.
    if let lost = used.first(where: { !held.contains($0) }) { throw Self.lostEpoch(lost) }
    let unused = held.filter { !used.contains($0) }
    guard !used.isEmpty else { return [] }
    for id in unused {
      try provider.destroyEpochKey(id)
      cache.withLock { $0.epochs[id] = nil }
    }
    return unused
  }

  /// Cuts the WAL when nobody reads; called under the store's lock when a writer closes.
  package func shortenLog() throws {
    guard isWritable, WriteAheadLog.size(path) > 0 else { return }
    try database.writeWithoutTransaction { try WriteAheadLog.shorten($0) }
  }

  // MARK: - Rows

  private func aad(_ id: KeyID, _ epoch: KeyID, _ purpose: Purpose) -> [UInt8] {
    Array("custody/data-key/v1\n".utf8) + ledgerID.bytes + id.bytes + epoch.bytes
      + Array(purpose.rawValue.utf8)
  }

  private func insert(
    _ db: Database, _ id: KeyID, _ purpose: Purpose, dataClass: String?, epoch: KeyID,
    _ key: SecretBytes
  ) throws {
    let nonce = environment.value(Nonce.self)
    let cipher = XAES256GCM(key: try epochKey(epoch))
    let wrapped = cipher.seal(key, nonce: nonce, aad: aad(id, epoch, purpose))
    try db.execute(
      sql: """
        INSERT INTO data_key (id, purpose, class, epoch, nonce, wrapped) VALUES (?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        Data(id.bytes), purpose.rawValue, dataClass, Data(epoch.bytes), Data(nonce.bytes),
        Data(wrapped),
      ])
  }

  private func unwrapped(_ db: Database, _ id: KeyID) throws -> SecretBytes? {
    guard
      let row = try Row.fetchOne(
        db, sql: "SELECT purpose, epoch, nonce, wrapped FROM data_key WHERE id = ?",
        arguments: [Data(id.bytes)]),
      let purpose = Purpose(rawValue: row[0])
    else { return nil }
    let epoch: KeyID = try column(row, 1)
    let nonce: Nonce = try column(row, 2)
    let wrapped = [UInt8](row[3] as Data)
    let cipher = XAES256GCM(key: try epochKey(epoch))
    guard let key = cipher.open(wrapped, nonce: nonce, aad: aad(id, epoch, purpose)),
      key.count == 32
    else {
      throw CustodyError(
        .notAStore, "The wrapped key \(id) in keys.sqlite does not open: changed or exchanged.")
    }
    return key
  }

  private func epochKey(_ id: KeyID) throws -> SecretBytes {
    if let known = cache.withLock({ $0.epochs[id] }) { return known }
    guard let key = try provider.epochKey(id) else { throw Self.lostEpoch(id) }
    cache.withLock { $0.epochs[id] = key }
    return key
  }

  private static func lostEpoch(_ id: KeyID) -> CustodyError {
    CustodyError(
      .keyDestroyed,
      "Epoch key \(id) is gone, and with it every key that this copy of keys.sqlite holds. "
        + "Use the current keys.sqlite or a key backup made since.")
  }

  private func currentEpoch(_ db: Database) throws -> KeyID {
    guard
      let row = try Row.fetchOne(
        db, sql: "SELECT epoch FROM data_key WHERE purpose = 'operations' LIMIT 1")
    else {
      throw CustodyError(.keyDestroyed, "The keyring has no operations key. Restore a key backup.")
    }
    return try column(row, 0)
  }

  private func id(of purpose: Purpose, _ db: Database) throws -> KeyID? {
    try Row.fetchOne(
      db, sql: "SELECT id FROM data_key WHERE purpose = ? LIMIT 1", arguments: [purpose.rawValue]
    ).map { try column($0, 0) }
  }

  /// HMAC-SHA-256 of an outside identifier under the ledger's random hash key.
  private func hash(_ identifier: String) throws -> Digest {
    let key: SecretBytes
    if let known = indexKey.withLock({ $0 }) {
      key = known
    } else {
      let found = try read { db in try self.id(of: .index, db).flatMap { try unwrapped(db, $0) } }
      guard let found else {
        throw CustodyError(.keyDestroyed, "The keyring has no index key. Restore a key backup.")
      }
      indexKey.withLock { $0 = found }
      key = found
    }
    let bytes = Array(identifier.utf8)
    return bytes.withUnsafeBytes { KeyDerivation.hmac(key: key, $0) }
  }

  /// Forgets what was remembered when another process has written to keys.sqlite.
  package func refresh() throws {
    let version = try read { try Int.fetchOne($0, sql: "PRAGMA data_version")! }
    cache.withLock {
      guard $0.version != version else { return }
      $0.version = version
      $0.checkedNames.removeAll()
      $0.subjects.removeAll()
      $0.keys.removeAll()
    }
  }

  private func column<T: FixedBytes>(_ row: Row, _ index: Int) throws -> T {
    try Self.column(row, index)
  }

  static func column<T: FixedBytes>(_ row: Row, _ index: Int) throws -> T {
    guard let data = row[index] as Data?, let value = T(data) else {
      throw CustodyError(.notAStore, "keys.sqlite holds a row that is not as Custody writes it.")
    }
    return value
  }

  private func read<R>(_ body: (Database) throws -> R) throws -> R {
    try Connection.translating(path) { try database.unsafeRead(body) }
  }

  private func write<R>(_ body: (Database) throws -> R) throws -> R {
    try Connection.translating(path) {
      try database.writeWithoutTransaction { db in
        var result: R?
        try db.inTransaction(.immediate) {
          result = try body(db)
          return .commit
        }
        return result!
      }
    }
  }
}
