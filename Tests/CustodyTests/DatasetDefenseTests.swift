import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("What stands in files of a store is not believed")
struct DatasetDefenseTests {
  private static let first = "id,client\n1,p-0001\n2,p-0002\n3,p-0001\n"
  private static let second = "id,client\n1,p-0001\n2,p-0001\n3,p-0001\n"

  /// A store whose projections.sqlite somebody changed.
  private static func place(_ sql: String) async throws -> DatasetPlace {
    let place = try await DatasetPlace()
    try await place.table(first, second)
    _ = try place.datasets.versions(of: "table")
    try await place.store.close()
    try RawDatabase(place.temporary.path + "/projections.sqlite").execute(sql)
    return place
  }

  @Test(
    "records of a version that its root is not about",
    arguments: [
      "UPDATE dataset_1_record SET address = (SELECT address FROM dataset_1_record WHERE ordinal = 2)",
      "UPDATE dataset_1_record SET address = zeroblob(32) WHERE ordinal = 0",
      "DELETE FROM dataset_1_record WHERE ordinal = 1",
      "UPDATE dataset_1_record SET ordinal = 7 WHERE ordinal = 2",
    ])
  func rows(sql: String) async throws {
    let place = try await Self.place(sql)
    let store = try place.temporary.open()
    await #expect(throws: CustodyError.self) {
      try await store.datasets.restore("table", "v1", to: place.target("out"))
    }
    #expect(!FileManager.default.fileExists(atPath: place.target("out")))
    await #expect(throws: CustodyError.self) {
      try await store.datasets.restoreAsNewVersion("table", "v1")
    }
    try place.write(place.target("next"), "id,client\n2,p-0001\n3,p-0001\n")
    await #expect(throws: CustodyError.self) {
      try await store.datasets.commit("table", place.target("next"))
    }
    let before = try store.head().size
    _ = try await store.projections.rebuild()
    #expect(try await store.datasets.restore("table", "v1", to: place.target("out")).records == 3)
    #expect(try place.text("out") == Self.first)
    #expect(try store.head().size == before + 1, "nothing but the restore was recorded")
    #expect(try await store.verify(level: .projections).holds)
  }

  @Test(
    "numbers that Custody never writes",
    arguments: [
      "UPDATE dataset_1_version SET next = -1000", "UPDATE dataset_1_version SET next = 1 << 40",
      "UPDATE dataset_1_version SET number = 9223372036854775807 WHERE number = 2",
      "UPDATE dataset_1_record SET seconds = 1, nanoseconds = 1 << 40, mode = 1 << 40",
      """
      ALTER TABLE dataset_1_record RENAME TO other;
      CREATE VIEW dataset_1_record AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i FROM n)
        SELECT 1 AS dataset, i AS ordinal, 1 AS since, NULL AS address, NULL AS keys, NULL AS seconds,
          NULL AS nanoseconds, NULL AS mode FROM n
      """,
    ])
  func numbers(sql: String) async throws {
    let place = try await Self.place(sql)
    let store = try place.temporary.open()
    // A refusal, or tables that were made again: no crash and no wrong answer.
    do {
      try await store.datasets.restore("table", "v1", to: place.target("out"))
      #expect(try place.text("out") == Self.first)
    } catch let error as CustodyError {
      #expect([.damaged, .notFound].contains(error.code), "\(error)")
    }
    try place.write(place.target("next"), "id,client\n2,p-0001\n3,p-0001\n")
    do {
      try await store.datasets.commit("table", place.target("next"))
    } catch let error as CustodyError {
      #expect([.damaged, .revisionConflict].contains(error.code), "\(error)")
    }
    _ = try await store.projections.rebuild()
    #expect(try await store.verify(level: .projections).holds)
  }

  @Test("which object an equal content has")
  func tags() async throws {
    let place = try await DatasetPlace()
    try await place.datasets.create("files", kind: .files, subject: "none")
    for text in ["AAAA", "BBBB"] {
      try place.write("\(place.source)/z", text)
      try await place.datasets.commit("files", place.source)
    }
    try await place.store.close()
    let objects = try RawDatabase(place.temporary.path + "/objects.sqlite")
    // What finds the first text leads to the second.
    let files = "(SELECT id FROM object WHERE tag IS NOT NULL ORDER BY id)"
    try objects.execute(
      """
      UPDATE content_tag SET object = (SELECT max(id) FROM object AS o WHERE o.tag IS NOT NULL
        AND length(o.bytes) = (SELECT length(bytes) FROM object ORDER BY id LIMIT 1))
      WHERE object IN \(files)
      """)
    let store = try place.temporary.open()
    try place.write("\(place.source)/z", "AAAA")
    #expect(try await store.datasets.commit("files", place.source).isNew)
    try await store.datasets.restore("files", to: place.target("out"))
    #expect(try place.text("out/z") == "AAAA")
    try objects.execute("UPDATE object SET tag = randomblob(16) WHERE id = 1")
    let verification = try await store.verify(level: .contents)
    #expect(
      verification.findings.contains {
        $0.rule == .contentUnreadable || $0.rule == .objectMismatch
      })
  }

  @Test("that an object is gone because somebody was erased")
  func lost() async throws {
    let place = try await DatasetPlace()
    try await place.table(Self.first)
    try await place.store.close()
    try RawDatabase(place.temporary.path + "/objects.sqlite").execute(
      "DELETE FROM object WHERE id = 1")
    let store = try place.temporary.open()
    let error = await #expect(throws: CustodyError.self) {
      try await store.datasets.restore("table", to: place.target("out"))
    }
    #expect(error?.code == .damaged)
    #expect(throws: CustodyError.self) {
      try store.datasets.content(of: "table", key: "1") { _ in }
    }
    #expect(!(try await store.verify(level: .contents).holds))
  }

  @Test("a restore replaces neither the store nor the folder it runs in nor another kind")
  func places() async throws {
    let place = try await DatasetPlace()
    try await place.table(Self.first)
    try FileManager.default.createDirectory(
      atPath: place.target("folder"), withIntermediateDirectories: false)
    for target in [
      place.temporary.path, place.temporary.folder, place.temporary.secrets,
      place.temporary.guardFolder, place.target("folder"), place.temporary.path + "/new",
    ] {
      let error = await #expect(throws: CustodyError.self) {
        try await place.datasets.restore("table", to: target, replacing: true)
      }
      #expect(error?.code == .usage, "\(target)")
    }
    #expect(try await place.store.verify(level: .projections).holds)
  }

  @Test("rows keep their line ends where others are left out")
  func lineEnds() async throws {
    let place = try await DatasetPlace()
    try await place.table("id,client\n1,p-0001\n\n\n2,p-0002\r\n3,p-0003\n4,p-0001\n")
    try await place.datasets.restore("table", keys: ["3", "3", "4"], to: place.target("some"))
    #expect(try place.text("some") == "id,client\n3,p-0003\n4,p-0001\n")
    let store = try await place.erasing("p-0001")
    try await store.datasets.restore("table", to: place.target("rest"))
    #expect(try place.text("rest") == "id,client\n2,p-0002\r\n3,p-0003\n")
  }

  @Test("what is around the rows is compared too")
  func frames() async throws {
    let place = try await DatasetPlace()
    try await place.table("id,client\n1,p-0001\n", "id,client\r\n1,p-0001\r\n")
    #expect(try place.datasets.differences("table", "v1", "v2") == ["frame line ends"])
    try place.write(place.target("next"), "ID;client\r\n1;p-0001\r\n")
    let status = try? await place.datasets.differences("table", with: place.target("next"))
    #expect(status == nil, "the key column has another name")
    try place.write(place.target("next"), "id,client\n1,p-0001")
    #expect(
      try await place.datasets.differences("table", with: place.target("next")) == [
        "frame line ends"
      ])
  }
}
