import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("append")
struct AppendTests {
  /// Values whose bytes a parser that re-encodes would change.
  static let contents = [
    #"{"joy":812345}"#, #"{ "a" : [ 1 , 2 ] }"#, #"{"big":123456789012345678901234567890.50e-7}"#,
    #""\u00e9\ud83d\ude00 \/ é""#, "[[[[[[[[{\"deep\":[null,true,false]}]]]]]]]]", "0", "-0.0",
    "null", #"{"a":1,"a":2}"#, "\t{\t}\t", #""""#, #"{"":""}"#,
  ]

  @Test(
    "keeps exactly the bytes of each line, from a file and from a pipe", arguments: [true, false])
  func lines(fromFile: Bool) async throws {
    let folder = try await CommandFolder.withStore()
    let text = Self.contents.map { $0 + "\n" }.joined()
    try folder.write("lines.ndjson", text)
    let result = try await folder.run(
      ["append", "--stream", "s/1", "--type", "a.b"] + (fromFile ? ["lines.ndjson"] : []),
      input: fromFile ? .nothing : .text(text)
    ).succeeded()
    #expect(result.text == "appended \(Self.contents.count) events, positions 4 to 15\n")
    #expect(result.complaint.isEmpty)
    for (index, content) in Self.contents.enumerated() {
      #expect(try await folder.content(at: 4 + index) == Array(content.utf8), "\(content)")
    }
  }

  @Test("reads standard input as a file when it is one")
  func redirected() async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("good.ndjson", "1\n2\n")
    try folder.write("bad.ndjson", "1\n2\n{\n")
    let options = ["append", "--stream", "s/1", "--type", "a.b"]
    try await folder.run(options, input: .file("good.ndjson")).succeeded()
    #expect(try await folder.size() == 6)
    // Checked whole: the lines before the bad one are not appended either.
    let result = try await folder.run(options + ["-"], input: .file("bad.ndjson"))
    #expect(result.status == 6)
    #expect(try await folder.size() == 6)
  }

  @Test("reads on where a shell stopped reading")
  func restOfFile() async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("lines", "header\n1\n2\n")
    try await folder.shell("{ read -r _; custody append --stream s --type a.b; } < lines")
      .succeeded()
    #expect(try await folder.size() == 6)
    #expect(try await folder.content(at: 4) == Array("1".utf8))
  }

  @Test("takes every member of a line that says everything")
  func everyMember() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "p-0001", "p-0002", "--class", "voiceprint").succeeded()
    let id = "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"
    let other = "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2c"
    let line = """
      { "id": "\(id)", "stream": "talk\\u002f1", "type": "emotion.scored", "typeVersion": 7, \
      "occurredAt": "2026-01-02T03:04:05.678901+01:00", "subjects": ["p-0001", "p-0002"], \
      "class": "voiceprint", "correlation": "\(other)", "causation": "\(id)", \
      "expectedRevision": -1, "content" :  { "joy" : 8e5 }  }
      """
    try folder.write("events.ndjson", line + "\n")
    try await folder.run("append", "--events", "events.ndjson").succeeded()
    let event = try #require(try await folder.events().last)
    #expect(event["id"] as? String == id)
    #expect(event["stream"] as? String == "talk/1")
    #expect(event["type"] as? String == "emotion.scored")
    #expect(event["typeVersion"] as? Int == 7)
    #expect(event["occurredAt"] as? String == "2026-01-02T02:04:05.678901Z")
    #expect(event["correlation"] as? String == other)
    #expect(event["causation"] as? String == id)
    #expect(event["revision"] as? Int == 0)
    #expect((event["keys"] as? [String])?.count == 2)
    let position = try #require(event["position"] as? Int)
    #expect(try await folder.content(at: position) == Array(#"{ "joy" : 8e5 }"#.utf8))
  }

  @Test("takes what a line leaves out from the options")
  func defaults() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "p-0001").succeeded()
    let id = "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"
    try await folder.run(
      "append", "--events", "-", "--stream", "s", "--type", "a.b", "--type-version", "3",
      "--subject", "p-0001", "--occurred-at", "2026-01-01", "--correlation", id,
      "--causation", id, "--actor", "service:voice",
      input: .text("{\"content\":1}\n{\"content\":2,\"type\":\"c.d\",\"subjects\":[]}\n")
    ).succeeded()
    let events = try await folder.events("--stream", "s")
    #expect(events.compactMap { $0["type"] as? String } == ["a.b", "c.d"])
    for event in events {
      #expect(event["typeVersion"] as? Int == 3)
      #expect(event["occurredAt"] as? String == "2026-01-01T00:00:00Z")
      #expect(event["correlation"] as? String == id)
      #expect(event["causation"] as? String == id)
      #expect(event["actor"] as? String == "service:voice")
    }
    #expect(events[0]["keys"] as? [String] != events[1]["keys"] as? [String])
  }

  @Test("keeps the bytes of the value in a line of --events", arguments: contents)
  func valueBytes(content: String) async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run(
      "append", "--events", "-", "--stream", "s", "--type", "a.b",
      input: .text("{\"content\" :  \(content)  ,\"typeVersion\":2}\n")
    ).succeeded()
    let expected = content.trimmingCharacters(in: .whitespaces)
    #expect(try await folder.content(at: 4) == Array(expected.utf8))
  }

  @Test("takes whole files, whatever their bytes")
  func whole() async throws {
    let folder = try await CommandFolder.withStore()
    var generator = SeededGenerator(1)
    let binary = generator.bytes(100_000)
    try folder.write("binary", binary)
    try folder.write("empty", "")
    try folder.write("lines", "{\n}\n\n")
    try await folder.run(
      "append", "--whole", "--stream", "files", "--type", "file.kept", "binary", "empty", "lines"
    ).succeeded()
    #expect(try await folder.content(at: 4) == binary)
    #expect(try await folder.content(at: 5).isEmpty)
    #expect(try await folder.content(at: 6) == Array("{\n}\n\n".utf8))
    let shown = try await folder.events("--content", "--stream", "files")
    #expect(shown[0]["contentBase64"] as? String == Data(binary).base64EncodedString())
    #expect(shown[1]["contentBase64"] as? String == "")
    #expect(try await folder.run("verify", "--level", "contents").status == 0)
  }

  @Test("takes standard input as one whole content")
  func wholeStandardInput() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run(
      "append", "--whole", "--stream", "files", "--type", "file.kept", "-",
      input: .pipe([0, 10, 255, 10])
    ).succeeded()
    #expect(try await folder.content(at: 4) == [0, 10, 255, 10])
  }

  @Test(
    "takes lines however they end",
    arguments: [
      ("1\n2\n3", 3), ("1\r\n2\r\n3\r\n", 3), ("1\n\n\n2\n\n3\n\n", 3), ("\r\n1\r\n\r\n2\r\n3", 3),
      ("", 0), ("\n\n", 0), ("7", 1),
    ])
  func lineEnds(text: String, count: Int) async throws {
    for isFile in [true, false] {
      let folder = try await CommandFolder.withStore()
      try folder.write("lines", text)
      let result = try await folder.run(
        ["append", "--stream", "s", "--type", "a.b"] + (isFile ? ["lines"] : []),
        input: isFile ? .nothing : .text(text)
      ).succeeded()
      #expect(result.text.hasPrefix("appended \(count) event"))
      #expect(try await folder.size() == 4 + count)
      for index in 0..<count {
        let expected = text == "7" ? "7" : String(index + 1)
        #expect(try await folder.content(at: 4 + index) == Array(expected.utf8))
      }
    }
  }

  @Test("takes a line of many mebibytes")
  func longLine() async throws {
    let folder = try await CommandFolder.withStore()
    let long = [UInt8(ascii: "\"")] + [UInt8](repeating: 0x61, count: 5 << 20) + Array("\"".utf8)
    try await folder.run(
      "append", "--stream", "s", "--type", "a.b",
      input: .pipe(Array("1\n".utf8) + long + Array("\n3\n".utf8))
    ).succeeded()
    #expect(try await folder.size() == 7)
    let back = try await folder.content(at: 5)
    #expect(back.count == long.count)
    #expect(back == long ? true : false)
  }

  @Test("takes several files in their order")
  func severalFiles() async throws {
    let folder = try await CommandFolder.withStore()
    for name in ["a", "b", "c"] { try folder.write(name, "\"\(name)\"\n") }
    try await folder.run("append", "--stream", "s", "--type", "a.b", "b", "a", "c").succeeded()
    for (index, name) in ["b", "a", "c"].enumerated() {
      #expect(try await folder.content(at: 4 + index) == Array("\"\(name)\"".utf8))
    }
  }

  @Test("makes keys for new subjects with --register, and for known ones none")
  func register() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "p-0001").succeeded()
    let lines =
      "{\"content\":1,\"subjects\":[\"p-0001\",\"p-0002\"]}\n"
      + "{\"content\":2,\"subjects\":[\"p-0002\"],\"class\":\"voiceprint\"}\n"
    try folder.write("lines", lines)
    let result = try await folder.run(
      "append", "--events", "lines", "--stream", "s", "--type", "a.b", "--register"
    ).succeeded()
    #expect(result.text.contains("appended 2 events"))
    #expect(result.text.contains("registered 1 subject"))
    let listed = try await folder.run("subject", "list", "--format", "ndjson").objects()
    #expect(listed.count == 2)
    #expect(
      Set(listed.compactMap { $0["classes"] as? String }) == ["default", "default voiceprint"])
    #expect(try await folder.run("verify", "--level", "contents").status == 0)
  }

  @Test("goes on after refused lines with --keep-going, and names each", arguments: [true, false])
  func keepGoing(fromFile: Bool) async throws {
    let folder = try await CommandFolder.withStore()
    let bad: Set = [3, 700, 1500, 1501, 2400]
    let lines = (1...2500).map { number in
      switch number {
      case 3: "{\"content\":"
      case 700: "{\"content\":700,\"subjects\":[\"nobody-known\"]}"
      case 1500: "{\"content\":1500,\"expectedRevision\":99999}"
      case 1501: "{\"content\":1501,\"stream\":\"\"}"
      case 2400: "{\"content\":2400,\"id\":\"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b\"}"
      case 2399: "{\"content\":2399,\"id\":\"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b\"}"
      default: "{\"content\":\(number)}"
      }
    }
    let text = lines.map { $0 + "\n" }.joined()
    try folder.write("lines", text)
    let result = try await folder.run(
      "append", "--events", fromFile ? "lines" : "-", "--stream", "s", "--type", "a.b",
      "--keep-going", "--receipts", "receipts",
      input: fromFile ? .nothing : .text(text))
    #expect(result.status == 6)
    #expect(result.text == "appended 2495 events, positions 4 to 2498; refused 5 lines\n")
    let name = fromFile ? "lines" : "standard input"
    let complaints = result.complaint.split(separator: "\n")
    #expect(complaints.count == bad.count, "\(result.complaint)")
    for number in bad {
      #expect(complaints.contains { $0.hasPrefix("custody: \(name), line \(number)") })
    }
    let contents = try await folder.events("--stream", "s", "--content")
      .compactMap { $0["content"] as? Int }
    #expect(contents == (1...2500).filter { !bad.contains($0) })
    let receipts = String(decoding: try folder.read("receipts"), as: UTF8.self)
      .split(separator: "\n")
    #expect(receipts.count == 2495)
    #expect(try await folder.run("verify", "--level", "contents").status == 0)
  }

  @Test("writes a receipt an event to a file, after those that are there")
  func receiptsFile() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.append(["1", "2"], "--receipts", "receipts").succeeded()
    try await folder.append(["3"], "--receipts", "receipts").succeeded()
    let receipts = try folder.objects(in: "receipts")
    let events = try await folder.events("--stream", "s/1")
    #expect(receipts.count == 3)
    for (receipt, event) in zip(receipts, events) {
      for name in ["id", "position", "revision", "leaf"] {
        #expect("\(receipt[name] ?? "-")" == "\(event[name] ?? "+")", "\(name)")
      }
      #expect(receipt["ledger"] != nil)
      #expect(receipt["repeat"] == nil)
    }
  }

  @Test("writes receipts to standard output, and the summary beside it")
  func receiptsOut() async throws {
    let folder = try await CommandFolder.withStore()
    let result = try await folder.append(["1", "2"], "--receipts", "-").succeeded()
    #expect(try result.objects().compactMap { $0["position"] as? Int } == [4, 5])
    #expect(result.complaint == "appended 2 events, positions 4 to 5\n")
  }

  @Test("appends everything although nobody reads the receipts any more")
  func receiptsUnread() async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("lines", (0..<4000).map { "\($0)\n" }.joined())
    let result = try await folder.shell(
      "custody append --stream s --type a.b --receipts - lines | head -1")
    #expect(result.lines.count == 1)
    #expect(try await folder.size() == 4004)
  }

  @Test("follows the expected revision line by line")
  func expectedRevision() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.append(["1", "2"], "--expected-revision", "none").succeeded()
    try await folder.append(["3", "4"], "--expected-revision", "1").succeeded()
    let revisions = try await folder.events("--stream", "s/1").compactMap { $0["revision"] as? Int }
    #expect(revisions == [0, 1, 2, 3])
  }

  @Test("says one line about what it did")
  func summary() async throws {
    let folder = try await CommandFolder.withStore()
    #expect(try await folder.append(["1"]).text == "appended 1 event, position 4\n")
    #expect(try await folder.append(["1", "2"]).text == "appended 2 events, positions 5 to 6\n")
    #expect(try await folder.append([]).text == "appended 0 events\n")
    let registered = try await folder.append(["1"], "--subject", "p-0001", "--register")
    #expect(registered.text == "appended 1 event, position 8; registered 1 subject\n")
  }

  @Test("finds the store by option, environment, and upwards")
  func findsStore() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.shell("mkdir -p a/b && cd a/b && custody head").succeeded()
    try await folder.shell("cd / && custody head --store '\(folder.path)/.custody'").succeeded()
    try await folder.shell(
      "cd / && custody head", environment: ["CUSTODY_STORE": folder.file(".custody")]
    ).succeeded()
    // A new one goes where the environment says that the store is.
    try await folder.shell(
      "custody init --organization example.org && custody head",
      environment: ["CUSTODY_STORE": folder.file("elsewhere")]
    ).succeeded()
    #expect(folder.exists("elsewhere/custody.yaml"))
  }
}
