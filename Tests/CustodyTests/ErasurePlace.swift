import Custody
import CustodyProjections
import CustodyStore
import CustodyTesting
import Foundation

/// A store in which two people are everywhere that data can be: events, two versions of a table, a
/// file of several pieces, and what a run made of it.
struct ErasurePlace {
  static let person = "patient-0017"
  static let other = "patient-0018"
  /// Words that stand in what is about her, each in another place.
  static let canaries = [
    "canary-event", "canary-row-one", "canary-row-two", "canary-key", "canary-file", "canary-bytes",
    "canary-parameter", "canary-output", person,
  ]

  let temporary: TemporaryStore
  let identical = "said the same"

  func path(_ name: String) -> String { "\(temporary.folder)/\(name)" }
  func open(_ access: Store.Access = .writing) throws -> Store { try temporary.open(for: access) }

  /// - Parameter fileSize: bytes of a file about each of the two; of several pieces as it is.
  init(fileSize: Int = 1_200_000) async throws {
    temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.subjects.register([Self.person, Self.other])
    for person in [Self.person, Self.other] {
      try await store.append(
        NewEvent(
          stream: "notes", type: "note.made", subjects: [.identifier(person)],
          content: Array("canary-event of \(person): \(identical)".utf8)))
    }
    try await store.datasets.create("table", kind: .csv, key: "id", subject: "person")
    try await commitTable(store, "canary-row-one", first: true)
    try await commitTable(store, "canary-row-two", first: false)
    try await commitFiles(store, fileSize)
    try await run(store)
    try await store.close()
  }

  private func commitTable(_ store: Store, _ word: String, first: Bool) async throws {
    var text = "id,person,words\n"
    for (person, key) in [(Self.person, "canary-key"), (Self.other, "other-key")] {
      text += "\(key)-1,\(person),\(identical)\n\(key)-2,\(person),\(word) of \(person)\n"
    }
    // What somebody else's record says changes too.
    text += "third,patient-0019,\(first ? "before" : "after")\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path("table.csv")))
    try await store.datasets.commit("table", path("table.csv"))
  }

  private func commitFiles(_ store: Store, _ size: Int) async throws {
    let folder = path("files")
    for person in [Self.person, Self.other] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(person)", withIntermediateDirectories: true)
      // Equal contents of two people, which do not compress away.
      var random = SeededGenerator(7)
      let bytes = Array("canary-bytes".utf8) + random.bytes(size)
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(person)/canary-file.wav"))
    }
    try await store.datasets.create(
      "recordings", kind: .files, subject: "path:([^/]+)/")
    try await store.datasets.commit("recordings", folder)
  }

  private func run(_ store: Store) async throws {
    var step = RunStep(
      job: "clean", command: ["sh", "-c", "echo canary-output; cp {in:table} {out:cleaned}"])
    (step.inputs, step.outputs, step.key) = ([.init("table")], [.init("cleaned")], "id")
    step.parameters = [("note", "canary-parameter")]
    _ = try await store.runs.run(step, appendEvents: { _, _ in 0 })
  }

  func roots(_ store: Store) throws -> [Digest] {
    try ["table", "recordings", "cleaned"].flatMap {
      try store.datasets.versions(of: $0).map(\.root)
    }
  }

  /// A version of the table as a file, and how many records it lacks.
  func restored(_ store: Store, _ version: String) async throws -> (text: String, missing: Int) {
    let target = path("restored-\(UUID().uuidString).csv")
    let restored = try await store.datasets.restore("table", version, to: target)
    return (try String(contentsOfFile: target, encoding: .utf8), restored.missing)
  }

  /// Every file of store, secrets and guard.
  func files() throws -> [(path: String, bytes: Data)] {
    let folders = [temporary.path, temporary.secrets, temporary.guardFolder]
    return try folders.flatMap { folder in
      try (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? [])
        .map { "\(folder)/\($0)" }
        .filter { !FileIO.isFolder($0) }.map { ($0, try SmallStore.bytes($0)) }
    }
  }

  /// The sealed forms of everything under keys, as SQLite has them now, without what serves the
  /// erasure: pieces of 16 bytes, at places that differ from those that Custody looks for.
  func sealedPieces(under keys: [KeyID]) throws -> [Data] {
    let ids = Set(keys)
    var pieces: [Data] = []
    func add(_ bytes: [UInt8]) {
      for start in stride(from: bytes.count - 40, to: 0, by: -15_000) {
        pieces.append(Data(bytes[start..<start + 16]))
      }
    }
    func names(_ bytes: some Collection<UInt8>) -> Bool {
      let bytes = Array(bytes)
      return stride(from: 0, to: bytes.count, by: 16).contains {
        ids.contains(KeyID(bytes[$0..<$0 + 16])!)
      }
    }
    let ledger = try RawDatabase(temporary.ledgerFile)
    for row in try ledger.rows("SELECT key_ids, body FROM event WHERE body IS NOT NULL")
    where names(row[0].bytes) { add(row[1].bytes) }
    let objects = try RawDatabase("\(temporary.path)/objects.sqlite")
    for row in try objects.rows("SELECT bytes FROM object") {
      let bytes = row[0].bytes
      // Magic, version, flags and ledger stand before the number of keys; their ids after it.
      if names(bytes[23..<(23 + Int(bytes[22]) * 16)]) { add(Array(bytes[100...])) }
    }
    let keyring = try RawDatabase(temporary.keysFile)
    for row in try keyring.rows("SELECT id, wrapped FROM data_key") where names(row[0].bytes) {
      pieces.append(Data(row[1].bytes.prefix(16)))
    }
    return pieces
  }

  /// The files in which some pieces stand.
  func left(_ pieces: [Data]) throws -> [String] {
    try files().filter { file in pieces.contains { file.bytes.range(of: $0) != nil } }.map(\.path)
  }

  // MARK: - After a kill

  init(copying place: ErasurePlace) throws { temporary = try place.temporary.copied() }

  /// What is not as it should be once she is erased; empty when everything is.
  func faults(_ pieces: [Data]) async throws -> [String] {
    var faults: [String] = []
    let store = try open(.contents)
    let report = try await store.verify(level: .contents)
    if !report.holds { faults.append("\(report.findings)") }
    if try store.subjects.id(of: Self.person) != nil { faults.append("she is known") }
    if try store.subjects.id(of: Self.other) == nil { faults.append("the other is unknown") }
    if try !store.isErasureCompleted { faults.append("nothing says that it is done") }
    if try !store.engine.compare().allSatisfy(\.isEqual) { faults.append("projections differ") }
    if try store.folder.condition() != .clean { faults.append("\(try store.folder.condition())") }
    let names = try FileIO.names(in: temporary.path)
    if names.contains(where: { $0.hasPrefix("needles") }) { faults.append("needles are left") }
    return try faults + left(pieces)
  }
}
