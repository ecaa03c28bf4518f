import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Files that are not what they seem harm nobody", .timeLimit(.minutes(6)))
struct HostileFileTests {
  /// What stands where a file belongs.
  enum Disguise: String, CaseIterable, CustomTestStringConvertible {
    case pipe, folder, link, huge
    var testDescription: String { rawValue }

    func put(at path: String) throws {
      try? FileManager.default.removeItem(atPath: path)
      switch self {
      case .pipe: #expect(mkfifo(path, 0o600) == 0)
      case .folder:
        try FileManager.default.createDirectory(
          atPath: path, withIntermediateDirectories: false)
      case .link:
        try FileManager.default.createSymbolicLink(
          atPath: path, withDestinationPath: "/dev/zero")
      case .huge:
        // Sparse: its size is what matters.
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        #expect(truncate(path, 1 << 40) == 0)
      }
    }
  }

  @Test("in the place of a witness: a finding, and no waiting", arguments: Disguise.allCases)
  func witnesses(disguise: Disguise) async throws {
    let temporary = try await SmallStore.make()
    for path in [
      "\(temporary.path)/anchors/newest.note", "\(temporary.path)/anchors/other.note",
      "\(temporary.guardFolder)/signer.state", "\(temporary.secrets)/signer.state",
      "\(temporary.guardFolder)/checkpoint",
    ] {
      let before = FileManager.default.contents(atPath: path)
      try disguise.put(at: path)
      let report = try await temporary.open(for: .reading).verify()
      #expect(report.findings.map(\.rule) == [.checkpointMalformed], "\(path)")
      try FileManager.default.removeItem(atPath: path)
      if let before { try before.write(to: URL(fileURLWithPath: path)) }
    }
    #expect(try await temporary.open(for: .reading).verify().holds)
  }

  @Test("in the place of settings or secrets: refused", arguments: Disguise.allCases)
  func settings(disguise: Disguise) async throws {
    for name in ["store/custody.yaml", "secrets/root.key", "secrets/signing.key"] {
      let temporary = try await SmallStore.make()
      try disguise.put(at: "\(temporary.folder)/\(name)")
      if disguise == .huge || disguise == .pipe { chmod("\(temporary.folder)/\(name)", 0o600) }
      let code = SmallStore.code { try temporary.open() }
      #expect([.damaged, .keyFileMode].contains(code), "\(name): \(String(describing: code))")
    }
  }

  @Test(
    "in the place of a database: refused, and no waiting",
    arguments: [Disguise.pipe, .folder, .link])
  func databases(disguise: Disguise) async throws {
    for name in ["ledger.sqlite", "keys.sqlite"] {
      let temporary = try await SmallStore.make()
      let path = "\(temporary.path)/\(name)"
      try disguise.put(at: path)
      for access in SmallStore.accesses where name == "ledger.sqlite" || access != .reading {
        let code = SmallStore.code { try temporary.open(for: access) }
        #expect(
          code == (access == .writing && disguise != .link ? .needsRecovery : .damaged),
          "\(name), \(access)")
      }
      let report = try? await Store.verify(file: path)
      #expect(report?.holds != true)
    }
  }

  @Test("anchors that are gone make the store read-only")
  func noAnchors() async throws {
    let temporary = try await SmallStore.make()
    try FileManager.default.removeItem(atPath: "\(temporary.path)/anchors")
    #expect(SmallStore.code { try temporary.open() } == .needsRecovery)
    guard case .missing = try temporary.open(for: .reading).status().condition else {
      Issue.record("\(try temporary.open(for: .reading).status().condition)")
      return
    }
  }

  @Test("a trigger in the keyring keeps it from being written to")
  func keyringTrigger() async throws {
    let temporary = try await SmallStore.make()
    try RawDatabase(temporary.keysFile).execute(
      """
      CREATE TRIGGER keeps AFTER DELETE ON data_key BEGIN
        INSERT INTO data_key VALUES (OLD.id, OLD.purpose, OLD.class, OLD.epoch, OLD.nonce, OLD.wrapped);
      END
      """)
    #expect(SmallStore.code { try temporary.open() } == .needsRecovery)
  }

  @Test("a trigger in the ledger keeps it from being written to")
  func trigger() async throws {
    let temporary = try await SmallStore.make()
    try RawDatabase(temporary.ledgerFile).execute(
      """
      CREATE TRIGGER quietly AFTER INSERT ON event BEGIN
        DELETE FROM event WHERE position = 4;
      END
      """)
    #expect(SmallStore.code { try temporary.open() } == .needsRecovery)
    #expect(try RawDatabase(temporary.ledgerFile).integer("SELECT count(*) FROM event") == 6)
  }

  @Test("a checkpoint of a size that no ledger has neither stops reading nor is believed")
  func hugeCheckpoint() async throws {
    for size in ["9223372036854775807", "-1", "1000000"] {
      let temporary = try await SmallStore.make()
      try RawDatabase(temporary.ledgerFile).execute(
        "INSERT INTO checkpoint (size, note) VALUES (\(size), 'no note')")
      let report = try await temporary.open(for: .reading).verify()
      #expect(!report.holds, "\(size)")
      _ = SmallStore.code { try temporary.open(for: .reading).status() }
      let code = SmallStore.code { try temporary.open() }
      #expect([nil, .needsRecovery, .damaged].contains(code), "\(size)")
    }
  }

  /// An index that its schema calls whole, made over some rows only.
  @Test(
    "an event that an index hides is missed",
    arguments: [
      ("event_by_stream", "CREATE UNIQUE INDEX event_by_stream ON event (stream, revision)"),
      ("sqlite_autoindex_event_1", nil as String?),
    ])
  func hiddenByIndex(name: String, sql: String?) async throws {
    let copy = try await TamperedCopy()
    let database = try RawDatabase(copy.path)
    if let sql {
      let schema = try database.value("SELECT sql FROM sqlite_master WHERE name = '\(name)'")
      try database.execute(
        """
        DROP INDEX \(name); \(sql) WHERE position <> 9;
        PRAGMA writable_schema = ON;
        UPDATE sqlite_master SET sql = \(schema.literal) WHERE name = '\(name)';
        """)
    } else {
      // The same for the index of a constraint: another one's pages in its place.
      try database.execute(
        """
        CREATE UNIQUE INDEX other ON event (event_id) WHERE position <> 9;
        PRAGMA writable_schema = ON;
        UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'other')
        WHERE name = '\(name)';
        DELETE FROM sqlite_master WHERE name = 'other';
        """)
    }
    let report = try await copy.verify(.headers)
    #expect(report.findings.map(\.rule) == [.schemaChanged], "\(report.findings)")
    #expect(report.findings.first?.expected.contains(name) == true)
  }
}
