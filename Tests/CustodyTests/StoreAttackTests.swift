import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("What is done to the files of a store is noticed", .timeLimit(.minutes(6)))
struct StoreAttackTests {
  /// A closed store with events, people and records, its projections up to date.
  private static func store() async throws -> DatasetPlace {
    let place = try await DatasetPlace()
    try await place.table("id,client\n1,p-0001\n2,p-0002\n")
    try await place.store.projections.catchUp()
    try await place.store.close()
    return place
  }

  // MARK: - Older copies

  /// Some files as they were, and what tells: at that level, and at none below.
  struct OlderCopy: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let names: [String]
    var code: CustodyError.Code?
    var found: (rule: Finding.Rule, level: VerificationLevel)?
  }

  static let olderCopies = [
    OlderCopy(
      testDescription: "the ledger", names: ["store/ledger.sqlite"], code: .needsRecovery,
      found: (.checkpointBeyondEnd, .head)),
    OlderCopy(
      testDescription: "the keyring, of the same epoch", names: ["store/keys.sqlite"],
      code: .needsRecovery, found: (.keyMissing, .contents)),
    OlderCopy(
      testDescription: "the objects", names: ["store/objects.sqlite"],
      found: (.objectMissing, .contents)),
    OlderCopy(
      testDescription: "ledger, keyring and objects",
      names: ["store/ledger.sqlite", "store/keys.sqlite", "store/objects.sqlite"],
      code: .needsRecovery, found: (.checkpointBeyondEnd, .head)),
    OlderCopy(
      testDescription: "the ledger and the signer's state",
      names: ["store/ledger.sqlite", "secrets/signer.state"], code: .needsRecovery,
      found: (.checkpointBeyondEnd, .head)),
    OlderCopy(
      testDescription: "everything but the guard", names: ["store", "secrets"],
      code: .needsRecovery, found: (.checkpointBeyondEnd, .head)),
    // It is told of everything first, so it knows less than the ledger only when it was put back.
    OlderCopy(testDescription: "the guard", names: ["guard"], code: .needsRecovery),
    // These only say what was so: nothing is lost with them.
    OlderCopy(testDescription: "the anchors", names: ["store/anchors"]),
    OlderCopy(testDescription: "the signer's state", names: ["secrets/signer.state"]),
    OlderCopy(testDescription: "the projections", names: ["store/projections.sqlite"]),
  ]

  @Test("an older copy of some files, or of all", arguments: olderCopies)
  func older(copy: OlderCopy) async throws {
    let place = try await Self.store()
    let folder = place.temporary.folder
    let old = "\(folder)/old"
    try FileManager.default.createDirectory(atPath: old, withIntermediateDirectories: false)
    for name in ["store", "secrets", "guard"] {
      try FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: "\(old)/\(name)")
    }
    let store = try place.temporary.open()
    try place.write(place.target("next"), "id,client\n1,p-0001\n2,p-0003\n")
    try await store.datasets.commit("table", place.target("next"))
    try await store.projections.catchUp()
    try await store.close()

    for name in copy.names {
      // A database takes its log along.
      for suffix in name.hasSuffix(".sqlite") ? ["", "-wal", "-shm"] : [""] {
        try? FileManager.default.removeItem(atPath: "\(folder)/\(name)\(suffix)")
        try? FileManager.default.copyItem(
          atPath: "\(old)/\(name)\(suffix)", toPath: "\(folder)/\(name)\(suffix)")
      }
    }
    for level in VerificationLevel.allCases where level < .projections {
      let report = try await place.temporary.open(for: .contents).verify(level: level)
      guard let found = copy.found, level >= found.level else {
        #expect(report.holds, "\(level): \(report.findings)")
        continue
      }
      #expect(report.findings.contains { $0.rule == found.rule }, "\(level): \(report.findings)")
    }
    #expect(SmallStore.code { try place.temporary.open() } == copy.code)
  }

  // MARK: - Two of them

  @Test("two stores grown from one copy, each with a guard of its own, are two histories")
  func grownApart() async throws {
    let first = try await SmallStore.make()
    let second = try TemporaryStore()
    for name in ["store", "secrets", "guard"] {
      try FileManager.default.copyItem(
        atPath: "\(first.folder)/\(name)", toPath: "\(second.folder)/\(name)")
    }
    let settings = "\(second.path)/custody.yaml"
    try String(contentsOfFile: settings, encoding: .utf8)
      .replacing(first.folder, with: second.folder)
      .write(toFile: settings, atomically: false, encoding: .utf8)
    try await SmallStore.append(first, 1)
    try await SmallStore.append(second, 3)
    // Nothing in either tells: both are signed with the same key, and no guard saw the other.
    for store in [first, second] {
      #expect(try await store.open(for: .contents).verify(level: .contents).holds)
      #expect(try store.open().status().condition == .clean)
    }
    let note = try String(contentsOfFile: "\(first.path)/anchors/newest.note", encoding: .utf8)
    let key = try first.open(for: .reading).verifierKey
    for level in [VerificationLevel.head, .headers, .bodies] {
      let report = try await Store.verify(
        file: second.ledgerFile, level: level, keys: [key], anchors: [("of the first", note)])
      #expect(report.findings.map(\.rule) == [.checkpointMismatch], "\(level): \(report.findings)")
    }
    guard PageVerifier.isThere else { return }
    let answer = try await PageVerifier.ask(
      [second.ledgerFile, "--vkey", "\(key)", "--anchor", "\(first.path)/anchors/newest.note"])
    #expect(!answer.holds, "\(answer)")
  }

  @Test("a writer that does not look where another one wrote is refused by the database itself")
  func twoWriters() async throws {
    let temporary = try await SmallStore.make()
    let ledgerID = try temporary.open(for: .reading).ledgerID
    let database = try RawDatabase(temporary.ledgerFile)
    let blind = try LedgerWriter(database.handle, ledgerID: ledgerID)
    try blind.refresh()
    try await SmallStore.append(temporary)
    let event = try PendingEvent.system(
      .keyCreated(.init(purpose: .run, key: KeyID())), ledgerID: ledgerID, actor: Name("uid:1"),
      environment: .system)
    #expect(throws: (any Error).self) {
      try blind.append(event, at: Environment.system.now()) { _ in nil }
    }
    let opened = try temporary.open()
    #expect(try opened.head().size == 7)
    #expect(try await opened.verify(level: .contents).holds)
  }

  // MARK: - Links and permissions

  /// What stands for the file itself when it was moved away and linked to.
  enum Outcome: Sendable {
    /// Nobody opens the store.
    case refused
    /// Whoever needs it is refused; reading needs it not.
    case refusedWithKeys
    /// Whoever writes is refused.
    case refusedForWriting
    /// Verification finds it.
    case found(Finding.Rule)
  }

  static let links: [(name: String, outcome: Outcome)] = [
    ("store/custody.yaml", .refused), ("store/ledger.sqlite", .refused),
    ("store/keys.sqlite", .refused), ("store/objects.sqlite", .refused),
    ("store/projections.sqlite", .refused), ("store/lock", .refusedForWriting),
    ("store/anchors/newest.note", .found(.checkpointMalformed)),
    ("secrets/root.key", .refusedWithKeys), ("secrets/signing.key", .refusedWithKeys),
    ("secrets/signer.state", .found(.checkpointMalformed)),
    ("guard/signer.state", .found(.checkpointMalformed)),
    ("guard/checkpoint", .found(.checkpointMalformed)), ("guard/lock", .refusedForWriting),
  ]

  @Test("a link to the very file in its place", arguments: links)
  func link(name: String, outcome: Outcome) async throws {
    let place = try await Self.store()
    let path = "\(place.temporary.folder)/\(name)"
    let elsewhere = "\(place.temporary.folder)/elsewhere"
    try FileManager.default.moveItem(atPath: path, toPath: elsewhere)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: elsewhere)
    let codes = SmallStore.accesses.map { access in
      SmallStore.code { try place.temporary.open(for: access) }
    }
    switch outcome {
    case .refused: #expect(codes == [.damaged, .damaged, .damaged])
    case .refusedWithKeys: #expect(codes == [nil, .damaged, .damaged])
    case .refusedForWriting:
      let code = try await Self.writing(place)
      #expect(code == .damaged)
    case .found(let rule):
      for level in [VerificationLevel.head, .bodies] {
        let report = try await place.temporary.open(for: .reading).verify(level: level)
        #expect(report.findings.map(\.rule) == [rule], "\(level): \(report.findings)")
      }
    }
  }

  /// Why an event cannot be appended and signed.
  private static func writing(_ place: DatasetPlace) async throws -> CustodyError.Code? {
    do {
      try await SmallStore.append(place.temporary)
      return nil
    } catch {
      return (error as? CustodyError)?.code
    }
  }

  @Test("permissions opened up are named, file by file")
  func permissions() async throws {
    let place = try await Self.store()
    let folder = place.temporary.folder
    func open() throws -> [String] {
      try place.temporary.open(for: .reading).diagnose(programVersion: "test")
        .filter { $0.subject == "permissions" && $0.verdict != .good }
        .compactMap { $0.advice?.split(separator: " ").last.map(String.init) }
    }
    #expect(try open().isEmpty)
    let key = try #require(
      try FileManager.default.contentsOfDirectory(atPath: place.temporary.secrets)
        .first { $0.hasPrefix("epoch-") })
    for name in [
      "store", "store/custody.yaml", "store/ledger.sqlite", "store/keys.sqlite",
      "store/objects.sqlite", "store/projections.sqlite", "store/anchors",
      "store/anchors/newest.note", "secrets", "secrets/root.key", "secrets/signing.key",
      "secrets/\(key)", "secrets/signer.state", "guard", "guard/signer.state", "guard/checkpoint",
    ] {
      let path = "\(folder)/\(name)"
      let mode = try #require(FileAttributes.mode(path))
      for bit in [0o040, 0o004, 0o002] as [mode_t] {
        #expect(chmod(path, mode | bit) == 0)
        #expect(try open() == [path])
        #expect(chmod(path, mode) == 0)
      }
    }
  }
}
