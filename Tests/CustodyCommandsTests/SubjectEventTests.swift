import CustodyTesting
import Foundation
import Testing

@Suite("subject add, event and show: facts")
struct SubjectEventTests {
  private func shown(_ folder: CommandFolder, _ options: String...) async throws -> [String: Any] {
    try await folder.run(["subject", "show", "--format", "json"] + options).succeeded().object()
  }

  @Test("facts are told by show and, when asked, by list")
  func facts() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run(
      "subject", "add", "p-0001", "--jurisdiction", "US-IL", "--birth-date", "1990-01-31"
    ).succeeded()
    try await folder.run("subject", "add", "p-0002", "p-0003").succeeded()
    try await folder.run("subject", "add", "p-0002", "p-0003", "--jurisdiction", "DE").succeeded()
    let first = try await shown(folder, "p-0001")
    #expect(first["jurisdiction"] as? String == "US-IL")
    #expect(first["birthDate"] as? String == "1990-01-31")
    #expect((first["events"] as? [Any])?.isEmpty == true && first["identifier"] is NSNull)
    let list = ["subject", "list", "--format", "ndjson"]
    let listed = try await folder.run(list + ["--facts"]).succeeded().objects()
    #expect(Set(listed.compactMap { $0["jurisdiction"] as? String }) == ["US-IL", "DE"])
    #expect(listed.compactMap { $0["birthDate"] as? String } == ["1990-01-31"])
    #expect(try await folder.run(list).succeeded().objects()[0]["jurisdiction"] == nil)
    let table = try await folder.run("subject", "show", "p-0001").succeeded().text
    for text in ["jurisdiction  US-IL", "birth date    1990-01-31", "class    key\ndefault  "] {
      #expect(table.contains(text), "\(table)")
    }
    #expect(!table.contains("p-0001"))
  }

  @Test("events are recorded of one person, and of many from a file or standard input")
  func events() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "p-0001", "p-0002", "p-0003").succeeded()
    let record = ["subject", "event", "--format", "ndjson"]
    let one = try await folder.run(
      record + ["p-0001", "contract-end", "--on", "2026-01-31"]
    ).succeeded().object()
    let id = try #require(one["subject"] as? String)
    #expect(one["kind"] as? String == "contract-end" && one["on"] as? String == "2026-01-31")
    try folder.write("who", "p-0003\n\(id)\np-0003\n")
    let many = try await folder.run(
      record + ["@who", "contract-end", "--on", "2026-01-31"]
    ).succeeded()
    #expect(try many.objects().count == 2)
    #expect(many.complaint == "recorded already: 1 of 2\n")
    let input = try await folder.run(
      record + ["-", "moved-away", "--on", "2026-02-01T08:00:00+01:00"],
      input: .text("p-0001\np-0002\n")
    ).succeeded().objects()
    #expect(
      input.compactMap { $0["on"] as? String } == Array(repeating: "2026-02-01T07:00:00Z", count: 2)
    )
    let events = try #require(try await shown(folder, "p-0001")["events"] as? [[String: Any]])
    #expect(events.compactMap { $0["kind"] as? String } == ["contract-end", "moved-away"])
    #expect(events.allSatisfy { $0["recordedAt"] is String && $0["position"] is Int })
    let table = try await folder.run("subject", "show", id).succeeded().text
    #expect(table.contains("contract-end  2026-01-31"), "\(table)")
    // Only that something was recorded can be seen without a key.
    let log = try await folder.run("log", "--format", "json").succeeded().text
    #expect(!log.contains("contract-end") && !log.contains("2026-01-31T00"))
    #expect(log.contains("subject.observed"))
  }

  @Test("show knows only what was recorded by a moment")
  func moments() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "p-0001").succeeded()
    let before = try await folder.size() - 1
    try await folder.run("subject", "event", "p-0001", "death", "--on", "2020-01-01").succeeded()
    let then = try await shown(folder, "p-0001", "--at", "\(before)")
    #expect((then["events"] as? [Any])?.isEmpty == true)
    #expect((try await shown(folder, "p-0001")["events"] as? [Any])?.count == 1)
    expect(
      try await folder.run("subject", "show", "p-0001", "--at", "0"),
      Refusal(status: 3, says: ["did not know of her"], hides: ["p-0001"]))
  }

  @Test("somebody who was erased is named with when and under which request")
  func erased() async throws {
    let folder = try await CommandFolder.withStore()
    let added = try await folder.run("subject", "add", "p-0001", "--format", "json").succeeded()
    let id = try #require(try (added.json() as? [[String: Any]])?.first?["subject"] as? String)
    let erased = try await folder.run(
      "subject", "erase", "p-0001", "--reason", "request", "--yes", "--format", "json"
    ).succeeded().object()
    let request = try #require(erased["request"] as? String)
    for verb in [["event", id, "death"], ["show", id]] {
      expect(
        try await folder.run(["subject"] + verb),
        Refusal(status: 6, says: ["She was erased at 2", request]))
    }
    expect(
      try await folder.run("subject", "event", "p-0001", "death"),
      Refusal(status: 3, says: ["no such subject"], hides: ["p-0001"]))
  }

  @Test(
    "what cannot be is refused, and nothing is recorded of anybody",
    arguments: [
      (["event", "p-0001", "Death"], 2, "contract-end"),
      (["event", "p-0001", "death", "--on", "tomorrow"], 2, "2026-01-31"),
      (["event", "p-0001", "death", "--on", "2026-02-30"], 2, "2026-01-31"),
      (["event", "p-0001", "death", "--on", "9999-12-31"], 2, "in the future"),
      (["event", "contract-end", "p-0001"], 6, "The person comes first"),
      (["event", "p-0001", "death", "--class", "voiceprint"], 6, "class voiceprint"),
      (["event", "@who", "death"], 3, "Number 2 of the 3 people named"),
      (["event", "@nowhere", "death"], 3, "nowhere"),
      (["event", "death"], 2, "KIND"),
      (["add", "p-0001", "--jurisdiction", "Illinois"], 2, "US-IL"),
      (["add", "p-0001", "--birth-date", "31.1.1990"], 2, "1990-01-31"),
      (["add", "p-0001", "--birth-date", "9999-12-31"], 2, "in the future"),
      (["add", "p-0001", "p-0009", "--birth-date", "1990-01-31"], 2, "one person"),
    ] as [([String], Int32, String)])
  func senseless(arguments: [String], status: Int32, says: String) async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "p-0001", "p-0002").succeeded()
    try folder.write("who", "p-0001\nnobody-1\np-0002\n")
    try await expectRefusal(
      Refusal(status: status, says: [says], hides: ["nobody-1", "p-0001:"]), in: folder
    ) { try await folder.run(["subject"] + arguments) }
  }
}
