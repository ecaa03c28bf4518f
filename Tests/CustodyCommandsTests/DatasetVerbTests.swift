import CustodyTesting
import Foundation
import Testing

/// What the verbs of `dataset` print; what they do is tested with the library.
@Suite("dataset, as people and programs read it")
struct DatasetVerbTests {
  /// A folder of files with two versions, of which the newest is in `source`.
  private static func files() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try FileManager.default.createDirectory(
      atPath: folder.file("source"), withIntermediateDirectories: true)
    try folder.write("source/notes.txt", "one\ntwo\nthree\n")
    try folder.write("source/old name", "the same")
    try folder.write("source/picture", [0, 1, 2])
    try await folder.run("dataset", "create", "files", "--kind", "files", "--subject", "none")
      .succeeded()
    try await folder.run("dataset", "commit", "files", "source").succeeded()
    try folder.write("source/notes.txt", "one\nz\u{1b}[31mwei\tzwo\nthree")
    try folder.write("source/new name", "the same")
    try FileManager.default.removeItem(atPath: folder.file("source/old name"))
    try folder.write("source/picture", [0, 1])
    return folder
  }

  @Test("status says what moved, counts, and how to commit it")
  func status() async throws {
    let folder = try await Self.files()
    let status = try await folder.run("dataset", "status", "files", "source").succeeded()
    #expect(
      status.text == """
        change   record
        moved    old name \u{2192} new name
        changed  notes.txt
        changed  picture
        since v1: 2 records changed, 1 moved; commit with: custody dataset commit files source

        """)
    let rows = try await folder.run("dataset", "status", "files", "source", "--format", "ndjson")
      .succeeded().objects()
    #expect(rows.map { $0["change"] as? String } == ["moved", "changed", "changed"])
    #expect(rows[0]["record"] as? String == "new name" && rows[0]["from"] as? String == "old name")
    let csv = try await folder.run("dataset", "status", "files", "source", "--format", "csv")
    #expect(
      csv.lines[0...1] == ["change,record,from,fromPlace,toPlace", "moved,new name,old name,,"])
    try await folder.run("dataset", "commit", "files", "source").succeeded()
    let same = try await folder.run("dataset", "status", "files", "source").succeeded()
    #expect(same.text.isEmpty && same.complaint == "nothing changed since v2\n")
    let then = try await folder.run("dataset", "status", "files", "source", "--at", "5").succeeded()
    #expect(then.lines.last == "since v1: 2 records changed, 1 moved")
    let ascii = try await folder.run(
      "dataset", "diff", "files", "v1", "v2", environment: ["LANG": "C"])
    #expect(ascii.text.contains("old name -> new name"))
  }

  @Test("diff --content shows lines, sizes and nothing that a terminal would obey")
  func content() async throws {
    let folder = try await Self.files()
    try await folder.run("dataset", "commit", "files", "source").succeeded()
    let diff = try await folder.run("dataset", "diff", "files", "v1", "v2", "--content").succeeded()
    #expect(
      diff.text == """
        changed notes.txt
          @@ -1,3 +1,3 @@
           one
          -two
          -three
          +z\u{fffd}[31mwei\tzwo
          +three
          \\ No newline at end of file
        changed picture
          no text: 3 bytes \u{2192} 2 bytes
        moved old name \u{2192} new name
        2 records changed, 1 moved

        """)
    let rows = try await folder.run(
      "dataset", "diff", "files", "v1", "v2", "--content", "--format", "ndjson"
    ).succeeded().objects()
    let hunk = ((rows[0]["content"] as? [String: Any])?["hunks"] as? [[String: Any]])?.first
    #expect(
      hunk?["lines"] as? [String] == [
        " one", "-two", "-three", "+z\u{1b}[31mwei\tzwo", "+three", "\\ No newline at end of file",
      ])
    #expect((rows[1]["content"] as? [String: Any])?["kind"] as? String == "binary")
    #expect((rows[1]["content"] as? [String: Any])?["newBytes"] as? Int == 2)
    #expect(rows[2]["content"] is NSNull)
  }

  /// A CSV with three versions.
  private static func table() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try await folder.run(
      "dataset", "create", "answers", "--kind", "csv", "--key", "id", "--subject", "client"
    ).succeeded()
    let words = (1...30).map { "word\($0)" }.joined(separator: " ")
    for text in [
      "id,client,text,note\n1,p-0001,one,\(words)\n2,p-0002,two,\n3,p-0001,three,\n",
      "id,client,text,note\n3,p-0001,three,\n"
        + "1,p-0001,uno,\(words.replacing("word15 ", with: "other "))\n2,p-0002,two,\"a\nb\"\n",
      "id,client,text,note\n3,p-0001,drei,\n",
    ] {
      try folder.write("answers.csv", text)
      try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
    }
    return folder
  }

  @Test("diff --content shows the columns of a CSV, long ones by their words or lines")
  func fields() async throws {
    let folder = try await Self.table()
    let diff = try await folder.run("dataset", "diff", "answers", "v1", "v2", "--content")
    #expect(
      try diff.succeeded().text == """
        changed 1
          text: one \u{2192} uno
          note:
            \u{2026}word9 word10 word11 word12 word13 word14 [-word15 -]{+other +}word16 word17 word18 \
        word19 word20 word21 \u{2026}
        changed 2
          note:
            @@ -0,0 +1,2 @@
            +a
            +b
            \\ No newline at end of file
        moved 3 (row 3 \u{2192} row 1)
        2 records changed, 1 moved

        """)
    let removed = try await folder.run(
      "dataset", "diff", "answers", "v2", "v3", "--content", "--where", "key:2")
    #expect(
      try removed.succeeded().text == """
        removed 2
          - id: 2
          - client: p-0002
          - text: two
          - note: a
          -   b
        1 record removed

        """)
    let rows =
      try await folder.run(
        "dataset", "diff", "answers", "v1", "v2", "--where", "key:3", "--format", "json"
      ).json() as? [[String: Any]]
    #expect(rows?.first?["fromPlace"] as? Int == 3 && rows?.first?["toPlace"] as? Int == 1)
  }

  @Test("show tells a version and its records, also those of one person")
  func show() async throws {
    let folder = try await Self.table()
    let facts = try await folder.run("dataset", "show", "answers@v2", "--format", "json")
      .succeeded().object()
    #expect(facts["version"] as? Int == 2 && facts["changed"] as? Int == 2)
    #expect(facts["actor"] as? String == "uid:\(getuid())" && facts["run"] is NSNull)
    let newest = try await folder.run("dataset", "show", "answers", "--at", "P0D").succeeded()
    #expect(newest.text.contains("newest version  3"))
    let records = try await folder.run(
      "dataset", "show", "answers@v2", "--records", "--format", "ndjson"
    ).succeeded().objects()
    #expect(records.map { $0["record"] as? String } == ["3", "1", "2"])
    #expect(records.map { $0["changedIn"] as? String } == ["v1", "v2", "v2"])
    let id = try #require((records[0]["keys"] as? [String])?.first)
    try folder.write("person", "p-0001\n")
    for condition in ["subject:p-0001", "subject:\(id)", "subject:@person", "subject:-"] {
      let found = try await folder.run(
        "dataset", "show", "answers@v1", "--records", "--where", condition, "--format", "csv",
        input: .text("p-0001\n")
      ).succeeded()
      #expect(found.lines.dropFirst().map { $0.split(separator: ",")[1] } == ["1", "3"])
    }
    let none = try await folder.run(
      "dataset", "show", "answers", "--records", "--where", "key:x?")
    #expect(none.status == 0 && none.complaint == "no records\n")
  }

  @Test("restore --as-new-version appends, tells what became of it, and says when nothing differs")
  func asNewVersion() async throws {
    let folder = try await Self.table()
    let restored = try await folder.run(
      "dataset", "restore", "answers@v1", "--as-new-version", "-m", "back")
    #expect(
      try restored.succeeded().text
        == "restored v1 as v4: 3 records, 2 added, 1 changed, 0 removed\n")
    let again = try await folder.run("dataset", "restore", "answers@v1", "--as-new-version")
    #expect(again.text == "nothing to restore: v4 has the same records as v1\n")
    let facts = try await folder.run(
      "dataset", "restore", "answers@v2", "1", "--as-new-version", "--format", "json"
    ).succeeded().object()
    #expect(facts["version"] as? Int == 5 && facts["source"] as? Int == 2)
    #expect(facts["changed"] as? Int == 1 && facts["missing"] as? Int == 0)
    let log = try await folder.run("dataset", "log", "answers", "--format", "ndjson").objects()
    #expect(log.first?["message"] as? String == "restored records from v2")
    #expect(log.dropFirst().first?["message"] as? String == "back")
    let then = try await folder.run("dataset", "log", "answers", "--at", "8", "--format", "ndjson")
    #expect(try then.succeeded().objects().count < log.count)
  }

  @Test("commit and status take people from a file where the dataset was made so")
  func subjectFile() async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("answers.csv", "id,text\n1,one\n2,two\n")
    try folder.write("people.csv", "key,subject\n1,p-0001\n2,p-0002\n2,p-0001\n")
    try await folder.run(
      "dataset", "create", "answers", "--kind", "csv", "--key", "id", "--subject",
      "file:people.csv"
    ).succeeded()
    let status = try await folder.run(
      "dataset", "status", "answers", "answers.csv", "--subject", "file:people.csv")
    #expect(
      try status.succeeded().lines.last
        == "2 records added; commit with: custody dataset commit answers answers.csv "
        + "--subject file:people.csv")
    let without = try await folder.run("dataset", "commit", "answers", "answers.csv")
    expect(without, Refusal(status: 2, says: ["Give --subject file:CSV"]))
    let commit = try await folder.run(
      "dataset", "commit", "answers", "answers.csv", "--subject", "file:people.csv")
    #expect(try commit.succeeded().text.contains("registered 2 subjects"))
    try folder.write("people.csv", "key,subject\n1,p-0001\n")
    let missing = try await folder.run(
      "dataset", "commit", "answers", "answers.csv", "--subject", "file:people.csv")
    expect(missing, Refusal(status: 6, says: ["answers.csv, line 3", "people.csv"], hides: ["p-"]))
    // A folder whose name a shell would take apart.
    try folder.write("it's here.csv", "id,text\n1,one\n")
    let quoted = try await folder.run(
      "dataset", "status", "answers", "it's here.csv", "--subject", "file:people.csv")
    #expect(try quoted.succeeded().text.contains(#"commit answers 'it'\''s here.csv' --subject"#))
  }

  @Test("stats counts what there was at a moment")
  func stats() async throws {
    let folder = try await Self.table()
    let rows = try await folder.run("stats", "--at", "3", "--format", "ndjson").succeeded()
      .objects()
    #expect(rows.reduce(0) { $0 + ($1["events"] as? Int ?? 0) } == 4)
  }
}
