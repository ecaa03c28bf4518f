import CustodyLedger
import CustodyMigrations

extension Keyring {
  /// What a keyring still gives, row by row: one that was changed does not cost the others.
  struct Salvage {
    /// What opens, and whose it is where the tag holds.
    fileprivate(set) var rows = Rows(keys: [], subjects: [])
    /// Keys that do not open.
    var unopened: Set<KeyID> = []
    /// Rows that not even an id can be read of.
    fileprivate(set) var unreadableCount = 0
    /// The keys in rows about people whose tag does not hold; nil where that cannot be read.
    fileprivate(set) var unbound: [KeyID?] = []
  }

  /// What opens of the keyring at `path`, which is read and not trusted; nil when it is none.
  ///
  /// - Parameters:
  ///   - epochKey: an epoch key, or nil when there is none of this id.
  ///   - index: the key of the rows about people, when the keyring's own does not open.
  static func salvage(
    _ path: String, ledgerID: LedgerID, index: SecretBytes?,
    epochKey: @escaping (KeyID) throws -> SecretBytes?
  ) throws -> Salvage? {
    guard DatabaseFile.condition(path, .keyring) == nil else { return nil }
    do {
      let database = try ReadOnlyDatabase(path: path)
      guard try SchemaCheck.findings(database, Migration.keys).isEmpty else { return nil }
      var salvage = Salvage()
      var opener = Opener(ledgerID: ledgerID, epochKey: epochKey)
      for key in try keys(database, &salvage) {
        if let secret = try opener.open(key) {
          salvage.rows.keys.append(key)
          if key.purpose == Purpose.index.rawValue { opener.index = secret }
        } else {
          salvage.unopened.insert(key.id)
        }
      }
      try takeSubjects(database, (opener.index ?? index).map { SubjectIndex(key: $0) }, &salvage)
      return salvage
    } catch let error as SQLiteError {
      let translated = CustodyError(sqlite: error, path: path)
      guard translated.code == .damaged else { throw translated }
      return nil
    } catch let error as CustodyError where error.code == .damaged {
      return nil
    }
  }

  /// Opens wrapped keys, whose epoch keys are asked for once.
  struct Opener {
    let ledgerID: LedgerID
    let epochKey: (KeyID) throws -> SecretBytes?
    var index: SecretBytes?
    private var ciphers: [KeyID: XAES256GCM?] = [:]

    init(ledgerID: LedgerID, epochKey: @escaping (KeyID) throws -> SecretBytes?) {
      self.ledgerID = ledgerID
      self.epochKey = epochKey
    }

    mutating func open(_ key: Rows.Key) throws -> SecretBytes? {
      if ciphers[key.epoch] == nil {
        ciphers[key.epoch] = .some(try epochKey(key.epoch).map { XAES256GCM(key: $0) })
      }
      guard let cipher = ciphers[key.epoch] ?? nil,
        let secret = cipher.open(
          key.wrapped, nonce: key.nonce,
          aad: Keyring.aad(ledgerID, key.id, key.epoch, purpose: key.purpose)),
        secret.count == 32
      else { return nil }
      return secret
    }
  }

  private static func keys(
    _ database: ReadOnlyDatabase, _ salvage: inout Salvage
  ) throws -> [Rows.Key] {
    let query = try HotStatement(
      database.handle, "SELECT id, purpose, class, epoch, nonce, wrapped FROM data_key")
    var keys: [Rows.Key] = []
    while try query.step() {
      let id: KeyID? = try? query.value(0)
      let epoch: KeyID? = try? query.value(3)
      let nonce: Nonce? = try? query.value(4)
      guard let id else {
        salvage.unreadableCount += 1
        continue
      }
      guard let epoch, let nonce else {
        salvage.unopened.insert(id)
        continue
      }
      keys.append(
        Rows.Key(
          id: id, purpose: query.text(1), dataClass: query.isNull(2) ? nil : query.text(2),
          epoch: epoch, nonce: nonce, wrapped: Array(query.bytes(5))))
    }
    return keys
  }

  private static func takeSubjects(
    _ database: ReadOnlyDatabase, _ index: SubjectIndex?, _ salvage: inout Salvage
  ) throws {
    for sql in [
      "SELECT key_id, subject_id, class, tag, subject_hash FROM subject_key",
      "SELECT key_id, subject_id, class, tag, NULL FROM subject",
    ] {
      let query = try HotStatement(database.handle, sql)
      while try query.step() {
        let key: KeyID? = try? query.value(0)
        let subject: KeyID? = try? query.value(1)
        let tag: Digest? = try? query.value(3)
        let hash: Digest? = query.isNull(4) ? nil : try? query.value(4)
        guard let index, let key, let subject, let tag, (hash == nil) == query.isNull(4) else {
          salvage.unbound.append(key)
          continue
        }
        let row = SubjectIndex.Row(
          hash: hash, dataClass: query.text(2), keyID: key, subjectID: subject)
        if tag.equalsInConstantTime(index.tag(row)) {
          salvage.rows.subjects.append(row)
        } else {
          salvage.unbound.append(key)
        }
      }
    }
  }
}
