import CustodyLedger
import Foundation
import GRDB
import Synchronization

extension Keyring {
  /// The key of a person for a class of data, or nil when she has none.
  package func subjectKey(_ identifier: String, dataClass: String) throws -> KeyID? {
    let name = Array("\(dataClass)\n\(identifier)".utf8)
    try refresh()
    if let known = cache.withLock({ $0.subjects[name] }) { return known }
    let hash = try hash(identifier)
    let id = try read { try rows(of: hash, $0) }.first { $0.dataClass == dataClass }?.keyID
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
        let rows = try rows(of: hash, db)
        if let row = rows.first(where: { $0.dataClass == wanted.dataClass }) {
          return Registration(
            identifier: wanted.identifier, dataClass: wanted.dataClass,
            keyID: row.keyID, subjectID: row.subjectID, isNew: false)
        }
        let id = environment.value(KeyID.self)
        let row = SubjectRow(
          hash: hash, dataClass: wanted.dataClass, keyID: id,
          subjectID: rows.first?.subjectID ?? id)
        try insert(
          db, id, .subject, dataClass: wanted.dataClass, epoch: epoch, environment.secret())
        try insert(row, db)
        return Registration(
          identifier: wanted.identifier, dataClass: wanted.dataClass, keyID: id,
          subjectID: row.subjectID, isNew: true)
      }
    }
    cache.withLock { $0.checkedNames.removeAll() }
    return registrations
  }

  /// How many people have a key.
  package func subjectCount() throws -> Int {
    try read { try Int.fetchOne($0, sql: "SELECT count(DISTINCT subject_id) FROM subject")! }
  }

  /// The keys of the person named by `subjectID`, by class.
  package func subjectKeys(of subjectID: KeyID) throws -> [(dataClass: String, keyID: KeyID)] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT class, key_id, tag FROM subject WHERE subject_id = ? ORDER BY class",
        arguments: [Data(subjectID.bytes)]
      ).map { row in
        let dataClass: String = try row.decode(atIndex: 0)
        let keyID: KeyID = try row.bytes(1)
        try check(try row.bytes(2), try tag(subjectID, dataClass, keyID))
        return (dataClass, keyID)
      }
    }
  }

  /// The key ids by which people are named, ascending.
  package func subjectIDs() throws -> [KeyID] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT DISTINCT subject_id FROM subject ORDER BY subject_id"
      ).map { try $0.bytes(0) }
    }
  }

  /// The person whose name in Custody `identifier` leads to, or nil.
  package func subjectID(_ identifier: String) throws -> KeyID? {
    let hash = try hash(identifier)
    return try read { try rows(of: hash, $0) }.first?.subjectID
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
        if $0.checkedNames.count >= Self.cacheCountMax { $0.checkedNames.removeAll() }
        $0.checkedNames.insert(name)
      }
    }
    return found
  }

  // MARK: - Rows

  /// A row of subject_key: whose key it is.
  struct SubjectRow {
    let hash: Digest
    let dataClass: String
    let keyID: KeyID
    let subjectID: KeyID
  }

  /// The keys of the person with this hash, by class.
  private func rows(of hash: Digest, _ db: Database) throws -> [SubjectRow] {
    try Row.fetchAll(
      db.cachedStatement(
        sql: "SELECT class, key_id, subject_id, tag FROM subject_key WHERE subject_hash = ?"),
      arguments: [Data(hash.bytes)]
    ).map { row in
      let found = SubjectRow(
        hash: hash, dataClass: try row.decode(atIndex: 0), keyID: try row.bytes(1),
        subjectID: try row.bytes(2))
      try check(try row.bytes(3), try tag(found))
      return found
    }
  }

  /// Every row of subject_key, by hash and class.
  func subjectRows(_ db: Database) throws -> [SubjectRow] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT subject_hash, class, key_id, subject_id, tag FROM subject_key
        ORDER BY subject_hash, class
        """
    ).map { row in
      let found = SubjectRow(
        hash: try row.bytes(0), dataClass: try row.decode(atIndex: 1), keyID: try row.bytes(2),
        subjectID: try row.bytes(3))
      try check(try row.bytes(4), try tag(found))
      return found
    }
  }

  private func insert(_ row: SubjectRow, _ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO subject_key (subject_hash, class, key_id, subject_id, tag)
        VALUES (?, ?, ?, ?, ?)
        """,
      arguments: [
        Data(row.hash.bytes), row.dataClass, Data(row.keyID.bytes), Data(row.subjectID.bytes),
        Data(try tag(row).bytes),
      ])
    try db.execute(
      sql: "INSERT INTO subject (subject_id, class, key_id, tag) VALUES (?, ?, ?, ?)",
      arguments: [
        Data(row.subjectID.bytes), row.dataClass, Data(row.keyID.bytes),
        Data(try tag(row.subjectID, row.dataClass, row.keyID).bytes),
      ])
  }

  /// Binds a row: whoever can write keys.sqlite but lacks the keys cannot give one person another's
  /// key, which would be destroyed in its stead.
  private func tag(_ row: SubjectRow) throws -> Digest {
    try hmac(
      [HashPurpose.subjectKeyRow] + row.hash.bytes + row.keyID.bytes + row.subjectID.bytes
        + Array(row.dataClass.utf8))
  }

  private func tag(_ subjectID: KeyID, _ dataClass: String, _ keyID: KeyID) throws -> Digest {
    try hmac([HashPurpose.subjectRow] + subjectID.bytes + keyID.bytes + Array(dataClass.utf8))
  }

  private func check(_ stored: Digest, _ expected: Digest) throws {
    guard stored.equalsInConstantTime(expected) else {
      throw CustodyError(
        .damaged, "A row of keys.sqlite was changed: it gives a person another's key.")
    }
  }

  /// HMAC-SHA-256 of an outside identifier under the ledger's random hash key.
  private func hash(_ identifier: String) throws -> Digest {
    try hmac([HashPurpose.identifier] + Array(identifier.utf8))
  }

  /// The first byte of what the index key hashes: an identifier is never taken for a row.
  private enum HashPurpose {
    static let identifier: UInt8 = 0
    static let subjectKeyRow: UInt8 = 1
    static let subjectRow: UInt8 = 2
  }

  private func hmac(_ bytes: [UInt8]) throws -> Digest {
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
    return bytes.withUnsafeBytes { KeyDerivation.hmac(key: key, $0) }
  }
}
