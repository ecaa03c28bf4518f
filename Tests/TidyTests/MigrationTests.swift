import CustodyLedger
import CustodyMigrations
import Foundation
import Testing

@Suite("Migrations")
struct MigrationTests {
  /// Every released file and its SHA-256. A released file never changes: it is recorded in every
  /// store that it changed. A new migration gets a line here when it is written.
  private static let released = [
    "keys/0001_create_keys.sql":
      "36a25cb4b0111e72cd464f2de08c31bc241572898022c463ec5e62a77af3d6eb",
    "keys/0002_create_state.sql":
      "7a7ab42fe0b38b5e3af00a4ec8ad5b7122ece5557060e02218c6be9615d666d7",
    "keys/0003_add_kinds_of_keys.sql":
      "3b25e7e514c1a3808f0d9b01f02a3317f0bca432b4aff95598fe5607ae1444e5",
    "ledger/0001_create_ledger.sql":
      "17e8edd889a697aba8ef142e80304918c1907af0b5d512db05f50e1560c49adf",
    "objects/0001_create_objects.sql":
      "69b61988b1eac0c999515022aa4c24806fc531633116c03c1725705d346935bf",
    "projections/0001_create_progress.sql":
      "3e821dd3effc7733b95b23c12ee701dcc9d31e723aea4438b7385b62b96f46e6",
    "projections/0002_create_event_index_1.sql":
      "140be1164a93d278f49c944ce8cde1ebb01adf21a64416257ab57161cea3ab81",
    "projections/0003_create_dataset_1.sql":
      "3fc3df919435035ab10e36681bffe8d2ac82d462a470994af1ad3204bee12493",
    "projections/0004_create_run_1.sql":
      "82df05120861dc543461dcc125a040cdc1ac10142df38edeaae504054dfaec20",
    "projections/0005_create_lineage_1.sql":
      "e164e78ba6381617e0199c1e6dd46079757da2c036b6c14564f2d54bf77aa786",
    "projections/0006_create_consent_1.sql":
      "ad97e783523d090cdfa951f9a4be5d3e5e9e4877fdb9cfc4eca69cbdc0e00c3b",
    "projections/0007_create_anonymity_1.sql":
      "dc51c785d25a8286dcd5800e61634a53134424aa655cc484f377177c249cc5c8",
  ]

  /// What is compiled in, by folder. A new database gets a line here.
  private static let compiled = [
    "keys": Migration.keys, "ledger": Migration.ledger, "objects": Migration.objects,
    "projections": Migration.projections,
  ]

  private static var files: [SourceFile] {
    SourceTree.files(below: "migrations", endingIn: ".sql")
  }

  private static func key(_ file: SourceFile) -> String {
    String(file.path.dropFirst("migrations/".count))
  }

  @Test("that were released are unchanged, and new ones are listed")
  func unchanged() {
    let found = Dictionary(
      uniqueKeysWithValues: Self.files.map { (Self.key($0), "\(SHA256.hash(Array($0.text.utf8)))") }
    )
    for (path, digest) in found {
      #expect(Self.released[path] == digest, "\(path)")
    }
    for path in Self.released.keys { #expect(found[path] != nil, "\(path) is missing") }
  }

  @Test("of projections make no column of type REAL: their digest does not cover one")
  func noReals() {
    for file in Self.files where Self.key(file).hasPrefix("projections/") {
      #expect(!file.text.contains(/\b(REAL|FLOAT|DOUBLE|ANY)\b/), "\(file.path)")
    }
  }

  @Test("are numbered from 1 without a gap in each database")
  func dense() throws {
    let folders = Dictionary(grouping: Self.files) { String(Self.key($0).split(separator: "/")[0]) }
    #expect(Set(folders.keys) == Set(SourceTree.folders(in: "migrations")))
    for (folder, files) in folders {
      let names = try files.map { file in
        try #require(
          file.name.wholeMatch(of: /(\d{4})_([a-z0-9]+(?:_[a-z0-9]+)*)\.sql/), "\(file.path)")
      }
      #expect(names.map { Int($0.1)! } == Array(1...files.count), "\(folder)")
    }
  }

  @Test("are compiled in, in order, byte for byte")
  func compiledIn() {
    #expect(Set(Self.compiled.keys) == Set(SourceTree.folders(in: "migrations")))
    for (folder, migrations) in Self.compiled {
      let files = Self.files.filter { Self.key($0).hasPrefix("\(folder)/") }
      #expect(files.count == migrations.count, "\(folder)")
      for (file, migration) in zip(files, migrations) {
        let digits = String(repeating: "0", count: 4 - String(migration.number).count)
        #expect(file.name == "\(digits)\(migration.number)_\(migration.name).sql")
        #expect(Array(file.text.utf8) == migration.sql, "\(file.path)")
      }
    }
  }

  @Test("make strict tables, and say what each column is")
  func strict() {
    for file in Self.files {
      let tables = file.text.matches(of: /CREATE TABLE/).count
      #expect(file.text.matches(of: /\n\) STRICT[;,]/).count == tables, "\(file.path)")
      #expect(file.text.hasSuffix("\n"))
    }
  }
}
