import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("The keyring seals people apart and forgets for good")
struct KeyringTests {
  private static let person = NewEvent(
    stream: "a", type: "b.c", subjects: [.identifier("patient-0017")],
    content: Array("she said so".utf8))

  private static func store() async throws -> (TemporaryStore, Store) {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.subjects.register(["patient-0017", "patient-0042"])
    return (temporary, store)
  }

  /// The same with an event about her, closed and let go of: its files can be exchanged.
  private static func closedStore() async throws -> (TemporaryStore, Receipt) {
    let (temporary, store) = try await Self.store()
    let receipt = try await store.append(Self.person)
    try await store.close()
    return (temporary, receipt)
  }

  private static func content(_ store: Store, _ receipt: Receipt) throws -> [UInt8]? {
    try store.content(of: #require(try store.event(at: receipt.position)))
  }

  /// Puts a file back over a database, its WAL gone.
  private static func put(_ bytes: Data, _ path: String) throws {
    for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
    try bytes.write(to: URL(fileURLWithPath: path))
  }

  @Test("every class of data about a person has a key of its own, which seals that class alone")
  func classes() async throws {
    let (temporary, store) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    let ids = try await store.subjects.register(["patient-0017"], dataClass: "voiceprint")
    let entry = try #require(try store.subjects.entry(ids[0]))
    #expect(entry.keys.map(\.dataClass) == ["default", "voiceprint"])
    #expect(Set(entry.keys.map(\.id)).count == 2)
    #expect(try store.subjects.id(of: "patient-0017") == entry.id)

    var event = Self.person
    let general = try await store.append(event)
    event.dataClass = "voiceprint"
    let voice = try await store.append(event)
    func keys(_ receipt: Receipt) throws -> [KeyID]? {
      try store.event(at: receipt.position)?.header.claim.keyIDs
    }
    #expect(try keys(general) == [entry.keys[0].id])
    #expect(try keys(voice) == [entry.keys[1].id])
    event.dataClass = "psychotherapy-notes"
    let error = await #expect(throws: CustodyError.self) { try await store.append(event) }
    #expect(error?.code == .unknownSubject)
    // Registering again changes nothing.
    let size = try store.head().size
    #expect(try await store.subjects.register(["patient-0017"], dataClass: "voiceprint") == ids)
    #expect(try store.head().size == size)
  }

  @Test("a key that is gone: nothing is written under it, nothing it sealed is read")
  func keyGone() async throws {
    let (temporary, store) = try await Self.store()
    let receipt = try await store.append(Self.person)
    var joint = Self.person
    joint.subjects.append(.identifier("patient-0042"))
    let both = try await store.append(joint)
    var other = Self.person
    other.subjects = [.identifier("patient-0042")]
    let hers = try await store.append(other)
    let key = try #require(try store.event(at: receipt.position)?.header.claim.keyIDs[0])
    // Another process that only reads has opened the content, and may have the key in memory.
    let earlier = try temporary.open(for: .contents)
    for reader in [store, earlier] { #expect(try Self.content(reader, receipt) != nil) }
    // Sealed, and not yet written, when the key goes: the writer asks again under the lock.
    let sealed = try store.sealing.seal([Self.person])
    try RawDatabase(temporary.keysFile).execute("DELETE FROM data_key WHERE id = x'\(key)'")

    let size = try store.head().size
    let late = await #expect(throws: CustodyError.self) {
      try await store.folder.ledger().append(sealed)
    }
    #expect(late?.code == .keyDestroyed)
    for event in [Self.person, joint] {
      let error = await #expect(throws: CustodyError.self) { try await store.append(event) }
      #expect(error?.code == .keyDestroyed)
    }
    #expect(try store.head().size == size)
    for reader in [earlier, store, try temporary.open(for: .contents), try temporary.open()] {
      #expect(try Self.content(reader, receipt) == nil)
      #expect(try Self.content(reader, both) == nil)
      #expect(try Self.content(reader, hers) == Self.person.content)
    }
    let report = try await store.verify(level: .contents)
    #expect(report.findings.allSatisfy { $0.rule == .keyMissing })
    #expect(report.findings.map(\.position?.value).contains(receipt.position.value))
    #expect(try await store.verify(level: .bodies).holds)
  }

  @Test(
    "a changed row of keys.sqlite opens nothing",
    arguments: ["id", "purpose", "epoch", "nonce", "wrapped"])
  func tamperedRow(column: String) async throws {
    let (temporary, store) = try await Self.store()
    let receipt = try await store.append(Self.person)
    let key = try #require(try store.event(at: receipt.position)?.header.claim.keyIDs[0])
    try await store.close()
    let database = try RawDatabase(temporary.keysFile)
    let row = "WHERE id = x'\(key)'"
    let value = try database.value("SELECT \(column) FROM data_key \(row)")
    let changes: [RawValue] =
      switch value {
      case .blob(let bytes):
        [.blob(bytes.flipped(at: 0)), .blob(bytes.flipped(at: bytes.count - 1))]
      default: [.text(Array("group".utf8))]
      }
    for change in changes {
      try database.execute("UPDATE data_key SET \(column) = \(change.literal) \(row)")
      let found = Result {
        try Self.content(try temporary.open(for: .contents), receipt)
      }
      switch (column, found) {
      case ("id", .success(nil)): break
      case (_, .failure(let error as CustodyError)):
        #expect([.damaged, .keyDestroyed].contains(error.code), "\(column): \(error)")
      default: Issue.record("\(column): \(found)")
      }
      // Verification names the event that cannot be opened, and goes on.
      let report = try await temporary.open(for: .contents).verify(level: .contents)
      #expect(report.findings.map(\.rule) == [.keyMissing, .keyMissing], "\(report.findings)")
      #expect(report.findings.last?.position == receipt.position)
      let restored = column == "id" ? "WHERE id = \(change.literal)" : row
      try database.execute("UPDATE data_key SET \(column) = \(value.literal) \(restored)")
    }
    #expect(try Self.content(temporary.open(for: .contents), receipt) == Self.person.content)
  }

  @Test("two wrapped keys exchanged open nothing")
  func exchangedRows() async throws {
    let (temporary, receipt) = try await Self.closedStore()
    try RawDatabase(temporary.keysFile).execute(
      """
      CREATE TEMP TABLE kept AS SELECT id, nonce, wrapped FROM data_key WHERE purpose = 'subject';
      UPDATE data_key SET (nonce, wrapped) =
        (SELECT nonce, wrapped FROM kept WHERE kept.id <> data_key.id)
      WHERE purpose = 'subject';
      """)
    let error = #expect(throws: CustodyError.self) {
      try Self.content(temporary.open(for: .contents), receipt)
    }
    #expect(error?.code == .damaged)
  }

  @Test(
    "a row that gives one person another's key is refused", arguments: ["subject_key", "subject"])
  func exchangedPeople(table: String) async throws {
    let (temporary, _) = try await Self.closedStore()
    let id = try #require(try temporary.open(for: .contents).subjects.id(of: "patient-0017"))
    try RawDatabase(temporary.keysFile).execute(
      """
      CREATE TEMP TABLE kept AS SELECT * FROM \(table);
      UPDATE \(table) SET key_id =
        (SELECT key_id FROM kept WHERE kept.subject_id <> \(table).subject_id);
      """)
    let store = try temporary.open()
    let subject: Subject = table == "subject" ? .key(id) : .identifier("patient-0017")
    let error = await #expect(throws: CustodyError.self) {
      try await store.append(
        NewEvent(stream: "a", type: "b.c", subjects: [subject], content: [1]))
    }
    #expect(error?.code == .damaged)
  }

  @Test("a keyring that holds what none can hold is told, and ends nothing")
  func malformedRows() async throws {
    let (temporary, receipt) = try await Self.closedStore()
    let good = try SmallStore.bytes(temporary.keysFile)
    for (table, change) in [
      ("data_key", "wrapped = NULL"), ("data_key", "purpose = NULL"), ("data_key", "epoch = 5"),
      ("data_key", "purpose = 'nothing'"), ("data_key", "nonce = 'text'"),
      ("subject_key", "key_id = NULL"), ("subject_key", "tag = NULL"), ("subject", "tag = 1"),
      ("migration", "sha256 = NULL"), ("migration", "name = NULL"),
    ] {
      try RawDatabase.withLooseTables(temporary.keysFile) {
        try $0.execute("PRAGMA ignore_check_constraints = ON; UPDATE \(table) SET \(change)")
      }
      let codes = [Store.Access.contents, .writing].map { access in
        SmallStore.code {
          let store = try temporary.open(for: access)
          _ = try Self.content(store, receipt)
          _ = try store.subjects.id(of: "patient-0017")
          _ = try store.subjects.all()
          _ = try store.keys.all()
        }
      }
      // An epoch key that is none is one that is gone; opening for writing compares before it reads.
      #expect(
        Set(codes).isSubset(of: [.damaged, .keyDestroyed, .needsRecovery]),
        "\(table): \(change): \(codes)")
      try Self.put(good, temporary.keysFile)
    }
    #expect(try Self.content(temporary.open(), receipt) == Self.person.content)
  }

  // MARK: - Rotation

  @Test("rotation rewraps every key, destroys the old epoch key and says so in the ledger")
  func rotation() async throws {
    let (temporary, store) = try await Self.store()
    let receipt = try await store.append(Self.person)
    let old = try store.keys.epoch()
    let wrapped = try RawDatabase(temporary.keysFile).rows("SELECT id, wrapped FROM data_key")
    let rotated = try await store.keys.rotate()
    #expect(rotated.destroyed == [old])
    #expect(try store.keys.epoch() == rotated.new)
    #expect(try Set(store.keys.all().map(\.epoch)) == [rotated.new])
    let after = try RawDatabase(temporary.keysFile).rows("SELECT id, wrapped FROM data_key")
    #expect(after.map { $0[0] } == wrapped.map { $0[0] })
    #expect(Set(after.map { $0[1] }).isDisjoint(with: wrapped.map { $0[1] }))
    let secrets = try FileManager.default.contentsOfDirectory(atPath: temporary.secrets)
    #expect(secrets.filter { $0.hasPrefix("epoch") } == ["epoch-\(rotated.new).key"])

    var types: [String] = []
    for try await event in store.events(EventFilter(stream: "ledger", from: receipt.position)) {
      types.append(event.header.claim.type.text)
      let content = String(decoding: try #require(try store.content(of: event)), as: UTF8.self)
      #expect(content.contains(types.count == 1 ? rotated.new.hex : old.hex))
    }
    #expect(types == ["key.created", "key.destroyed"])
    #expect(try Self.content(store, receipt) == Self.person.content)
    #expect(try await store.append(Self.person).position.value == receipt.position.value + 3)
    #expect(try await store.verify(level: .contents).holds)
  }

  @Test("a copy of keys.sqlite from before a rotation is dead, and harms nothing")
  func oldCopy() async throws {
    let (temporary, receipt) = try await Self.closedStore()
    let old = try Data(contentsOf: URL(fileURLWithPath: temporary.keysFile))
    do {
      let store = try temporary.open()
      _ = try await store.keys.rotate()
      try await store.close()
    }
    let current = try Data(contentsOf: URL(fileURLWithPath: temporary.keysFile))

    try Self.put(old, temporary.keysFile)
    for access in [Store.Access.contents, .writing] {
      let error = #expect(throws: CustodyError.self) {
        try Self.content(temporary.open(for: access), receipt)
      }
      #expect(error?.code == (access == .writing ? .needsRecovery : .keyDestroyed))
    }
    let condition = try temporary.open(for: .reading).status().condition
    #expect(condition.name == "stale key", "\(condition)")
    // The mistake can be mended: nothing was destroyed for it.
    try Self.put(current, temporary.keysFile)
    #expect(try Self.content(temporary.open(), receipt) == Self.person.content)
  }

  @Test("an emptied keys.sqlite is not taken for a keyring that uses no epoch key")
  func emptied() async throws {
    for sql in ["", "DELETE FROM data_key"] {
      let (temporary, receipt) = try await Self.closedStore()
      let current = try Data(contentsOf: URL(fileURLWithPath: temporary.keysFile))
      if sql.isEmpty {
        try Self.put(Data(), temporary.keysFile)
      } else {
        try RawDatabase(temporary.keysFile).execute(sql)
      }
      #expect(throws: CustodyError.self) { try temporary.open() }
      try Self.put(current, temporary.keysFile)
      #expect(try Self.content(temporary.open(), receipt) == Self.person.content)
    }
  }

  @Test("what a crash left of a rotation is destroyed at the next opening")
  func leftovers() async throws {
    let (temporary, store) = try await Self.store()
    let receipt = try await store.append(Self.person)
    try await store.close()
    let epoch = "epoch-\(try store.keys.epoch()).key"
    // One that was written whole and one that was not.
    let whole = "\(temporary.secrets)/epoch-\(String(repeating: "a", count: 32)).key"
    let half = "\(temporary.secrets)/epoch-\(String(repeating: "b", count: 32)).key"
    try FileManager.default.copyItem(atPath: "\(temporary.secrets)/\(epoch)", toPath: whole)
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: half))
    // Reading leaves everything as it is.
    #expect(try Self.content(temporary.open(for: .contents), receipt) == Self.person.content)
    #expect(FileManager.default.fileExists(atPath: whole))

    let reopened = try temporary.open()
    #expect(!FileManager.default.fileExists(atPath: whole))
    #expect(!FileManager.default.fileExists(atPath: half))
    #expect(try Self.content(reopened, receipt) == Self.person.content)
  }

  @Test("a rotation in one process is followed by another that was open all along")
  func rotationElsewhere() async throws {
    let (temporary, store) = try await Self.store()
    let receipt = try await store.append(Self.person)
    let reader = try temporary.open(for: .contents)
    let other = try temporary.open()
    _ = try await other.keys.rotate()
    #expect(try Self.content(reader, receipt) == Self.person.content)
    try await store.subjects.register(["patient-1984"])
    try await store.append(
      NewEvent(stream: "a", type: "b.c", subjects: [.identifier("patient-1984")], content: [1]))
    try await other.append(Self.person)
    #expect(try Set(store.keys.all().map(\.epoch)) == [try other.keys.epoch()])
    #expect(try await store.verify(level: .contents).holds)
  }

  // MARK: - Nothing in the open

  @Test("no identifier, content or class key stands readable in any file, WAL included")
  func nothingReadable() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let identifier = "Rosalind-Elsie-Franklin"
    let words = "photograph fifty-one shows a helix"
    try await store.subjects.register([identifier])
    for index in 0..<5 {
      let text = String(repeating: words + " ", count: index == 4 ? 400 : 1)
      try await store.append(
        NewEvent(
          stream: "image/\(index)", type: "image.taken", subjects: [.identifier(identifier)],
          content: Array(text.utf8)))
    }
    try await store.append(
      NewEvent(stream: "image/9", type: "image.taken", content: Array(words.utf8)))
    _ = try await store.keys.rotate()
    try await store.projections.catchUp()
    try Self.expectNowhere([identifier, words], in: temporary.folder, atLeast: 12)
    try await store.close()
    _ = try await temporary.copyLedger()
    try Self.expectNowhere([identifier, words], in: temporary.folder, atLeast: 10)
    // The search would find what is there.
    #expect(try Self.files(temporary.folder).contains { $0.bytes.contains(word: "image.taken") })
  }

  private static func expectNowhere(
    _ texts: [String], in folder: String, atLeast count: Int
  ) throws {
    let files = try files(folder)
    #expect(files.count >= count, "\(files.map(\.name))")
    for file in files {
      for text in texts {
        // As it is, in hexadecimal digits, and without its first bytes.
        let hex = text.utf8.map { String($0, radix: 16) }.joined()
        for form in [text, text.lowercased(), hex, hex.uppercased(), String(text.dropFirst(4))] {
          #expect(!file.bytes.contains(word: form), "\(file.name) holds \(form)")
        }
      }
    }
  }

  private static func files(_ folder: String) throws -> [(name: String, bytes: Data)] {
    let names = try #require(FileManager.default.enumerator(atPath: folder))
    return try names.compactMap { name in
      let url = URL(fileURLWithPath: "\(folder)/\(name)")
      guard try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else {
        return nil
      }
      return ("\(name)", try Data(contentsOf: url))
    }
  }
}

extension Data {
  fileprivate func contains(word: String) -> Bool { range(of: Data(word.utf8)) != nil }
}
