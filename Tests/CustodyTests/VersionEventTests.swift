import Custody
import CustodyModel
import CustodyProjections
import CustodyStore
import CustodyTesting
import Foundation
import Testing

/// Events of versions that this program would not write (any more), written by hand.
@Suite("Events of versions of datasets")
struct VersionEventTests {
  private static let rows = ["id,client", "1,p-0001", "2,p-0002", "3,p-0001"]

  /// A store with a dataset of three rows, and another dataset without a version.
  private static func store() async throws -> (TemporaryStore, Store) {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try "\(rows.joined(separator: "\n"))\n".write(
      toFile: temporary.folder + "/rows", atomically: true, encoding: .utf8)
    for name in ["table", "other"] {
      try await store.datasets.create(name, kind: .csv, key: "id", subject: "client")
    }
    try await store.datasets.commit("table", temporary.folder + "/rows")
    return (temporary, store)
  }

  /// The event of the first version of `table`, and its change set.
  private static func first(
    _ store: Store
  ) async throws -> (event: DatasetVersionCommitted, changes: [RecordChange]) {
    let position = try #require(try store.datasets.entry("table").newest?.position)
    let event = try #require(try store.event(at: position))
    let content = try #require(try store.content(of: event))
    let version = try #require(DatasetVersionCommitted(content: content))
    let objects = try StoredObjects(folder: store.folder)
    guard
      case .opened(let bytes, _) = try objects.content(
        at: try #require(Digest(hex: version.changes[0])))
    else { throw CustodyError(.internal, "no change set") }
    return (version, try #require(RecordChange.parse(bytes)))
  }

  /// Stores the content of a change set under the operations key.
  private static func store(_ changes: [UInt8], in store: Store) async throws -> Digest {
    let folder = store.folder
    let keyring = try #require(folder.keyring)
    let operations = try keyring.operationsKey()
    let sealer = ObjectSealer(ledgerID: folder.ledgerID, environment: .system)
    let keys = try SealingKeys([operations], [try #require(try keyring.key(operations))])
    let new = sealer.seal(changes, isList: false, keys: keys, tag: nil)
    try await folder.ledger().locked { try folder.objects.insert([new]) }
    return new.address
  }

  private static func append(
    _ version: DatasetVersionCommitted, as number: UInt16, changes: Digest, _ store: Store
  ) async throws {
    let version = DatasetVersionCommitted(
      dataset: "other", number: 1, parent: version.parent, root: version.root,
      records: version.records, bytes: version.bytes, added: version.added,
      changed: version.changed, removed: version.removed, run: version.run,
      message: "by hand", changes: [changes.hex], order: version.order, frame: version.frame)
    let event = NewEvent(
      stream: "dataset/other", type: DatasetVersionCommitted.type, typeVersion: number,
      content: version.content)
    _ = try await store.folder.ledger().append(try store.sealing.seal([event], isOwn: true))
  }

  /// A change set as version 1 wrote it.
  private static func withoutNames(_ changes: [RecordChange]) -> [UInt8] {
    [1]
      + changes.flatMap { change -> [UInt8] in
        let ordinal = withUnsafeBytes(of: UInt64(change.ordinal).bigEndian) { Array($0) }
        guard let put = change.put else { return [0] + ordinal }
        return [1] + ordinal + put.address.bytes + [UInt8(put.keyIDs.count)]
          + put.keyIDs.flatMap(\.bytes)
      }
  }

  @Test("version 1 is read: its records are opened for their names")
  func firstVersion() async throws {
    let (temporary, store) = try await Self.store()
    let (version, changes) = try await Self.first(store)
    let set = try await Self.store(Self.withoutNames(changes), in: store)
    try await Self.append(version, as: 1, changes: set, store)
    #expect(try store.datasets.versions(of: "other").map(\.message) == ["by hand"])
    for (key, row) in [("1", "1,p-0001"), ("3", "3,p-0001")] {
      var found: [UInt8] = []
      try store.datasets.content(of: "other", key: key) { found += $0 }
      #expect(String(decoding: found, as: UTF8.self) == row)
    }
    // The next commit goes on from there.
    try "\(Self.rows.dropLast().joined(separator: "\n"))\n".write(
      toFile: temporary.folder + "/rows", atomically: true, encoding: .utf8)
    let commit = try await store.datasets.commit("other", temporary.folder + "/rows")
    #expect(commit.version == 2 && commit.removed == 1 && commit.added + commit.changed == 0)
    #expect(try await store.verify(level: .projections).holds)

    try await store.destroyKeys(of: "p-0001", in: temporary)
    try await store.projections.catchUp()
    #expect(try await store.projections.compare().allSatisfy { $0.isEqual })
    #expect(
      try RawDatabase(temporary.path + "/projections.sqlite").integer(
        "SELECT count(*) FROM dataset_1_name") == 2)
  }

  @Test("a version, a parent or a change set that cannot follow halts the projection")
  func refusals() async throws {
    for (number, parent, bytes, says) in [
      (4, nil, nil, "this program knows 3"), (2, String(repeating: "7", count: 64), nil, "follows"),
      (2, nil, [9], "not as it should be"),
      (2, nil, [2, 0] + [UInt8](repeating: 0, count: 8), "never was"),
    ] as [(UInt16, String?, [UInt8]?, String)] {
      let (temporary, store) = try await Self.store()
      let (version, changes) = try await Self.first(store)
      var packer = RecordChange.Packer()
      for change in changes { _ = packer.add(change) }
      let set = try await Self.store(bytes ?? packer.finish()!, in: store)
      let with = DatasetVersionCommitted(
        dataset: version.dataset, number: version.number, parent: parent, root: version.root,
        records: version.records, bytes: version.bytes, added: version.added,
        changed: version.changed, removed: version.removed, run: nil, message: nil, changes: [],
        order: [], frame: version.frame)
      try await Self.append(with, as: number, changes: set, store)
      try await store.projections.catchUp()
      let size = try store.head().size
      for status in try store.projections.status() {
        if status.name == "dataset" {
          #expect(status.haltReason?.contains(says) == true, "\(status)")
        } else if status.name != "lineage" {
          // Lineage reads versions too, and some of these it cannot.
          #expect(status.haltReason == nil && status.eventCount == size, "\(status)")
        }
      }
      withExtendedLifetime(temporary) {}
    }
  }

  @Test("a name that is not that of the record is found by level contents")
  func names() async throws {
    let (temporary, store) = try await Self.store()
    let (version, changes) = try await Self.first(store)
    let objects = try StoredObjects(folder: store.folder)
    // Names are of a dataset: those of `table` are other hashes than those of `other`.
    for isRight in [true, false] {
      var packer = RecordChange.Packer()
      for (change, key) in zip(changes, ["1", "2", "3"]) {
        let put = try #require(change.put)
        let name = try objects.sealedName(
          objects.keyHash(of: Array(key.utf8), in: "other"), under: put.keyIDs)
        _ = packer.add(
          RecordChange(
            ordinal: change.ordinal,
            put: .init(
              address: put.address, keyIDs: put.keyIDs, name: isRight ? name : put.name,
              file: nil)))
      }
      let set = try await Self.store(packer.finish()!, in: store)
      try await Self.append(version, as: 2, changes: set, store)
      let report = try await store.verify(level: .contents)
      #expect(
        report.findings.map(\.rule) == (isRight ? [] : Array(repeating: .objectMismatch, count: 3)))
    }
    withExtendedLifetime(temporary) {}
  }
}
