import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("What differs between versions of a dataset")
struct DatasetComparisonTests {
  // MARK: - Files that moved

  @Test("a file whose path alone differs has moved, for diff and for status")
  func renamed() async throws {
    let place = try await DatasetPlace()
    let datasets = place.datasets
    var random = SeededGenerator(1)
    let large = random.bytes(2_300_000)
    try await datasets.create("files", kind: .files, subject: "path:^([^/]+)/")
    let source = place.source
    try place.write("\(source)/p-0001/large", large)
    try place.write("\(source)/p-0001/small", "some text")
    try place.write("\(source)/p-0001/twin-1", "twins")
    try place.write("\(source)/p-0001/a/twin-2", "twins")
    try place.write("\(source)/p-0001/stays", "some text that stays")
    try place.write("\(source)/p-0001/given", "to somebody else")
    try place.write("\(source)/p-0001/empty", "")
    try await datasets.commit("files", source)
    for (old, new) in [
      ("large", "large-2"), ("small", "b/small"), ("twin-1", "c/twin-1"), ("a/twin-2", "d"),
      ("empty", "void"),
    ] {
      let target = URL(fileURLWithPath: "\(source)/p-0001/\(new)")
      try FileManager.default.createDirectory(
        at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.moveItem(
        at: URL(fileURLWithPath: "\(source)/p-0001/\(old)"), to: target)
    }
    try FileManager.default.removeItem(atPath: "\(source)/p-0001/a")
    try FileManager.default.createDirectory(
      atPath: "\(source)/p-0002", withIntermediateDirectories: true)
    try FileManager.default.moveItem(
      atPath: "\(source)/p-0001/given", toPath: "\(source)/p-0002/given")
    try place.write("\(source)/p-0001/stays", "other text, as long")
    let expected = [
      "moved p-0001/large > p-0001/large-2", "moved p-0001/small > p-0001/b/small",
      "moved p-0001/twin-1 > p-0001/c/twin-1", "moved p-0001/a/twin-2 > p-0001/d",
      // Empty files are all alike, and another person's record is another record.
      "added p-0001/void", "removed p-0001/empty", "added p-0002/given", "removed p-0001/given",
      "changed p-0001/stays",
    ].sorted()
    #expect(try await datasets.differences("files", with: source).sorted() == expected)
    try await datasets.commit("files", source)
    #expect(try datasets.differences("files", "v1", "v2").sorted() == expected)
    let back = try datasets.differences("files", "v2", "v1")
    #expect(back.count { $0.hasPrefix("moved") } == 4)
    #expect(back.contains("moved p-0001/b/small > p-0001/small"))
    #expect(try await datasets.differences("files", with: source) == [])
  }

  @Test("a file of the same size and other bytes has not moved")
  func sameSize() async throws {
    let place = try await DatasetPlace()
    try await place.datasets.create("files", kind: .files, subject: "none")
    try place.write("\(place.source)/a", "12345")
    try await place.datasets.commit("files", place.source)
    try FileManager.default.removeItem(atPath: "\(place.source)/a")
    try place.write("\(place.source)/b", "12346")
    let expected = ["added b", "removed a"]
    #expect(try await place.datasets.differences("files", with: place.source) == expected)
    try await place.datasets.commit("files", place.source)
    #expect(try place.datasets.differences("files", "v1", "v2").sorted() == expected)
  }

  // MARK: - Rows that moved

  @Test("the fewest rows have moved that explain a new order", arguments: 0..<25)
  func moved(seed: Int) async throws {
    let place = try await DatasetPlace()
    var random = SeededGenerator(seed)
    func text(_ rows: [Int]) -> String { "id\n" + rows.map { "\($0)\n" }.joined() }
    var (old, new) = (Array(0..<12), Array(0..<12))
    old.shuffle(using: &random)
    new.shuffle(using: &random)
    old.removeLast(Int.random(in: 0...3, using: &random))
    new.removeLast(Int.random(in: 0...3, using: &random))
    try await place.datasets.create("table", kind: .csv, key: "id", subject: "none")
    try await place.commit("table", text(old))
    try place.write(place.source, text(new))
    let status = try await place.datasets.differences("table", with: place.source)
    try await place.datasets.commit("table", place.source)
    let found = try place.datasets.differences("table", "v1", "v2")
    #expect(found.sorted() == status.sorted())
    let others =
      Set(new).subtracting(old).map { "added \($0)" }
      + Set(old).subtracting(new).map { "removed \($0)" }
    #expect(found.filter { !$0.hasPrefix("moved") }.sorted() == others.sorted())
    // Taken out, they leave the rest of what both have in one order; and nothing smaller would.
    let moved = Set(found.compactMap { Int($0.firstMatch(of: /^moved (\d+)/)?.1 ?? "") })
    let common = new.filter { old.contains($0) }
    let kept = common.filter { !moved.contains($0) }
    let keptBefore = old.filter { kept.contains($0) }
    #expect(kept == keptBefore)
    let places = common.map { old.firstIndex(of: $0)! }
    var lengths: [Int] = []
    for (index, place) in places.enumerated() {
      let before = (0..<index).filter { places[$0] < place }.map { lengths[$0] }
      lengths.append(1 + (before.max() ?? 0))
    }
    let longest = lengths.max() ?? 0
    #expect(kept.count == longest)
    for id in moved {
      let line = "moved \(id) (\(old.firstIndex(of: id)! + 1) > \(new.firstIndex(of: id)! + 1))"
      #expect(found.contains(line))
    }
  }

  @Test(
    "a row that changed and changed back does not differ, and one that moved back has not moved")
  func backAgain() async throws {
    let place = try await DatasetPlace()
    let first = "id,client\n1,p-0001\n2,p-0001\n3,p-0001\n"
    try await place.table(
      first, "id,client\n3,p-0001\n1,p-0002\n2,p-0001\n", first,
      "id,client\n2,p-0001\n1,p-0001\n3,p-0001\n")
    #expect(try place.datasets.differences("table", "v1", "v3") == [])
    #expect(
      try place.datasets.differences("table", "v1", "v2") == ["changed 1", "moved 3 (3 > 1)"])
    #expect(try place.datasets.differences("table", "v3", "v4").count == 1)
  }

  // MARK: - Contents

  /// The difference of one record's contents, as short text.
  private static func content(
    _ datasets: Datasets, _ name: String, _ old: String = "v1", _ new: String = "v2"
  ) throws -> [String: String] {
    var found: [String: String] = [:]
    try datasets.diff(name, old, new, withContent: true) { change in
      found[change.key] =
        switch change.content {
        case .text(let text):
          text.hunks.flatMap(\.lines).filter { $0.kind != .kept }
            .map { $0.kind.rawValue + $0.text }.joined(separator: "|")
        case .fields(let fields):
          fields.map { "\($0.name): \($0.old ?? "-") > \($0.new ?? "-")" }.joined(separator: "|")
        case .sizes(let old, let new, let reason):
          "\(reason) \(old.map(String.init) ?? "-") > \(new.map(String.init) ?? "-")"
        case .gone: "gone"
        case .restricted: "restricted"
        case nil: "none"
        }
    }
    return found
  }

  @Test("text is compared line by line, anything else by size, whatever is large by size")
  func fileContents() async throws {
    let place = try await DatasetPlace()
    let datasets = place.datasets
    try await datasets.create("files", kind: .files, subject: "none")
    let long = String(repeating: "a line of some length\n", count: 100_000)
    let larger = String(repeating: "x", count: Datasets.ContentDifference.sizeMax)
    let versions: [String: (old: String?, new: String?)] = [
      "notes.txt": ("one\ntwo\nthree\n", "one\nzwei\nthree\n"), "new.txt": (nil, "a\nb\n"),
      "gone.txt": ("a\n", nil), "binary": ("\u{0}1", "\u{0}12"), "emptied": ("1\n", ""),
      "long": (long, "first\n" + long), "large": (larger, larger + "x"),
      "lines": (String(repeating: "\n", count: 200_001), "a"),
    ]
    for isNew in [false, true] {
      for (name, texts) in versions {
        try? FileManager.default.removeItem(atPath: "\(place.source)/\(name)")
        if let text = isNew ? texts.new : texts.old {
          try place.write("\(place.source)/\(name)", text)
        }
      }
      try place.write("\(place.source)/latin-1", [0x4d, 0xfc] + (isNew ? [0x0a] : []))
      try await datasets.commit("files", place.source)
    }
    #expect(
      try Self.content(datasets, "files") == [
        "notes.txt": "-two|+zwei", "new.txt": "+a|+b", "gone.txt": "-a", "binary": "binary 2 > 3",
        "emptied": "-1", "long": "+first", "large": "large \(larger.count) > \(larger.count + 1)",
        "lines": "large 200001 > 1", "latin-1": "binary 2 > 3",
      ])
  }

  @Test("rows are compared by column, JSON objects by member, other JSON as text")
  func rowContents() async throws {
    let place = try await DatasetPlace()
    try await place.table(
      "id,client,text\n1,p-0001,one\n2,p-0001,two\n3,p-0001,x\n",
      "id;client;words;text\n1;p-0001;;uno\n2;p-0001;a,b;two\n4;p-0001;;y\n")
    #expect(
      try Self.content(place.datasets, "table") == [
        "1": "text: one > uno|words: - > ", "2": "words: - > a,b",
        "3": "id: 3 > -|client: p-0001 > -|text: x > -",
        "4": "id: - > 4|client: - > p-0001|words: - > |text: - > y",
        "header id,client,text → id;client;words;text": "none",
      ])
    try await place.datasets.create("lines", kind: .lines, subject: "none")
    try await place.commit("lines", "{\"a\":1,\"b\":{\"c\":\"x\"}}\n\"plain\"\n[1]\n")
    try await place.commit("lines", "{\"b\":{\"c\":\"y\"},\"a\":1}\n\"other\"\n[1,2]\n")
    #expect(
      try Self.content(place.datasets, "lines") == [
        "1": "b.c: \"x\" > \"y\"", "2": "-\"plain\"|+\"other\"", "3": "-[1]|+[1,2]",
      ])
  }

  @Test("what an erased person's record was like, nobody can tell")
  func erased() async throws {
    let place = try await DatasetPlace()
    try await place.table(
      "id,client,t\n1,p-0001,a\n2,p-0002,a\n3,p-0002,a\n4,p-0002,a\n",
      "id,client,t\n1,p-0001,b\n2,p-0001,b\n3,p-0002,b\n5,p-0002,a\n")
    let datasets = try await place.erasing("p-0002").datasets
    #expect(
      try datasets.differences("table", "v1", "v2") == [
        "changed 1", "erased 2", "erased ", "removed ", "added ",
      ])
    var contents: [String] = []
    try datasets.diff("table", "v1", "v2", withContent: true) { change in
      if case .gone = change.content { contents.append(change.kind.rawValue) }
    }
    #expect(contents == ["erased", "erased", "removed", "added"])
    try place.write(place.source, "id,client,t\n1,p-0001,b\n")
    #expect(
      try await datasets.differences("table", with: place.source)
        == ["removed 2", "removed ", "removed "])
  }

  @Test("a filter leaves the records of some people, or with some keys; what is gone is counted")
  func filtered() async throws {
    let place = try await DatasetPlace()
    try await place.table(
      "id,client,t\n1,p-0001,a\n2,p-0002,a\n13,p-0002,a\n",
      "id,client,t\n1,p-0001,b\n2,p-0001,b\n13,p-0002,b\n")
    func found(_ filter: Datasets.Filter) throws -> [String] {
      try place.datasets.differences("table", "v1", "v2", matching: filter)
    }
    #expect(try found(.init(subjects: [.identifier("p-0002")])) == ["changed 2", "changed 13"])
    #expect(try found(.init(keys: ["1*"])) == ["changed 1", "changed 13"])
    #expect(try found(.init(subjects: [.identifier("p-0002")], keys: ["1*"])) == ["changed 13"])
    #expect(try found(.init(keys: ["9"])) == [])
    let datasets = try await place.erasing("p-0002").datasets
    var lines: [String] = []
    let undecided = try datasets.diff(
      "table", "v1", "v2", matching: .init(keys: ["1*"])
    ) { lines.append($0.line) }
    #expect(lines == ["changed 1"])
    #expect(undecided == 2)
  }

  // MARK: - Status

  @Test("status takes people whom nobody registered for new ones, and registers nobody")
  func unregistered() async throws {
    let place = try await DatasetPlace()
    try await place.table("id,client\n1,p-0001\n2,p-0001\n")
    try place.write(place.source, "id,client\n1,p-0009\n2,p-0001\n3,p-0009\n")
    let size = try place.store.head().size
    #expect(
      try await place.datasets.differences("table", with: place.source) == ["changed 1", "added 3"])
    #expect(try place.store.head().size == size)
    #expect(try place.store.subjects.count() == 1)
  }

  @Test("before the first commit, everything is new")
  func nothingCommitted() async throws {
    let place = try await DatasetPlace()
    try await place.datasets.create("files", kind: .files, subject: "none")
    try place.write("\(place.source)/a", "1")
    #expect(try await place.datasets.differences("files", with: place.source) == ["added a"])
    #expect(throws: CustodyError.self) { try place.datasets.differences("files", "v1", "head") }
  }
}
