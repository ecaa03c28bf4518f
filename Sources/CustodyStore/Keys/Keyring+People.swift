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
    let id = try subjectKeys(of: [identifier], dataClass: dataClass)[0]
    if let id {
      cache.withLock {
        if $0.subjects.count >= Self.cacheCountMax { $0.subjects.removeAll(keepingCapacity: true) }
        $0.subjects[name] = id
      }
    }
    return id
  }

  /// The keys of many people for a class of data; nil for those who have none.
  package func subjectKeys(of identifiers: [String], dataClass: String) throws -> [KeyID?] {
    let index = try SubjectIndex(key: indexKey())
    return try read { db in
      try identifiers.map { identifier in
        try rows(of: index.hash(identifier), index, db).first { $0.dataClass == dataClass }?.keyID
      }
    }
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
    let index = try SubjectIndex(key: indexKey())
    var made: [KeyID: SecretBytes] = [:]
    let registrations = try write { db in
      let epoch = try currentEpoch(db)
      return try wanted.map { wanted in
        let hash = index.hash(wanted.identifier)
        let rows = try rows(of: hash, index, db)
        if let row = rows.first(where: { $0.dataClass == wanted.dataClass }) {
          return Registration(
            identifier: wanted.identifier, dataClass: wanted.dataClass,
            keyID: row.keyID, subjectID: row.subjectID, isNew: false)
        }
        let id = environment.value(KeyID.self)
        let row = SubjectIndex.Row(
          hash: hash, dataClass: wanted.dataClass, keyID: id,
          subjectID: rows.first?.subjectID ?? id)
        let secret = environment.secret()
        try insert(db, id, .subject, dataClass: wanted.dataClass, epoch: epoch, secret)
        try insert(row, index, db)
        made[id] = secret
        return Registration(
          identifier: wanted.identifier, dataClass: wanted.dataClass, keyID: id,
          subjectID: row.subjectID, isNew: true)
      }
    }
    remember(made)
    cache.withLock { $0.checkedNames.removeAll() }
    return registrations
  }

  /// How many people have a key.
  package func subjectCount() throws -> Int {
    try read { try Int.fetchOne($0, sql: "SELECT count(DISTINCT subject_id) FROM subject")! }
  }

  /// The keys of the person named by `subjectID`, by class.
  package func subjectKeys(of subjectID: KeyID) throws -> [(dataClass: String, keyID: KeyID)] {
    let index = try SubjectIndex(key: indexKey())
    return try read { db in
      let query = try statements.prepared(
        "SELECT class, key_id, tag FROM subject WHERE subject_id = ? ORDER BY class", db)
      query.bind(1, subjectID)
      defer { query.reset() }
      var keys: [(dataClass: String, keyID: KeyID)] = []
      while try query.step() {
        let (dataClass, keyID): (String, KeyID) = (query.text(0), try query.value(1))
        try index.check(try query.value(2), index.tag(subjectID, dataClass, keyID))
        keys.append((dataClass, keyID))
      }
      return keys
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

  /// The key id that names whoever has each key of a person.
  ///
  /// Cost: a pass over the keys of all people.
  package func peopleByKey() throws -> [KeyID: KeyID] {
    let index = try SubjectIndex(key: indexKey())
    return try read { db in
      let query = try statements.prepared(
        "SELECT subject_id, class, key_id, tag FROM subject", db)
      defer { query.reset() }
      var people: [KeyID: KeyID] = [:]
      while try query.step() {
        let (person, key): (KeyID, KeyID) = (try query.value(0), try query.value(2))
        try index.check(try query.value(3), index.tag(person, query.text(1), key))
        people[key] = person
      }
      return people
    }
  }

  /// The person whose name in Custody `identifier` leads to, or nil.
  package func subjectID(_ identifier: String) throws -> KeyID? {
    let index = try SubjectIndex(key: indexKey())
    return try read { try rows(of: index.hash(identifier), index, $0) }.first?.subjectID
  }

  /// Whether a stream, type or actor is, or contains between separators, a registered identifier.
  ///
  /// Cost: a hash and a look-up for each run of parts of the name; names are remembered.
  package func holdsIdentifier(_ name: String) throws -> Bool {
    try refresh()
    if cache.withLock({ $0.checkedNames.contains(name) }) { return false }
    let index = try SubjectIndex(key: indexKey())
    let found = try read { db in
      let query = try statements.prepared(
        "SELECT 1 FROM subject_key WHERE subject_hash = ? LIMIT 1", db)
      return try NameParts.candidates(of: name).contains { candidate in
        query.bind(1, index.hash(candidate))
        defer { query.reset() }
        return try query.step()
      }
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

  /// The keys of the person with this hash, by class.
  private func rows(
    of hash: Digest, _ index: SubjectIndex, _ db: Database
  ) throws -> [SubjectIndex.Row] {
    let query = try statements.prepared(
      """
      SELECT subject_hash, class, key_id, subject_id, tag FROM subject_key WHERE subject_hash = ?
      """, db)
    query.bind(1, hash)
    return try rows(query, index)
  }

  /// Every row of subject_key, by hash and class, and the rows of subject of the other keys.
  func subjectRows(_ db: Database) throws -> [SubjectIndex.Row] {
    let index = try SubjectIndex(key: indexKey())
    let named = try rows(
      statements.prepared(
        """
        SELECT subject_hash, class, key_id, subject_id, tag FROM subject_key
        ORDER BY subject_hash, class
        """, db), index)
    let found = Set(named.map(\.keyID))
    let others = try rows(
      statements.prepared(
        "SELECT NULL, class, key_id, subject_id, tag FROM subject ORDER BY subject_id, class", db),
      index, without: found)
    return named + others
  }

  private func rows(
    _ query: HotStatement, _ index: SubjectIndex, without known: Set<KeyID> = []
  ) throws -> [SubjectIndex.Row] {
    defer { query.reset() }
    var found: [SubjectIndex.Row] = []
    while try query.step() {
      let keyID: KeyID = try query.value(2)
      if known.contains(keyID) { continue }
      let hash: Digest? = query.isNull(0) ? nil : try query.value(0)
      let row = SubjectIndex.Row(
        hash: hash, dataClass: query.text(1), keyID: keyID, subjectID: try query.value(3))
      try index.check(try query.value(4), index.tag(row))
      found.append(row)
    }
    return found
  }

  /// Puts rows of another keyring with the same index key into this one.
  func insert(_ rows: [SubjectIndex.Row], _ db: Database) throws {
    let index = try SubjectIndex(key: indexKey())
    for row in rows { try insert(row, index, db) }
  }

  private func insert(_ row: SubjectIndex.Row, _ index: SubjectIndex, _ db: Database) throws {
    if let hash = row.hash {
      let key = try statements.prepared(
        """
        INSERT INTO subject_key (subject_hash, class, key_id, subject_id, tag) VALUES (?, ?, ?, ?, ?)
        """, db)
      key.bind(1, hash)
      key.bind(2, row.dataClass)
      key.bind(3, row.keyID)
      key.bind(4, row.subjectID)
      key.bind(5, index.tag(row))
      try key.run()
    }
    let subject = try statements.prepared(
      "INSERT INTO subject (subject_id, class, key_id, tag) VALUES (?, ?, ?, ?)", db)
    subject.bind(1, row.subjectID)
    subject.bind(2, row.dataClass)
    subject.bind(3, row.keyID)
    subject.bind(4, index.tag(row.subjectID, row.dataClass, row.keyID))
    try subject.run()
  }

  private func indexKey() throws -> SecretBytes {
    if let known = indexSecret.withLock({ $0 }) { return known }
    let found = try read { db in try self.id(of: .index, db).flatMap { try unwrapped(db, $0) } }
    guard let found else {
      throw CustodyError(.keyDestroyed, "The keyring has no index key. Restore a key backup.")
    }
    indexSecret.withLock { $0 = found }
    return found
  }
}
