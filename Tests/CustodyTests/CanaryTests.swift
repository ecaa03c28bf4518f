import CustodyTesting
import Foundation
import Testing

/// Words that stand in the one place they were planted in, and what of them can be found.
///
/// ``ErasureTests`` does the same with the library; here it goes through the command, with every place
/// in which people write something down.
@Suite("Canaries")
struct CanaryTests {
  private static let person = "zqperson7316"
  private static let content = "zqcontent4402"
  private static let key = "zqkey5581"
  private static let fileName = "zqfile2293"
  private static let value = "zqvalue8874"
  private static let parameter = "zqparameter6105"
  private static let variable = "zqvariable3937"
  private static let error = "zqerror1168"
  private static let output = "zqoutput7720"
  private static let query = "zqquery9059"
  private static let eventContent = "zqevent4616"
  private static let all = [
    person, content, key, fileName, value, parameter, variable, error, output, query, eventContent,
  ]
  /// In the SQL of a run that nobody can be attributed to.
  private static let foreign = "zqforeign3380"

  // MARK: - Finding

  /// A word as other programs might have written it down.
  private static func forms(of word: String) -> [Data] {
    let bytes = Data(word.utf8)
    let hex = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    // Within a longer text the word begins at the first, second or third byte of a group of three.
    let base64 = (0..<3).map { shift -> String in
      let text = (Data(count: shift) + bytes).base64EncodedString()
      let whole = (shift * 8 + 5) / 6..<(shift + bytes.count) * 8 / 6
      return String(text.dropFirst(whole.lowerBound).prefix(whole.count))
    }
    return [
      bytes, word.data(using: .utf16LittleEndian)!, word.data(using: .utf16BigEndian)!,
      Data(hex.utf8), Data(hex.uppercased().utf8),
    ] + base64.map { Data($0.utf8) }
  }

  /// Which words stand in which files below some folders, by content or name.
  private static func found(_ words: [String], below folders: [String]) throws -> [String] {
    let forms = words.map { ($0, Self.forms(of: $0)) }
    var found: [String] = []
    for folder in folders {
      for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
        let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data()
        for (word, forms) in forms
        where name.contains(word) || forms.contains(where: { bytes.range(of: $0) != nil }) {
          found.append("\(word) in \(name)")
        }
      }
    }
    return found
  }

  @Test("a word is found in each of its forms, wherever it begins")
  func control() throws {
    let folder = try CommandFolder()
    let word = Self.person
    for shift in 0..<7 {
      let text = String(repeating: "x", count: shift) + word + " and more"
      for bytes in [
        Data(text.utf8), text.data(using: .utf16LittleEndian)!, text.data(using: .utf16BigEndian)!,
        Data(Data(text.utf8).base64EncodedString().utf8),
        Data(Data(text.utf8).map { String(format: "%02x", $0) }.joined().utf8),
        Data(Data(text.utf8).map { String(format: "%02X", $0) }.joined().utf8),
      ] {
        try folder.write("f", bytes)
        #expect(try Self.found([word, Self.key], below: [folder.path]) == ["\(word) in f"])
      }
    }
  }

  // MARK: - Planting

  /// A store in which each word stands in a place of its own.
  private struct Place {
    let folder: CommandFolder
    /// A run that read her records and failed.
    let run: String

    var store: [String] { [folder.file(".custody"), "\(folder.home)/state"] }

    init() async throws {
      folder = try await CommandFolder.withStore()
      try folder.write(
        "t.csv", "id,person,words\n\(CanaryTests.key),\(person),\(value)\nk-2,p-other,other\n")
      let recordings = folder.file("r/\(person)")
      try FileManager.default.createDirectory(
        atPath: recordings, withIntermediateDirectories: true)
      try Data(content.utf8).write(to: URL(fileURLWithPath: "\(recordings)/\(fileName).wav"))
      for arguments in [
        ["create", "t", "--kind", "csv", "--key", "id", "--subject", "person"],
        ["create", "r", "--kind", "files", "--subject", "path:([^/]+)/"], ["commit", "t", "t.csv"],
        ["commit", "r", "r"],
      ] { try await folder.run(["dataset"] + arguments).succeeded() }
      try await folder.run(
        "append", "--stream", "notes", "--type", "note.made", "--subject", person,
        input: .text("{\"said\":\"\(eventContent)\"}\n")
      ).succeeded()
      // The command line has none of what it says.
      try folder.write("output", output)
      try folder.write("error", CanaryTests.error)
      let failed = try await folder.run(
        "run", "--job", "clean", "--in", "t", "--in", "r", "--out", "c", "--key", "id", "--param",
        "note=\(parameter)", "--env", "NOTE", "--", "sh", "-c", "cat output; cat error >&2; exit 3",
        environment: ["NOTE": variable])
      try #require(failed.status == 3, "\(failed)")
      let id = try #require(failed.complaint.firstMatch(of: /run ([0-9a-f-]{36})/), "\(failed)")
      run = String(id.1)
      try folder.write(
        "lineage.ndjson", Self.lineage(run, query) + Self.lineage(LineageSaid.id(7), foreign))
      try await folder.run("lineage", "import", "lineage.ndjson").succeeded()
    }

    private static func lineage(_ run: String, _ word: String) -> String {
      let sql = #""sql":{\#(LineageSaid.base),"query":"SELECT a FROM b WHERE n = '\#(word)'"}"#
      return LineageSaid.event(
        at: 1,
        #""eventType":"COMPLETE","run":{"runId":"\#(run)"},"inputs":[],"outputs":[],"#
          + #""job":{"namespace":"jobs","name":"clean","facets":{\#(sql)}}"#) + "\n"
    }

    /// Everything that is told of her: records by key, runs, events, lineage.
    func told() async throws -> String {
      var text = ""
      for arguments in [
        ["why", "t@v1", CanaryTests.key], ["why", "r@v1", "\(person)/\(fileName).wav"],
        ["log", "--content"], ["log", "--subject", person, "--content"],
        ["lineage", "show", "t@v1"], ["lineage", "show", "r@v1"], ["lineage", "show", run],
        ["lineage", "show", "job:clean"], ["lineage", "export", "--format", "openlineage"],
        ["lineage", "gaps"], ["dataset", "cat", "t@v1", CanaryTests.key],
        ["dataset", "cat", "r@v1", "\(person)/\(fileName).wav"],
        ["dataset", "show", "t@v1", "--records"], ["dataset", "show", "r@v1", "--records"],
        ["dataset", "log", "t"], ["subject", "list", "--identifiers"],
      ] {
        let result = try await folder.run(arguments)
        text += result.text + result.complaint
      }
      return text
    }
  }

  @Test(
    "stand in no file of store and guard, and what was hers is told by nothing after her erasure")
  func erased() async throws {
    let place = try await Place()
    // Outside, the same search finds what was planted.
    #expect(
      try Self.found([Self.value, Self.fileName], below: [place.folder.path]).sorted() == [
        "\(Self.fileName) in r/\(Self.person)/\(Self.fileName).wav", "\(Self.value) in t.csv",
      ])
    let before = try await place.told()
    for word in Self.all + [Self.foreign] {
      #expect(before.contains(word), "\(word) was not planted, or is not told")
    }
    #expect(try Self.found(Self.all + [Self.foreign], below: place.store) == [])

    let erased = try await place.folder.run(
      "subject", "erase", Self.person, "--reason", "request", "--yes"
    ).succeeded()
    #expect(
      erased.text.contains("1 imported event of runs that touched no such record: not searched"),
      "\(erased)")
    let after = try await place.told()
    for word in Self.all { #expect(!after.contains(word), "\(word) is told") }
    // Whom its run touched nobody can tell: it stays, and is named as not searched.
    #expect(after.contains(Self.foreign))
    #expect(try Self.found(Self.all + [Self.foreign], below: place.store) == [])
    try await place.folder.run("verify", "--level", "projections").succeeded()
  }
}
