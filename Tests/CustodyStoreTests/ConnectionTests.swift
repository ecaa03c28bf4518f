import CSQLiteShim
import Custody
import CustodyLedger
import CustodyStore
import CustodyTesting
import Foundation
import GRDB
import Testing

@Suite("Every kind of connection keeps the settings that the promises rest on")
struct ConnectionTests {
  /// The ways in which a database of a store is opened.
  enum Kind: CaseIterable {
    case ledgerWriter, keysWriter, ledgerReader, keysReader, verifierOfLiveLedger, verifierOfExport

    var isWriter: Bool { self == .ledgerWriter || self == .keysWriter }
  }

  /// A connection, held open.
  private enum Opened {
    case queue(DatabaseQueue)
    case readOnly(ReadOnlyDatabase)

    func pragma(_ name: String) throws -> String {
      try withHandle { handle in
        let query = try HotStatement(handle, "PRAGMA \(name)")
        return try query.step() ? query.text(0) : ""
      }
    }

    /// What `sqlite3_db_config` says of a switch; a value of -1 only asks.
    func configuration(_ option: Int32) throws -> Int32 {
      try withHandle { handle in
        var now: Int32 = -1
        #expect(custody_db_config(handle, option, -1, &now) == SQLITE_OK)
        return now
      }
    }

    private func withHandle<R>(_ body: (OpaquePointer) throws -> R) throws -> R {
      switch self {
      case .queue(let queue): try queue.unsafeRead { try body($0.sqliteConnection!) }
      case .readOnly(let database): try body(database.handle)
      }
    }
  }

  private static func folder(
    _ store: TemporaryStore, for access: StoreFolder.Access
  ) throws -> StoreFolder {
    try StoreFolder.open(store.path, for: access) { throw Passphrase.missing }
  }

  private static func open(_ kind: Kind, of store: TemporaryStore) async throws -> Opened {
    switch kind {
    case .ledgerWriter: .queue(try folder(store, for: .write).ledger().connection)
    case .keysWriter: .queue(try #require(try folder(store, for: .write).keyring).connection)
    case .ledgerReader: .queue(try Connection.reader(store.ledgerFile))
    case .keysReader: .queue(try #require(try folder(store, for: .keys).keyring).connection)
    case .verifierOfLiveLedger: .readOnly(try ReadOnlyDatabase(path: store.ledgerFile))
    case .verifierOfExport: .readOnly(try ReadOnlyDatabase(path: try await store.copyLedger()))
    }
  }

  @Test("read back, they are as promised", arguments: Kind.allCases)
  func settings(kind: Kind) async throws {
    let store = try TemporaryStore()
    try await store.create().close()
    let connection = try await Self.open(kind, of: store)

    #expect(try connection.configuration(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE) == 1)
    #expect(try connection.pragma("wal_autocheckpoint") == "0")
    #expect(try connection.pragma("secure_delete") == "1")
    #expect(try connection.pragma("temp_store") == "2")
    #expect(try connection.pragma("trusted_schema") == "0")
    #expect(try connection.pragma("page_size") == "8192")
    if kind.isWriter { #expect(try connection.pragma("synchronous") == "2") }
    if kind != .verifierOfExport { #expect(try connection.pragma("journal_mode") == "wal") }
  }

  @Test("a writer keeps them when it has written", arguments: [Kind.ledgerWriter, .keysWriter])
  func settingsAfterCommit(kind: Kind) async throws {
    let store = try TemporaryStore()
    try await store.create().close()
    let connection = try await Self.open(kind, of: store)
    guard case .queue(let queue) = connection else { return }
    try await queue.write { try $0.execute(sql: "UPDATE migration SET name = name") }
    #expect(try connection.pragma("synchronous") == "2")
    #expect(try connection.pragma("wal_autocheckpoint") == "0")
    #expect(try connection.configuration(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE) == 1)
  }

  @Test("a reader's and a verifier's connection cannot write")
  func readersCannotWrite() async throws {
    let store = try TemporaryStore()
    try await store.create().close()
    for kind in [Kind.ledgerReader, .keysReader] {
      guard case .queue(let queue) = try await Self.open(kind, of: store) else { continue }
      #expect(throws: DatabaseError.self) {
        try queue.unsafeReentrantWrite { try $0.execute(sql: "DELETE FROM migration") }
      }
    }
    let verifier = try ReadOnlyDatabase(path: store.ledgerFile)
    #expect(throws: SQLiteError.self) {
      try HotStatement(verifier.handle, "DELETE FROM migration").run()
    }
  }

  @Test("closing the last connection leaves the WAL and the database as they are")
  func closingLeavesTheLog() async throws {
    let store = try TemporaryStore()
    try await store.create().close()
    for path in [store.ledgerFile, store.keysFile] {
      try await Connection.writer(path).write {
        try $0.execute(sql: "UPDATE migration SET name = 'other'")
      }
      // The writer is gone, and with it the last connection.
      let log = try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
      let main = try Data(contentsOf: URL(fileURLWithPath: path))
      #expect(log.count > Connection.pageSize)

      _ = try await Connection.reader(path).read { try Int.fetchOne($0, sql: "SELECT 1") }
      _ = try ReadOnlyDatabase(path: path)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path + "-wal")) == log)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == main)
      #expect(
        try RawDatabase(path).integer("SELECT count(*) FROM migration WHERE name <> 'other'") == 0)
    }
  }

  @Test("a WAL is copied and emptied only under the store's lock")
  func checkpointsNeedTheLock() async throws {
    let store = try TemporaryStore()
    let opened = try await store.create()
    try await opened.append(NewEvent(stream: "a", type: "b.c", content: [1]))
    #expect(WriteAheadLog.size(store.ledgerFile) > 0)

    let lock = try Lock(on: "\(store.path)/lock")
    let closing = Task { try await opened.close() }
    try await Task.sleep(for: .milliseconds(200))
    #expect(WriteAheadLog.size(store.ledgerFile) > 0)
    lock.release()
    try await closing.value
    #expect(WriteAheadLog.size(store.ledgerFile) == 0)
  }

  /// The store's lock in other hands.
  private struct Lock {
    let file: Int32

    init(on path: String) throws {
      file = Foundation.open(path, O_RDWR)
      try #require(flock(file, LOCK_EX) == 0)
    }

    func release() { Foundation.close(file) }
  }

  @Test("a writer that cannot have WAL and full synchronization is refused")
  func settingsAreChecked() throws {
    // A database in memory cannot be in WAL mode.
    let error = #expect(throws: CustodyError.self) { try Connection.writer(":memory:") }
    #expect(error?.code == .io)
  }

  @Test("no other file of the sources opens a database")
  func connectionsAreMadeInOnePlace() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources")
    let places = [
      "Connection.swift": ["DatabaseQueue(path"],
      "ReadOnlyDatabase.swift": ["sqlite3_open_v2("],
      "SchemaCheck.swift": ["sqlite3_open("],
    ]
    let openers = [
      "DatabaseQueue(path", "DatabaseQueue(named", "DatabaseQueue()", "DatabasePool(",
      "sqlite3_open(", "sqlite3_open_v2(", "sqlite3_open16(",
    ]
    let files = try #require(FileManager.default.enumerator(atPath: sources.path))
    for case let name as String in files where name.hasSuffix(".swift") {
      let text = try String(contentsOf: sources.appending(path: name), encoding: .utf8)
      let found = openers.filter { text.contains($0) }
      #expect(found == places[(name as NSString).lastPathComponent, default: []], "\(name)")
    }
  }
}
