import CustodyTesting
import Foundation
import Testing

@Suite("show and head")
struct ShowTests {
  @Test("an event is found by position, id, the first digits of its id, and as head")
  func items() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.append(["1", "2", "3"]).succeeded()
    let event = try #require(try await folder.events().last)
    let id = try #require(event["id"] as? String)
    // Ids begin with the time: those of one batch share their first digits.
    for item in [
      "6", "head", id, id.uppercased(), String(id.dropLast(4)), id.replacing("-", with: ""),
    ] {
      let shown = try await folder.run("show", item, "--format", "json").succeeded().object()
      #expect(shown["position"] as? Int == 6, "\(item)")
      #expect(shown["id"] as? String == id)
      #expect(shown["body"] as? String == "stored")
      #expect(Set(shown.keys).isSuperset(of: event.keys))
    }
  }

  @Test("what is not there is not found, and what is not clear is asked about")
  func notFound() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.append(["1", "2", "3"]).succeeded()
    let ids = try await folder.events("--stream", "s/1").compactMap { $0["id"] as? String }
    for item in ["7", "99999999999", "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b", "ffff"] {
      expect(
        try await folder.run("show", item),
        Refusal(status: 3, says: ["no event \(item)", "position 6"]))
    }
    expect(
      try await folder.run("show", String(ids[0].prefix(8))),
      Refusal(status: 2, says: ["More than one event id", "more of its digits"]))
  }

  @Test("--content writes the bytes and nothing else, at a terminal too")
  func content() async throws {
    let folder = try await CommandFolder.withStore()
    let bytes: [UInt8] = Array(0...255) + Array("\n\u{1b}[31m".utf8)
    try folder.write("binary", bytes)
    try await folder.run("append", "--whole", "--stream", "f", "--type", "a.b", "binary")
      .succeeded()
    #expect(try await folder.content(at: 4) == bytes)
    #expect(try await folder.run("show", "head", "--content").output == bytes)
    let system = try await folder.run("show", "0", "--content")
    #expect(system.text == #"{"organization":"example.org"}"#)
  }

  @Test("head tells size, leaf, root and checkpoint")
  func head() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.append(["1", "2"]).succeeded()
    let head = try await folder.run("head", "--format", "json").object()
    #expect(head["size"] as? Int == 6)
    #expect(head["position"] as? Int == 5)
    #expect(head["checkpoint"] as? Int == 6)
    #expect(head["unsealed"] as? Int == 0)
    let events = try await folder.events()
    #expect(head["leaf"] as? String == events[5]["leaf"] as? String)
    let report = try await folder.run("verify", "--format", "json").object()
    #expect(head["root"] as? String == report["root"] as? String)
  }

  @Test("head --note is the checkpoint that verify --anchor takes, signed by the key of init")
  func note() async throws {
    let folder = try CommandFolder()
    let made = try await folder.run("init", "--organization", "example.org", "--format", "json")
      .succeeded().object()
    let vkey = try #require(made["verifierKey"] as? String)
    try await folder.append(["1"]).succeeded()
    let note = try await folder.run("head", "--note").succeeded().text
    let ledger = try #require(made["ledger"] as? String)
    #expect(note.hasPrefix("example.org/\(ledger)/1\n5\n"))
    #expect(note.contains("\n\u{2014} example.org/\(ledger)/1 "))
    try folder.write("note", note)
    try await folder.append(["2"]).succeeded()
    try await folder.run("verify", "--anchor", "note", "--vkey", vkey).succeeded()
  }
}
