import Custody
import CustodyProjections
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Every version of a dataset comes back byte for byte")
struct DatasetTests {
  /// What a folder holds: contents, modes and times by path; folders that are empty too.
  private static func contents(_ folder: String) throws -> [String: [String]] {
    var found: [String: [String]] = [:]
    for case let name as String in FileManager.default.enumerator(atPath: folder)! {
      let path = "\(folder)/\(name)"
      var status = stat()
      #expect(lstat(path, &status) == 0)
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      if isFolder, try !FileManager.default.contentsOfDirectory(atPath: path).isEmpty { continue }
      found[name] = [
        isFolder
          ? "folder" : "\(SHA256.hash([UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))))",
        "\(status.st_mode)", "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)",
      ]
    }
    return found
  }

  @Test(
    "any sequence of commits of files restores, also after computing everything anew",
    arguments: 0..<6)
  func files(seed: UInt64) async throws {
    let place = try await DatasetPlace()
    var random = SeededGenerator(seed)
    let datasets = place.store.datasets
    try await datasets.create("files", kind: .files, subject: "path:^(p[0-9])/")
    var versions: [[String: [String]]] = []
    try FileManager.default.createDirectory(atPath: place.source, withIntermediateDirectories: true)
    for _ in 0..<6 {
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let path =
          "\(place.source)/p\(Int.random(in: 0..<3, using: &random))/f\(Int.random(in: 0..<6, using: &random))"
        switch Int.random(in: 0..<8, using: &random) {
        case 0: try? FileManager.default.removeItem(atPath: path)
        case 1:
          try place.write(path, random.bytes(Int.random(in: 1_000_000...3_300_000, using: &random)))
        case 2:
          try? FileManager.default.createDirectory(
            atPath: path + "-empty", withIntermediateDirectories: true)
        default: try place.write(path, random.bytes(Int.random(in: 0..<5000, using: &random)))
        }
        chmod(path, [0o600, 0o640, 0o755].randomElement(using: &random)!)
      }
      let commit = try await datasets.commit("files", place.source)
      if commit.isNew { versions.append(try Self.contents(place.source)) }
      #expect(commit.version == versions.count)
      let again = try await datasets.commit("files", place.source)
      #expect(!again.isNew && again.version == versions.count)
    }
    _ = try await place.store.projections.rebuild()
    for (index, expected) in versions.enumerated() {
      let target = place.target("v\(index + 1)")
      let restored = try await datasets.restore("files", "v\(index + 1)", to: target)
      #expect(restored.missing == 0 && restored.records == expected.count)
      let found = try Self.contents(target)
      #expect(found.mapValues { $0[0] } == expected.mapValues { $0[0] }, "v\(index + 1)")
      for (name, attributes) in found where attributes[0] != "folder" {
        // Times ride along with a change: a file that only got another time keeps the first.
        #expect(attributes[1].hasPrefix("33"), "\(name)")
      }
    }
    #expect(
      try Self.contents(place.target("v\(versions.count)")).keys.sorted()
        == versions.last!.keys.sorted())
    #expect(try await place.store.verify(level: .projections).holds)
  }

  @Test("a file comes back with its time and mode")
  func metadata() async throws {
    let place = try await DatasetPlace()
    try place.write("\(place.source)/a", [1])
    chmod("\(place.source)/a", 0o4751)
    let time = timespec(tv_sec: 1_234_567_890, tv_nsec: 987_654_321)
    utimensat(AT_FDCWD, "\(place.source)/a", [time, time], 0)
    let before = try Self.contents(place.source)
    try await place.store.datasets.create("files", kind: .files, subject: "none")
    try await place.store.datasets.commit("files", place.source)
    try await place.store.datasets.restore("files", to: place.target("out"))
    #expect(try Self.contents(place.target("out")) == before)
    #expect(before["a"]?[2] == "1234567890.987654321")
  }

  @Test(
    "any sequence of commits of a CSV restores, rows added, changed, removed and moved",
    arguments: 0..<8)
  func tables(seed: UInt64) async throws {
    let place = try await DatasetPlace()
    var random = SeededGenerator(seed)
    let datasets = place.store.datasets
    try await datasets.create("table", kind: .csv, key: "id", subject: "client")
    var rows: [(id: Int, client: Int, text: String)] = []
    var next = 0
    var versions: [[UInt8]] = []
    let words = [
      "plain", "\"quoted, with a comma\"", "\"two\nlines\"", "\"a \"\"word\"\"\"", "ü€", "",
    ]
    for _ in 0..<8 {
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        let text = words.randomElement(using: &random)!
        switch rows.isEmpty ? 0 : Int.random(in: 0..<6, using: &random) {
        case 3: rows[rows.indices.randomElement(using: &random)!].text = text
        case 4: rows.remove(at: rows.indices.randomElement(using: &random)!)
        case 5: rows.swapAt(0, rows.indices.randomElement(using: &random)!)
        default:
          rows.append((next, Int.random(in: 0..<4, using: &random), text))
          next += 1
        }
      }
      let end = ["\n", "\r\n"].randomElement(using: &random)!
      var text = Bool.random(using: &random) ? "\u{feff}" : ""
      text += "id,client,text" + end
      text += rows.map { "\($0.id),p\($0.client),\($0.text)" }.joined(separator: end)
      if Bool.random(using: &random) { text += end }
      try place.write(place.source, text.utf8)
      let commit = try await datasets.commit("table", place.source)
      if commit.isNew { versions.append(Array(text.utf8)) }
      #expect(try await !datasets.commit("table", place.source).isNew)
      #expect(commit.records == rows.count)
    }
    unlink(place.temporary.path + "/projections.sqlite")
    let store = try place.temporary.open()
    for (index, expected) in versions.enumerated() {
      let target = place.target("v\(index + 1)")
      try await store.datasets.restore("table", "v\(index + 1)", to: target)
      #expect(
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: target))) == expected, "v\(index + 1)")
    }
    #expect(try await store.verify(level: .projections).holds)
    // A version's root is the one over its records.
    for version in try store.datasets.versions(of: "table") {
      let root = try store.engine.read(DatasetProjection.kind) { connection -> Digest in
        let reader = DatasetReader(connection)
        let listing = DatasetListing(connection, try store.engine.columns())
        let dataset = try #require(try listing.dataset("table"))
        var builder = VersionRootBuilder()
        for row in try reader.records(
          of: dataset.id, in: version.number, from: 0, limit: .max >> 1)
        {
          builder.add(UInt64(row.ordinal), row.address)
        }
        return builder.root
      }
      #expect(root == version.root)
    }
  }

  @Test("JSON lines are records; members name them and their people, also several")
  func lines() async throws {
    let place = try await DatasetPlace()
    let text = """
      {"id":7,"who":{"id":"p-0001"},"text":"one"}
      {"id":"x","who":{"id":["p-0001","p-0002"]},"text":"two"}

      """
    try place.write(place.source, text.utf8)
    try await place.store.datasets.create("lines", kind: .lines, key: "id", subject: "json:who.id")
    let commit = try await place.store.datasets.commit("lines", place.source)
    #expect(commit.registered == 2)
    var found: [UInt8] = []
    try place.store.datasets.content(of: "lines", key: "x") { found += $0 }
    #expect(String(decoding: found, as: UTF8.self).contains("\"two\""))
    try await place.store.datasets.restore("lines", to: place.target("out"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: place.target("out"))) == Data(text.utf8))
  }

  // MARK: - People

  @Test("a table of several batches: each person is known whichever of them meets her first")
  func severalBatches() async throws {
    let place = try await DatasetPlace()
    let datasets = place.store.datasets
    try await datasets.create("table", kind: .csv, key: "id", subject: "client")
    let text = String(repeating: "text ", count: 800)
    func rows(_ changed: Int) -> [UInt8] {
      var rows = "id,client,text\n"
      for row in 0..<4000 {
        rows += "\(row),p-\(row / 400 % 5),\(row == changed ? "other" : text)\n"
      }
      return Array(rows.utf8)
    }
    for (number, changed) in [-1, 3000].enumerated() {
      try place.write(place.source, rows(changed))
      let commit = try await datasets.commit("table", place.source)
      #expect(commit.version == number + 1 && commit.records == 4000)
      #expect(commit.changed == number && commit.registered == (number == 0 ? 5 : 0))
    }
    try await datasets.restore("table", "v1", to: place.target("v1"))
    #expect(FileManager.default.contents(atPath: place.target("v1")).map(Array.init) == rows(-1))
    try await place.store.close()
  }

  @Test("a record whose person is gone is missing from every version; the others come back")
  func erased() async throws {
    let place = try await DatasetPlace()
    let datasets = place.store.datasets
    try await datasets.create("table", kind: .csv, key: "id", subject: "client")
    let first = "id,client,text\n1,p-0001,one\n2,p-0002,two\n3,p-0001,three\n"
    try place.write(place.source, first.utf8)
    try await datasets.commit("table", place.source)
    try place.write(place.source, (first + "4,p-0002,four\n").utf8)
    try await datasets.commit("table", place.source)
    let roots = try datasets.versions(of: "table").map(\.root)
    let id = try #require(try place.store.subjects.id(of: "p-0001"))
    let key = try #require(try place.store.subjects.entry(id)?.keys.first?.id)
    try RawDatabase(place.temporary.keysFile).execute("DELETE FROM data_key WHERE id = x'\(key)'")

    let store = try place.temporary.open()
    for (version, expected) in [
      ("v1", "id,client,text\n2,p-0002,two\n"),
      ("v2", "id,client,text\n2,p-0002,two\n4,p-0002,four\n"),
    ] {
      let restored = try await store.datasets.restore(
        "table", version, to: place.target(version))
      #expect(restored.missing == 2)
      #expect(
        try String(contentsOfFile: place.target(version), encoding: .utf8) == expected)
    }
    #expect(try store.datasets.versions(of: "table").map(\.root) == roots)
    let error = #expect(throws: CustodyError.self) {
      try store.datasets.content(of: "table", "v1", key: "1") { _ in }
    }
    #expect([.keyDestroyed, .notFound].contains(error?.code))
    #expect(try await store.verify(level: .bodies).holds)
  }

  @Test("equal records of one person are stored once, those of two people never together")
  func deduplication() async throws {
    let place = try await DatasetPlace()
    let datasets = place.store.datasets
    try await datasets.create("files", kind: .files, subject: "path:^([^/]+)/")
    var random = SeededGenerator(1)
    let bytes = random.bytes(2_500_000)
    for name in ["p-0001/a", "p-0001/b", "p-0002/a"] {
      try place.write("\(place.source)/\(name)", bytes)
    }
    try await datasets.commit("files", place.source)
    let objects = try RawDatabase(place.temporary.path + "/objects.sqlite")
    // Three pieces for each of the two, a list for each file, and a change set.
    #expect(try objects.integer("SELECT count(*) FROM object") == 2 * 3 + 3 + 1)
    try await datasets.create("copy", kind: .files, subject: "path:^([^/]+)/")
    try await datasets.commit("copy", place.source)
    #expect(try objects.integer("SELECT count(*) FROM object") <= 2 * 3 + 3 + 2)
  }

  @Test("records are stored once however many others are stored with them")
  func deduplicationOfMany() async throws {
    let place = try await DatasetPlace()
    func rows(_ range: Range<Int>) -> String {
      "id,client\n" + range.map { "\($0),p-\($0 % 7)\n" }.joined()
    }
    for name in ["old", "new"] {
      try await place.datasets.create(name, kind: .csv, key: "id", subject: "client")
    }
    try await place.commit("old", rows(6000..<9000))
    let objects = try RawDatabase(place.temporary.path + "/objects.sqlite")
    let before = try objects.integer("SELECT count(*) FROM object")
    // By the first 6,000 it is known that looking up one by one is slow.
    try await place.commit("new", rows(0..<9000))
    let after = try objects.integer("SELECT count(*) FROM object")
    // A change set has room for some thousand records, and there may be a frame.
    #expect(6000...6003 ~= after - before)
    try await place.datasets.restore("new", "v1", to: place.target("new"))
    #expect(try place.text("new") == rows(0..<9000))
  }

  // MARK: - What cannot be committed

  @Test("what cannot be committed says where, and changes nothing")
  func refusals() async throws {
    let place = try await DatasetPlace()
    let datasets = place.store.datasets
    try await datasets.create("table", kind: .csv, key: "id", subject: "client")
    try await datasets.create("lines", kind: .lines, key: "id", subject: "none")
    try await datasets.create("files", kind: .files, subject: "none")
    let size = try place.store.head().size
    func refuse(
      _ name: String, _ path: String, _ code: CustodyError.Code, _ says: String...,
      line: Int? = nil
    ) async throws {
      let error = await #expect(throws: CustodyError.self) {
        try await datasets.commit(name, path)
      }
      #expect(error?.code == code, "\(says): \(String(describing: error))")
      for words in says { #expect(error?.description.contains(words) == true, "\(error!)") }
      if let line { #expect(error?.location?.line == line, "\(error!)") }
      #expect(try place.store.head().size == size, "\(says)")
      #expect(try place.store.subjects.count() == 0)
    }
    for (text, line, says) in [
      ("", nil, "empty"), ("id,client\n1,a\n1,b\n", nil, "line 2 and line 3"),
      ("id,client\n1,a,c\n", 2, "fields"), ("id,who\n1,a\n", 1, "There is no column client"),
      ("id,client\n,a\n", 2, "natural key"), ("id,client\n1,\n", 2, "names nobody"),
      ("id,id,client\n1,2,a\n", 1, "2 columns"), ("id,client\n1,\"a\n", 2, "quote"),
    ] as [(String, Int?, String)] {
      try place.write(place.source, text.utf8)
      try await refuse("table", place.source, .invalidInput, says, line: line)
    }
    try place.write(place.source, Array("id,client\n1,a\n2,".utf8) + [0xff, 0x0a])
    try await refuse("table", place.source, .invalidInput, "UTF-8", line: 3)
    try place.write(place.source, "{\"id\":1}\n{\"id\":\n".utf8)
    try await refuse("lines", place.source, .invalidInput, "not JSON", line: 2)
    try place.write(place.source, "{\"id\":1}\n{\"no\":2}\n".utf8)
    try await refuse("lines", place.source, .invalidInput, "no key at id", line: 2)
    try await refuse("files", place.source, .usage, "not a folder")
    try await refuse("table", place.temporary.folder, .usage, "is a folder")
    try await refuse("table", place.target("nothing"), .notFound, "does not exist")
    let folder = place.target("folder")
    for (name, make) in [
      ("link", { (path: String) in _ = symlink("/etc/passwd", path) }),
      ("pipe", { (path: String) in _ = mkfifo(path, 0o600) }),
    ] {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      make("\(folder)/\(name)")
      try await refuse("files", folder, .invalidInput, "\(folder)/\(name)")
      try FileManager.default.removeItem(atPath: folder)
    }
    for pair in [["a", "A"], ["u\u{308}", "\u{fc}"]] {
      for name in pair { try place.write("\(folder)/\(name)", [1]) }
      try await refuse("files", folder, .invalidInput, "case or Unicode form")
      try FileManager.default.removeItem(atPath: folder)
    }
  }

  @Test("a restore leaves what is there alone, and no half-written target")
  func targets() async throws {
    let place = try await DatasetPlace()
    let datasets = place.store.datasets
    try await datasets.create("files", kind: .files, subject: "none")
    try place.write("\(place.source)/a", [1])
    try await datasets.commit("files", place.source)
    let target = place.target("out")
    try place.write("\(target)/kept", [9])
    let error = await #expect(throws: CustodyError.self) {
      try await datasets.restore("files", to: target)
    }
    #expect(error?.code == .alreadyExists)
    #expect(try Self.contents(target).keys.sorted() == ["kept"])
    for (reference, keys) in [("v2", []), ("nothing", []), ("v1", ["b"])] {
      let error = await #expect(throws: CustodyError.self) {
        try await datasets.restore("files", reference, keys: keys, to: place.target("other"))
      }
      #expect(error?.code == .notFound)
    }
    try await datasets.restore("files", to: target, replacing: true)
    #expect(try Self.contents(target).keys.sorted() == ["a"])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: place.temporary.folder).sorted()
        == ["guard", "out", "secrets", "source", "store"])
  }

  @Test("nobody but Custody writes on the stream of a dataset")
  func reservedStream() async throws {
    let place = try await DatasetPlace()
    try await place.store.datasets.create("files", kind: .files, subject: "none")
    for type in ["dataset.version.committed", "something.else"] {
      let error = await #expect(throws: CustodyError.self) {
        try await place.store.append(
          NewEvent(stream: "dataset/files", type: type, content: Array("{}".utf8)))
      }
      #expect(error?.code == .invalidInput)
    }
    #expect(try place.store.datasets.all().map(\.name) == ["files"])
  }

  // MARK: - Time

  @Test("a version is found by its number, tag, position, time and age")
  func references() async throws {
    let place = try await DatasetPlace()
    let datasets = place.store.datasets
    try await datasets.create("table", kind: .csv, subject: "none")
    for text in ["a\n1\n", "a\n1\n2\n", "a\n3\n"] {
      try place.write(place.source, text.utf8)
      try await datasets.commit("table", place.source)
    }
    try await datasets.tag("table", "v2", as: "baseline")
    let versions = try datasets.versions(of: "table")
    #expect(versions.map(\.number) == [1, 2, 3])
    #expect(versions[1].tags == ["baseline"])
    for (reference, expected) in [
      ("v1", "a\n1\n"), ("baseline", "a\n1\n2\n"), ("head", "a\n3\n"),
      ("\(versions[1].position)", "a\n1\n2\n"), ("\(versions[2].position.value - 1)", "a\n1\n2\n"),
      ("\(versions[0].recordedAt)", "a\n1\n"), ("P0D", "a\n3\n"),
    ] {
      let target = place.target("out")
      try await datasets.restore("table", reference, to: target, replacing: true)
      #expect(try String(contentsOfFile: target, encoding: .utf8) == expected, "\(reference)")
    }
    for reference in ["v0", "v4", "2000-01-01", "P400D", "0", ""] {
      let error = await #expect(throws: CustodyError.self) {
        try await datasets.restore("table", reference, to: place.target("none"))
      }
      #expect(error?.code == .notFound, "\(reference)")
    }
    for tag in ["v9", "41", "head", "2026-01-01", "P3D", "a/b", ""] {
      let error = await #expect(throws: CustodyError.self) {
        try await datasets.tag("table", "v1", as: tag)
      }
      #expect(error?.code == .usage, "\(tag)")
    }
  }

  // MARK: - Verification

  @Test("an object that was changed, exchanged or removed is found")
  func tamperedObjects() async throws {
    for (sql, rule, below, level) in [
      ("UPDATE object SET bytes = x'00' WHERE id = 1", .objectMismatch, .headers, .bodies),
      (
        "UPDATE object SET address = randomblob(32) WHERE id = 2", .objectMismatch, .headers,
        .bodies
      ),
      (
        """
        UPDATE object SET bytes = (SELECT bytes FROM object AS o WHERE o.id = 3 - object.id)
        WHERE id < 3
        """, .objectMismatch, .headers, .bodies
      ),
      ("DELETE FROM object WHERE id = 1", .objectMissing, .bodies, .contents),
      // Another one in its place, under its own address.
      (
        "UPDATE object SET bytes = x'00', address = x'\(SHA256.hash([0]))' WHERE id = 1",
        .objectMissing, .bodies, .contents
      ),
      ("CREATE TABLE more (x)", .fileDamaged, .headers, .bodies),
    ] as [(String, Finding.Rule, VerificationLevel, VerificationLevel)] {
      let place = try await DatasetPlace()
      let datasets = place.store.datasets
      try await datasets.create("table", kind: .csv, key: "id", subject: "client")
      try place.write(place.source, "id,client\n1,p-0001\n2,p-0002\n".utf8)
      try await datasets.commit("table", place.source)
      #expect(try await place.store.verify(level: .contents).holds)
      try RawDatabase(place.temporary.path + "/objects.sqlite").execute(sql)
      let opened = try place.temporary.open(for: .contents)
      let report = try await opened.verify(level: level)
      #expect(report.findings.contains { $0.rule == rule }, "\(sql): \(report.findings)")
      #expect(try await opened.verify(level: below).holds, "\(sql)")
    }
  }

  @Test("nothing of a record, its key or its person stands readable in any file of the store")
  func nothingReadable() async throws {
    let place = try await DatasetPlace()
    let datasets = place.store.datasets
    try await datasets.create("files", kind: .files, subject: "path:^([^/]+)/")
    try await datasets.create("table", kind: .csv, key: "code", subject: "client")
    try place.write(
      "\(place.source)/Rosalind-Franklin/secret-interview.txt", "photograph fifty-one".utf8)
    try await datasets.commit("files", place.source)
    try place.write(
      place.target("t.csv"), "code,client,note\nXK-naturalkey-7,Rosalind-Franklin,helical\n".utf8)
    try await datasets.commit("table", place.target("t.csv"))
    try await place.store.projections.catchUp()
    for round in 0..<2 {
      if round == 1 { try await place.store.close() }
      for case let name as String in FileManager.default.enumerator(atPath: place.temporary.path)! {
        guard let bytes = FileManager.default.contents(atPath: "\(place.temporary.path)/\(name)")
        else { continue }
        for word in [
          "Rosalind", "secret-interview", "photograph fifty", "naturalkey", "helical",
        ] {
          #expect(bytes.range(of: Data(word.utf8)) == nil, "\(name) holds \(word)")
        }
      }
    }
  }
}
