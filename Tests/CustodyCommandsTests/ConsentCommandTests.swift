import CustodyTesting
import Foundation
import Testing

@Suite("consent")
struct ConsentCommandTests {
  private static func folder() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "p-0001", "p-0002").succeeded()
    return folder
  }

  private static let grant = [
    "consent", "grant", "--basis", "consent", "--text-version", "2026-03", "--from", "2026-01-01",
    "--purpose", "research",
  ]

  @Test("grant, list, show and withdraw tell what was recorded, in every format")
  func story() async throws {
    let folder = try await Self.folder()
    try folder.write("text", "what she reads")
    try folder.write("people", "p-0001\np-0002\n")
    let granted = try await folder.run(
      Self.grant + [
        "--purpose", "quality", "--expires", "2026-12-31", "--text", "text", "--for", "clinic-b",
        "--given-by", "guardian", "@people", "--format", "ndjson",
      ]
    ).succeeded().objects()
    #expect(granted.count == 2)
    let subject = try #require(granted.first?["subject"] as? String)
    // On the last day it is still in force.
    #expect(try await folder.run("consent", "list", "--when", "2026-12-31").lines.count == 5)
    #expect(try await folder.run("consent", "list", "--when", "2027-01-01").lines.isEmpty)
    let list = ["consent", "list", "--when", "2026-06-01"]
    let rows = try await folder.run(list + ["--format", "ndjson"]).succeeded().objects()
    #expect(rows.count == 4)
    let row = try #require(
      rows.first { $0["subject"] as? String == subject && $0["purpose"] as? String == "research" })
    #expect(row["state"] as? String == "in-force" && row["basis"] as? String == "consent")
    #expect(row["from"] as? String == "2026-01-01T00:00:00Z")
    #expect(row["until"] as? String == "2026-12-31T23:59:59.999999Z")
    #expect(row["for"] as? [String] == ["clinic-b"] && row["givenBy"] as? String == "guardian")
    #expect((row["textDigest"] as? String)?.hasPrefix("sha256:") == true)
    #expect(row["grant"] as? String == granted[0]["event"] as? String)
    for (format, count) in [("csv", 5), ("table", 5)] {
      #expect(try await folder.run(list + ["--format", format]).succeeded().lines.count == count)
    }
    #expect(
      try await folder.run(list + ["--purpose", "quality", "--subject", subject]).lines.count == 2)

    try await folder.run(
      "consent", "withdraw", "p-0001", "--purpose", "research", "--from", "2026-05-01"
    ).succeeded()
    #expect(try await folder.run(list).lines.count == 4)
    #expect(try await folder.run(list + ["--all"]).lines.count == 5)
    // As the ledger knew it before.
    let position = try await folder.events("--type", "consent.withdrawn").first?["position"] as? Int
    let before = String(try #require(position) - 1)
    #expect(try await folder.run(list + ["--at", before]).lines.count == 5)
    let shown = try await folder.run(
      "consent", "show", "p-0001", "--when", "2026-06-01", "--format", "json"
    ).object()
    let purposes = try #require(shown["purposes"] as? [[String: Any]])
    #expect(purposes.compactMap { $0["state"] as? String } == ["in-force", "withdrawn"])
    let history = try #require(shown["history"] as? [[String: Any]])
    #expect(history.compactMap { $0["what"] as? String } == ["granted", "withdrawn"])
    #expect(history.last?["purposes"] as? [String] == ["research"])
    let text = try await folder.run("consent", "show", subject).succeeded().text
    #expect(text.contains("granted") && text.contains("withdrawn"))
    for output in [text, "\(shown)"] { #expect(!output.contains("p-0001")) }
  }

  @Test("says what is wrong, and what to do next")
  func refusals() async throws {
    let folder = try await Self.folder()
    let size = try await folder.run("head", "--format", "json").object()["size"] as? Int
    expect(
      try await folder.run(Self.grant + ["p-0001", "--expires", "2025-12-31"]),
      Refusal(status: 2, says: ["before it starts"]))
    expect(
      try await folder.run(Self.grant + ["p-0001", "--expires", "someday"]),
      Refusal(status: 2, says: ["someday", "RFC 3339"]))
    expect(
      try await folder.run(Self.grant + ["zebra"]),
      Refusal(status: 3, says: ["no such subject", "custody subject list"], hides: ["zebra"]))
    expect(
      try await folder.run(Self.grant + ["p-0001", "--purpose", "p-0002"]),
      Refusal(status: 6, says: ["identifier"], hides: ["p-0002"]))
    expect(
      try await folder.run(Self.grant + ["p-0001", "--text", "nowhere"]),
      Refusal(status: 3, says: ["nowhere"]))
    expect(
      try await folder.run("consent", "withdraw", "p-0001"),
      Refusal(status: 3, says: ["nothing to withdraw", "custody consent show"]))
    #expect(try await folder.run("head", "--format", "json").object()["size"] as? Int == size)
    try await folder.run(Self.grant + ["p-0001"]).succeeded()
    try await folder.run("consent", "withdraw", "p-0001").succeeded()
    expect(
      try await folder.run("consent", "withdraw", "p-0001"),
      Refusal(status: 4, says: ["withdrawn already"]))
  }

  @Test("of a person who was erased says when and under which request")
  func erased() async throws {
    let folder = try await Self.folder()
    let granted = try await folder.run(Self.grant + ["p-0001", "--format", "ndjson"]).objects()
    let subject = try #require(granted.first?["subject"] as? String)
    try await folder.run("subject", "erase", "p-0001", "--reason", "request", "--yes").succeeded()
    for verb in [
      ["consent", "show", subject], Self.grant + [subject], ["consent", "withdraw", subject],
      ["consent", "list", "--subject", subject],
    ] {
      expect(try await folder.run(verb), Refusal(status: 6, says: ["erased at", "request"]))
    }
    #expect(try await folder.run("consent", "list").complaint == "no consents\n")
  }

  /// The same with records of two people.
  private static func folderWithAnswers() async throws -> CommandFolder {
    let folder = try await folder()
    try folder.write("answers.csv", "id,client\n1,p-0001\n2,p-0002\n")
    try await folder.run(
      "dataset", "create", "answers", "--kind", "csv", "--key", "id", "--subject", "client"
    ).succeeded()
    try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
    return folder
  }

  @Test("gaps exits 1 and names runs, versions and people; 0 when there are none")
  func gaps() async throws {
    let folder = try await Self.folderWithAnswers()
    let granted = try await folder.run(Self.grant + ["p-0001", "--format", "ndjson"]).objects()
    let allowed = try #require(granted.first?["subject"] as? String)
    let none = try await folder.run("consent", "gaps")
    #expect(none.status == 0 && none.complaint.contains("no processing outside"))
    for purpose in [["--purpose", "research"], []] {
      try await folder.run(
        ["run", "--job", "study"] + purpose + ["--in", "answers", "--", "true"]
      ).succeeded()
    }
    let found = try await folder.run("consent", "gaps", "--format", "ndjson")
    #expect(found.status == 1)
    let rows = try found.objects()
    #expect(rows.map { $0["input"] as? String } == ["answers@v1", "answers@v1"])
    #expect(rows.map { $0["kind"] as? String } == ["run", "run"])
    #expect(rows.map { $0["outside"] as? Int } == [1, 2])
    #expect(rows[0]["not-given"] as? Int == 1 && rows[1]["no-purpose"] as? Int == 2)
    let subjects = try #require(rows[0]["subjects"] as? [String: [String]])
    #expect(subjects["not-given"]?.count == 1 && subjects["not-given"] != [allowed])
    let table = try await folder.run("consent", "gaps", "--purpose", "research")
    #expect(table.status == 1 && table.lines.count == 2 && table.text.contains("1 not-given"))
    #expect(try await folder.run("consent", "gaps", "--purpose", "other").status == 0)
    #expect(try await folder.run("consent", "gaps", "--until", "2020-01-01").status == 0)
    // With consent that came in later, and as it was known before.
    try await folder.run(Self.grant + ["p-0002"]).succeeded()
    #expect(try await folder.run("consent", "gaps", "--purpose", "research").status == 0)
    let at = try #require(rows[1]["position"] as? Int)
    #expect(
      try await folder.run("consent", "gaps", "--purpose", "research", "--at", "\(at)").status == 1)
  }

  @Test("gaps finds restores and disclosures too, by their purpose")
  func handedOut() async throws {
    let folder = try await Self.folderWithAnswers()
    try await folder.append(["1"], "--subject", "p-0002").succeeded()
    try await folder.run(Self.grant + ["p-0001"]).succeeded()
    let restore = ["dataset", "restore", "answers", "--purpose", "research"]
    try await folder.run(restore + ["1", "--to", "one.csv"]).succeeded()
    #expect(try await folder.run("consent", "gaps").status == 0)
    try await folder.run(restore + ["--to", "all.csv"]).succeeded()
    let event = try #require(
      try await folder.events("--stream", "s/1").first?["position"] as? Int)
    try await folder.run("disclose", "\(event)", "--to", "event").succeeded()
    let found = try await folder.run("consent", "gaps", "--format", "ndjson")
    let rows = try found.objects()
    #expect(found.status == 1)
    #expect(rows.map { $0["kind"] as? String } == ["restore", "disclosure"])
    #expect(rows.map { $0["input"] as? String } == ["answers@v1", "position \(event)"])
    #expect(rows.map { $0["purpose"] as? String } == ["research", nil])
    #expect(rows.allSatisfy { $0["run"] is NSNull && $0["job"] is NSNull })
    let table = try await folder.run("consent", "gaps")
    #expect(table.lines.count == 3 && table.text.contains("names no purpose"))
    let refused = try await folder.run(restore + ["--as-new-version"])
    #expect(refused.status == 2 && refused.complaint.contains("--purpose needs --to"))
    expect(
      try await folder.run("dataset", "restore", "answers", "--to", "x", "--purpose", "p-0001"),
      Refusal(status: 6, says: ["purpose", "identifier"], hides: ["p-0001"]))
  }
}
