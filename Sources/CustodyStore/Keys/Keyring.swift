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
    /// What several keys make together, kept when one of them is destroyed.
    case joint
    /// The key of the hash by which people are looked up.
    case index
    /// Under it the values of a column become tokens; its class says what releases are for.
    case pseudonym
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
  static let cacheCountMax = 1 << 17

  package let path: String
  private let ledgerID: LedgerID
  let provider: any KeyProvider
  let environment: Environment
  let database: DatabaseQueue
  private let isWritable: Bool
  struct Cache {
    /// Keys that the erasure journals name: never unwrapped, even while their rows are there.
    var buried: Set<KeyID> = []
    /// How much of the store's journal is in them.
    var journalSize = 0
    var keys: [KeyID: SecretBytes] = [:]
    var epochs: [KeyID: SecretBytes] = [:]
    var checkedNames: Set<String> = []
    /// Subjects as last seen: class and identifier → key id. Bytes, because two strings that are
    /// equal to Swift may be two identifiers.
    var subjects: [[UInt8]: KeyID] = [:]
    /// SQLite's data_version: changes when another connection wrote.
    var version = -1
    var generation = 0
    /// Rises whenever this process writes.
    var writes = 0
  }
  let cache = Mutex(Cache())
  let indexSecret = Mutex<SecretBytes?>(nil)
  /// Used within `read` and `write` only, which GRDB calls one after another.
  nonisolated(unsafe) let statements = PreparedStatements()
  nonisolated(unsafe) private var lastEpoch: (key: SecretBytes, cipher: XAES256GCM)?
  private let operations = Mutex<KeyID?>(nil)

  package init(
    path: String, ledgerID: LedgerID, provider: any KeyProvider, environment: Environment,
    isWritable: Bool, buried: (keys: Set<KeyID>, journalSize: Int) = ([], 0)
  ) throws {
    self.path = path
    self.ledgerID = ledgerID
    self.provider = provider
    self.environment = environment
    self.isWritable = isWritable
    database = try isWritable ? Connection.writer(path) : Connection.reader(path)
    cache.withLock { ($0.buried, $0.journalSize) = buried }
  }

  /// The GRDB connection, for tests that read its settings back and for migrations.
  package var connection: DatabaseQueue { database }

  // MARK: - Without the secrets

  /// What a keyring says without the keys that open it.
  struct Summary {
    /// The epoch key that wraps it.
    let epoch: KeyID?
    let operations: KeyID?
    let revision: Int
  }

  static func summary(_ path: String) throws -> Summary {
    try Connection.translating(path) {
      try Connection.reader(path).read { db in
        let store = try Row.fetchOne(
          db, sql: "SELECT epoch, id FROM data_key WHERE \(ofStore) AND purpose = 'operations'")
        // A keyring of an older version has no revision yet.
        let revision =
          try db.tableExists("state")
          ? try Int.fetchOne(db, sql: "SELECT revision FROM state") : nil
        return Summary(
          epoch: try store?.bytes(0), operations: try store?.bytes(1), revision: revision ?? 0)
      }
    }
  }

  /// The ids of every key in the keyring at `path`.
  static func ids(_ path: String) throws -> Set<KeyID> {
    try Connection.translating(path) {
      try Connection.reader(path).read { db in
        Set(try Row.fetchAll(db, sql: "SELECT id FROM data_key").map { try $0.bytes(0) })
      }
    }
  }

  /// Makes an older keyring the one to go on with; the store's lock is held.
  static func raiseRevision(_ path: String, to revision: Int) throws {
    try Connection.translating(path) {
      try Connection.writer(path).writeWithoutTransaction {
        try $0.execute(
          sql: "UPDATE state SET revision = ?1 WHERE revision < ?1", arguments: [revision])
      }
    }
  }

  /// The first of `ids` that the keyring at `path` holds.
  static func firstLive(_ ids: [KeyID], _ path: String) throws -> KeyID? {
    guard access(path, R_OK) == 0 else { return nil }
    return try Connection.translating(path) {
      try Connection.reader(path).read { db in
        try ids.first { id in
          try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM data_key WHERE id = ?)",
            arguments: [Data(id.bytes)])!
        }
      }
    }
  }

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

  /// Makes a key for the texts of one run; the store's lock is held.
  package func makeRunKey() throws -> KeyID { try makeRunKeys(1)[0] }

  /// Makes keys for the texts of runs, one each; the store's lock is held.
  package func makeRunKeys(_ count: Int) throws -> [KeyID] {
    // Ascending: neighbors in the table are written together.
    let ids = (0..<count).map { _ in environment.value(KeyID.self) }.sorted()
    let keys = ids.map { _ in environment.secret() }
    try write { db in
      let epoch = try currentEpoch(db)
      for (id, key) in zip(ids, keys) {
        try insert(db, id, .run, dataClass: nil, epoch: epoch, key)
      }
    }
    remember(Dictionary(uniqueKeysWithValues: zip(ids, keys)))
    return ids
  }

  /// Keeps keys that were made, and that are about to seal something.
  func remember(_ keys: [KeyID: SecretBytes]) {
    cache.withLock { cache in
      guard cache.keys.count + keys.count <= Self.cacheCountMax else { return }
      cache.keys.merge(keys) { $1 }
    }
  }

  /// The bytes of a data key, or nil when it is gone.
  package func key(_ id: KeyID) throws -> SecretBytes? {
    let (known, isBuried) = cache.withLock { ($0.keys[id], $0.buried.contains(id)) }
    if isBuried { return nil }
    if let known { return known }
    guard let key = try read({ try self.unwrapped($0, id) }) else { return nil }
    cache.withLock {
      if $0.keys.count >= Self.cacheCountMax { $0.keys.removeAll(keepingCapacity: true) }
      $0.keys[id] = key
    }
    return key
  }

  /// Unwraps keys that are about to be used, in one go and on all cores.
  package func prepare(_ ids: some Collection<KeyID>) throws {
    let (known, buried) = cache.withLock { ($0.keys, $0.buried) }
    // Ascending: neighbors in the table are read together.
    let wanted = ids.filter { known[$0] == nil && !buried.contains($0) }.sorted()
      .prefix(Self.cacheCountMax - known.count)
    let rows = try readAtOnce { db in try wanted.compactMap { try row(of: $0, db) } }
    let ledgerID = ledgerID
    let keys = try Parallel.map(rows.count) { range in
      var opener = Opener(ledgerID: ledgerID) { try self.epochKey($0) }
      return try rows[range].map { row in
        guard let key = try opener.open(row) else { throw Self.unopened(row.id) }
        return key
      }
    }
    cache.withLock { cache in
      for (row, key) in zip(rows, keys) { cache.keys[row.id] = key }
    }
  }

  /// A key for a use of its own, the same for the life of the store and unknown without its secrets.
  ///
  /// - Parameter use: what for; different uses have independent keys.
  package func derivedKey(for use: String) throws -> SecretBytes {
    guard let index = try read({ try self.id(of: .index, $0) }), let base = try key(index) else {
      throw CustodyError(.keyDestroyed, "The keyring has no index key. Restore a key backup.")
    }
    return try base.withUnsafeBytes {
      try KeyDerivation.hkdf($0, salt: [], info: Array("custody/\(use)/v1".utf8), count: 32)
    }
  }

  /// Which of `ids` are not in the keyring, or about to go. Asked under the store's lock before every
  /// commit.
  package func missing(_ ids: some Collection<KeyID>) throws -> [KeyID] {
    let buried = cache.withLock { $0.buried }
    return try absent(ids, buried)
  }

  /// Which of `ids` have no row, or are among `others`.
  func absent(_ ids: some Collection<KeyID>, _ others: Set<KeyID> = []) throws -> [KeyID] {
    try readAtOnce { db in
      let query = try HotStatement(db.sqliteConnection!, "SELECT 1 FROM data_key WHERE id = ?")
      return try ids.filter { id in
        if others.contains(id) { return true }
        query.bind(1, id)
        defer { query.reset() }
        return try !query.step()
      }
    }
  }

  package func entries() throws -> [Entry] {
    try read { db in
      let owners = Dictionary(
        try subjectRows(db).map { ($0.keyID, $0.subjectID) },
        uniquingKeysWith: { first, _ in first })
      return try Row.fetchAll(
        db, sql: "SELECT id, purpose, class, epoch FROM data_key ORDER BY purpose, id"
      ).map { row in
        let id: KeyID = try row.bytes(0)
        return Entry(
          id: id, purpose: try purpose(row.decode(atIndex: 1)),
          dataClass: try row.decode(atIndex: 2),
          epoch: try row.bytes(3), subjectID: owners[id])
      }
    }
  }

  /// Cuts the WAL when nobody reads; called under the store's lock when a writer closes.
  package func shortenLog() throws {
    guard isWritable, WriteAheadLog.size(path) > 0 else { return }
    try database.writeWithoutTransaction { try WriteAheadLog.shorten($0) }
  }

  // MARK: - Rows

  private func aad(_ id: KeyID, _ epoch: KeyID, _ purpose: Purpose) -> [UInt8] {
    Self.aad(ledgerID, id, epoch, purpose: purpose.rawValue)
  }

  static func aad(
    _ ledgerID: LedgerID, _ id: KeyID, _ epoch: KeyID, purpose: String
  ) -> [UInt8] {
    Array("custody/data-key/v1\n".utf8) + ledgerID.bytes + id.bytes + epoch.bytes
      + Array(purpose.utf8)
  }

  func insert(
    _ db: Database, _ id: KeyID, _ purpose: Purpose, dataClass: String?, epoch: KeyID,
    _ key: SecretBytes
  ) throws {
    let nonce = environment.value(Nonce.self)
    let wrapped = try wrapped(key, id, purpose, epoch: epoch, nonce: nonce)
    let insert = try statements.prepared(
      """
      INSERT INTO data_key (id, purpose, class, epoch, nonce, wrapped) VALUES (?, ?, ?, ?, ?, ?)
      """, db)
    insert.bind(1, id)
    insert.bind(2, purpose.rawValue)
    insert.bind(3, optional: dataClass)
    insert.bind(4, epoch)
    insert.bind(5, nonce)
    try wrapped.withUnsafeBytes {
      insert.bind(6, $0)
      try insert.run()
    }
  }

  func wrapped(
    _ key: SecretBytes, _ id: KeyID, _ purpose: Purpose, epoch: KeyID, nonce: Nonce
  ) throws -> [UInt8] {
    try epochCipher(epoch).seal(key, nonce: nonce, aad: aad(id, epoch, purpose))
  }

  func unwrapped(_ db: Database, _ id: KeyID) throws -> SecretBytes? {
    // What the erasure journal names is gone, whatever an older copy of keys.sqlite still holds.
    if cache.withLock({ $0.buried.contains(id) }) { return nil }
    return try unwrappedEvenIfBuried(db, id)
  }

  func unwrappedEvenIfBuried(_ db: Database, _ id: KeyID) throws -> SecretBytes? {
    guard let row = try row(of: id, db) else { return nil }
    let aad = aad(id, row.epoch, try purpose(row.purpose))
    guard let key = try epochCipher(row.epoch).open(row.wrapped, nonce: row.nonce, aad: aad),
      key.count == 32
    else { throw Self.unopened(id) }
    return key
  }

  /// A key as it is stored, or nil when there is none.
  private func row(of id: KeyID, _ db: Database) throws -> Rows.Key? {
    let query = try statements.prepared(
      "SELECT purpose, class, epoch, nonce, wrapped FROM data_key WHERE id = ?", db)
    query.bind(1, id)
    defer { query.reset() }
    guard try query.step() else { return nil }
    return Rows.Key(
      id: id, purpose: query.text(0), dataClass: query.isNull(1) ? nil : query.text(1),
      epoch: try query.value(2), nonce: try query.value(3), wrapped: Array(query.bytes(4)))
  }

  private static func unopened(_ id: KeyID) -> CustodyError {
    CustodyError(
      .damaged, "The wrapped key \(id) in keys.sqlite does not open: changed or exchanged.")
  }

  /// The cipher that wraps keys in an epoch: kept, because a commit meets thousands of people.
  /// Called within `read` and `write` only.
  private func epochCipher(_ id: KeyID) throws -> XAES256GCM {
    let key = try epochKey(id)
    if let known = lastEpoch, known.key === key { return known.cipher }
    let cipher = XAES256GCM(key: key)
    lastEpoch = (key, cipher)
    return cipher
  }

  private func epochKey(_ id: KeyID) throws -> SecretBytes {
    if let known = cache.withLock({ $0.epochs[id] }) { return known }
    guard let key = try provider.epochKey(id) else { throw Self.lostEpoch(id) }
    cache.withLock { $0.epochs[id] = key }
    return key
  }

  static func lostEpoch(_ id: KeyID) -> CustodyError {
    CustodyError(
      .keyDestroyed,
      "Epoch key \(id) is gone, and with it every key that this copy of keys.sqlite holds. "
        + "Use the current keys.sqlite or a key backup made since.")
  }

  func currentEpoch(_ db: Database) throws -> KeyID {
    guard
      let row = try Row.fetchOne(
        db, sql: "SELECT epoch FROM data_key WHERE \(Self.ofStore) AND purpose = 'operations'")
    else {
      throw CustodyError(.keyDestroyed, "The keyring has no operations key. Restore a key backup.")
    }
    return try row.bytes(0)
  }

  /// As the partial index has it, which is used for what repeats its words.
  private static let ofStore = "purpose IN ('operations', 'index')"

  /// The key of a purpose of which there is one.
  func id(of purpose: Purpose, _ db: Database) throws -> KeyID? {
    try Row.fetchOne(
      db, sql: "SELECT id FROM data_key WHERE \(Self.ofStore) AND purpose = ?",
      arguments: [purpose.rawValue]
    ).map { try $0.bytes(0) }
  }

  /// Forgets what was remembered when another process has written to keys.sqlite.
  package func refresh() throws {
    let version = try read { db in
      let query = try HotStatement(db.sqliteConnection!, "PRAGMA data_version")
      return try query.step() ? Int(query.integer(0)) : -1
    }
    cache.withLock {
      guard $0.version != version else { return }
      $0.version = version
      $0.checkedNames.removeAll()
      $0.subjects.removeAll()
      $0.keys.removeAll()
      $0.epochs.removeAll()
      $0.generation += 1
    }
  }

  /// Differs from what it was once anybody has written to keys.sqlite.
  package func changeCount() throws -> Int {
    try refresh()
    return cache.withLock { $0.generation + $0.writes }
  }

  /// How often keys.sqlite was written to: an older copy of it has a smaller number.
  package func revision() throws -> Int {
    try read { try Int.fetchOne($0, sql: "SELECT revision FROM state") ?? 0 }
  }

  /// Rises whenever keys may have been destroyed: who keeps ciphers then lets go of them.
  package var generation: Int { cache.withLock { $0.generation } }

  func purpose(_ text: String) throws -> Purpose {
    guard let purpose = Purpose(rawValue: text) else {
      throw CustodyError(.damaged, "keys.sqlite holds a key of unknown purpose.")
    }
    return purpose
  }

  func read<R>(_ body: (Database) throws -> R) throws -> R {
    try Connection.translating(path) { try database.unsafeReentrantRead(body) }
  }

  /// The same in one transaction: to begin and end one for each of many look-ups costs as much as they
  /// do.
  func readAtOnce<R>(_ body: (Database) throws -> R) throws -> R {
    try read { db in
      guard !db.isInsideTransaction else { return try body(db) }
      var result: R?
      try db.inTransaction(.deferred) {
        result = try body(db)
        return .commit
      }
      return result!
    }
  }

  func write<R>(_ body: (Database) throws -> R) throws -> R {
    defer { cache.withLock { $0.writes += 1 } }
    return try Connection.translating(path) {
      try database.writeWithoutTransaction { db in
        var result: R?
        try db.inTransaction(.immediate) {
          result = try body(db)
          try db.execute(sql: "UPDATE state SET revision = revision + 1")
          return .commit
        }
        return result!
      }
    }
  }
}
