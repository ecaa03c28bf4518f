import CustodyTesting
import Foundation
import Testing

@Suite("subject")
struct SubjectTests {
  private func ids(_ result: CommandResult) throws -> [String] {
    try result.succeeded().objects().compactMap { $0["subject"] as? String }
  }

  @Test("add registers people from arguments, a file and standard input, once each")
  func add() async throws {
    let folder = try await CommandFolder.withStore()
    let add = ["subject", "add", "--format", "ndjson"]
    let first = try ids(try await folder.run(add + ["p-0001", "p-0002"]))
    #expect(Set(first).count == 2)
    for id in first { #expect(id.count == 32 && id.allSatisfy(\.isHexDigit)) }
    try folder.write("people", "p-0002\np-0003\n")
    let fromFile = try ids(try await folder.run(add + ["@people"]))
    #expect(fromFile.count == 2)
    #expect(fromFile[0] == first[1])
    let fromInput = try ids(try await folder.run(add + ["-"], input: .text("p-0003\r\np-0004")))
    #expect(fromInput[0] == fromFile[1])
    #expect(Set(first + fromFile + fromInput).count == 4)
    // One event for each, and none for those who were there.
    let events = try await folder.events("--type", "subject.registered", "--content")
    #expect(events.count == 4)
    let identifiers = events.compactMap {
      ($0["content"] as? [String: Any])?["identifier"] as? String
    }
    #expect(identifiers == ["p-0001", "p-0002", "p-0003", "p-0004"])
  }

  @Test("an identifier stands nowhere in the store's files, nor in what is printed without asking")
  func hidden() async throws {
    let folder = try await CommandFolder.withStore()
    let identifier = "zebra-0017"
    let added = try await folder.run("subject", "add", identifier)
    try await folder.append(["1"], "--subject", identifier).succeeded()
    var texts = [added.text, added.complaint]
    for verb in [
      ["subject", "list"], ["subject", "show", identifier], ["log"], ["key", "list"], ["stats"],
      ["status"], ["doctor"], ["verify", "--level", "contents"], ["log", "--format", "json"],
    ] {
      let result = try await folder.run(verb)
      #expect(result.status == 0, "\(result)")
      texts += [result.text, result.complaint]
    }
    for text in texts { #expect(!text.contains("zebra"), "\(text)") }
    let files = try #require(FileManager.default.enumerator(atPath: folder.file(".custody")))
    for case let name as String in files {
      guard let bytes = try? folder.read(".custody/\(name)") else { continue }
      #expect(bytes.firstRange(of: Array("zebra".utf8)) == nil, "\(name)")
      #expect(!name.contains("zebra"))
    }
  }

  @Test("list and show name people by key id; --identifiers opens what the pipeline calls them")
  func listAndShow() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "p-0001", "p-0002").succeeded()
    try await folder.run("subject", "add", "p-0001", "--class", "voiceprint").succeeded()
    let listed = try await folder.run("subject", "list", "--identifiers", "--format", "ndjson")
      .objects()
    #expect(listed.count == 2)
    let first = try #require(listed.first { $0["identifier"] as? String == "p-0001" })
    #expect(first["classes"] as? String == "default voiceprint")
    let id = try #require(first["subject"] as? String)
    try folder.write("who", "p-0001\n")
    for (argument, input): (String, CommandFolder.Input) in [
      ("p-0001", .nothing), (id, .nothing), (id.uppercased(), .nothing), ("@who", .nothing),
      ("-", .text("p-0001\n")),
    ] {
      let shown = try await folder.run(
        "subject", "show", argument, "--format", "ndjson", "--identifiers", input: input
      ).succeeded().objects()
      #expect(shown.compactMap { $0["subject"] as? String } == [id])
      #expect(shown.compactMap { $0["identifier"] as? String } == ["p-0001"])
      let keys = try #require(shown.first?["keys"] as? [[String: String]])
      #expect(keys.compactMap { $0["class"] } == ["default", "voiceprint"])
      #expect(Set(keys.compactMap { $0["key"] }).count == 2)
    }
  }

  @Test("events name people by identifier, key id, file and standard input alike")
  func subjectOfEvents() async throws {
    let folder = try await CommandFolder.withStore()
    let id = try ids(try await folder.run("subject", "add", "p-0001", "--format", "ndjson"))[0]
    try folder.write("who", "p-0001\n")
    try folder.write("line", "1\n")
    for (argument, input): (String, CommandFolder.Input) in [
      ("p-0001", .nothing), (id, .nothing), ("@who", .nothing), ("-", .text("p-0001\n")),
    ] {
      try await folder.run(
        "append", "--stream", "s", "--type", "a.b", "--subject", argument, "line", input: input
      ).succeeded()
    }
    for event in try await folder.events("--stream", "s") {
      #expect(event["keys"] as? [String] == [id])
    }
  }

  @Test("nobody is found where nobody is")
  func notFound() async throws {
    let folder = try await CommandFolder.withStore()
    let list = try await folder.run("subject", "list")
    #expect(list.status == 0)
    #expect(list.complaint == "no subjects\n")
    for who in ["zebra", String(repeating: "0", count: 32)] {
      expect(
        try await folder.run("subject", "show", who),
        Refusal(status: 3, says: ["no such subject", "custody subject list"], hides: ["zebra"]))
    }
    expect(
      try await folder.run("subject", "show", "-", input: .text("")),
      Refusal(status: 2, says: ["no subject"]))
    expect(
      try await folder.run("subject", "show", "@nowhere"),
      Refusal(status: 3, says: ["nowhere"]))
  }

  @Test("an identifier that looks like a key id, or like a word of Custody's own, is one")
  func misleadingIdentifiers() async throws {
    let folder = try await CommandFolder.withStore()
    let digits = "d41d8cd98f00b204e9800998ecf8427e"
    for identifier in [digits, "subject", "ledger", "subject.registered"] {
      try await folder.run("subject", "add", "identifier:\(identifier)").succeeded()
      try await folder.run(
        "append", "--stream", "s", "--type", "a.b", "--subject", "identifier:\(identifier)",
        input: .text("1\n")
      ).succeeded()
    }
    let refused = try await folder.run(
      "append", "--stream", "s", "--type", "a.b", "--subject", digits, input: .text("1\n"))
    #expect(refused.status == 6)
    #expect(refused.complaint.contains("identifier:"), "\(refused)")
    try await folder.run("subject", "add", "patient-0017").succeeded()
    #expect(try await folder.run("verify", "--level", "contents").status == 0)
  }
}
