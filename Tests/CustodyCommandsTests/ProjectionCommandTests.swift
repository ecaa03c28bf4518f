import CustodyTesting
import Foundation
import Testing

@Suite("projection, and what it makes quick")
struct ProjectionCommandTests {
  private static func folder() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "p-0001", "p-0002").succeeded()
    let events = (0..<20).map {
      #"{"stream":"s/\#($0 % 3)","type":"thing.t\#($0 % 2)","subjects":["p-000\#($0 % 2 + 1)"],"content":\#($0)}"#
    }
    try folder.write("events", events.joined(separator: "\n") + "\n")
    try await folder.run("append", "--events", "events").succeeded()
    return folder
  }

  @Test("log --subject lists what is sealed about a person, by whatever names her")
  func bySubject() async throws {
    let folder = try await Self.folder()
    let id = try #require(
      try await folder.run("subject", "show", "p-0001", "--format", "ndjson").succeeded()
        .objects().first?["subject"] as? String)
    try folder.write("who", "p-0001\n")
    for (argument, input): (String, CommandFolder.Input) in [
      ("p-0001", .nothing), (id, .nothing), ("@who", .nothing), ("-", .text("p-0001\n")),
    ] {
      let events = try await folder.run(
        "log", "--subject", argument, "--content", "--format", "ndjson", input: input
      ).succeeded().objects()
      #expect(events.count == 11, "her registration and ten things")
      #expect(
        events.dropFirst().compactMap { $0["content"] as? Int } == [
          0, 2, 4, 6, 8, 10, 12, 14, 16, 18,
        ])
    }
    let some = try await folder.events(
      "--subject", "p-0002", "--type", "thing.t1", "--reverse", "--limit", "3")
    #expect(some.count == 3)
    #expect(try await folder.events("--key", id).count == 11, "needs no secret")
    let nobody = try await folder.run("log", "--subject", "p-0003")
    expect(nobody, Refusal(status: 3, says: ["no such subject"], hides: ["p-0003"]))
    expect(try await folder.run("log", "--key", "xyz"), Refusal(status: 2, says: ["key id"]))
  }

  @Test("verify finds a changed row and exits 1, diff names its table, rebuild mends it")
  func tampered() async throws {
    let folder = try await Self.folder()
    let behind = try await folder.run("projection", "status").succeeded()
    #expect(behind.text.contains("behind"))
    try await folder.run("projection", "verify").succeeded()
    #expect(try await folder.run("projection", "status").succeeded().text.contains("current"))
    #expect(try await folder.run("projection", "diff", "event-index").status == 0)
    try RawDatabase(folder.file(".custody/projections.sqlite")).execute(
      "DELETE FROM event_index_1_by_key WHERE position = 9")
    let found = try await folder.run("projection", "verify")
    #expect(found.status == 1)
    #expect(found.text.contains("1 row differs, first at position 9"), "\(found)")
    let diff = try await folder.run("projection", "diff", "event-index", "--format", "ndjson")
    #expect(diff.status == 1)
    let row = try #require(try diff.objects().first)
    #expect(row["table"] as? String == "event_index_1_by_key")
    #expect(row["missing"] as? Int == 1 && row["first"] as? Int == 9)
    let verified = try await folder.run("verify", "--level", "projections")
    #expect(verified.status == 1 && verified.text.contains("projectionMismatch"), "\(verified)")
    let rebuilt = try await folder.run("projection", "rebuild", "event-index").succeeded()
    #expect(rebuilt.text.contains("other rows than before"))
    #expect(try await folder.run("verify", "--level", "projections").status == 0)
  }

  @Test("names that no projection has are told")
  func unknown() async throws {
    let folder = try await Self.folder()
    for verb in ["rebuild", "verify", "diff"] {
      expect(
        try await folder.run("projection", verb, "nothing"),
        Refusal(status: 3, says: ["no projection nothing", "event-index"]))
    }
  }
}
