import CustodyTesting
import Testing

@Suite("append --idempotent")
struct AppendRepeatTests {
  private let options = ["append", "--stream", "s/1", "--type", "a.b", "--idempotent"]

  @Test("appends nothing the second time, from a file and from a pipe", arguments: [true, false])
  func twice(fromFile: Bool) async throws {
    let folder = try await CommandFolder.withStore()
    let text = "1\n1\n2\n{ }\n1\n"
    try folder.write("lines", text)
    let arguments = options + (fromFile ? ["lines"] : [])
    let input = fromFile ? CommandFolder.Input.nothing : .text(text)
    let first = try await folder.run(arguments, input: input).succeeded()
    // Equal lines are different events; their count among equals tells them apart.
    #expect(first.text == "appended 5 events, positions 4 to 8\n")
    let second = try await folder.run(arguments, input: input).succeeded()
    #expect(second.text == "appended 0 events; 5 stood there already\n")
    #expect(try await folder.size() == 9)
  }

  @Test("appends only what was added since")
  func longer() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run(options, input: .text("1\n2\n")).succeeded()
    let result = try await folder.run(options, input: .text("0\n1\n2\n1\n")).succeeded()
    #expect(result.text.contains("appended 2 events"))
    #expect(result.text.contains("2 stood there already"))
    let ids = try await folder.events("--stream", "s/1").compactMap { $0["id"] as? String }
    #expect(Set(ids).count == 4)
    // UUIDv8: derived, not random.
    for id in ids { #expect(id.dropFirst(14).first == "8") }
  }

  @Test("makes a broken-off input complete when it is given again")
  func brokenOff() async throws {
    let folder = try await CommandFolder.withStore()
    let bad = try await folder.run(options, input: .text("1\n2\n{\n4\n"))
    #expect(bad.status == 6)
    #expect(bad.complaint.contains("standard input, line 3, column 2"))
    #expect(try await folder.size() == 6)
    let good = try await folder.run(options, input: .text("1\n2\n3\n4\n")).succeeded()
    #expect(good.text.contains("appended 2 events"))
    #expect(try await folder.size() == 8)
  }

  @Test("works for people whom the same command registers", arguments: [true, false])
  func registering(fromFile: Bool) async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("lines", "1\n2\n")
    let arguments = options + ["--subject", "p-0001", "--register"]
    for expected in ["appended 2 events", "appended 0 events; 2 stood"] {
      let result = try await folder.run(
        arguments + (fromFile ? ["lines"] : []), input: fromFile ? .nothing : .text("1\n2\n")
      ).succeeded()
      #expect(result.text.contains(expected))
    }
  }

  @Test("repeats an event that names its own id, and receipts say so")
  func ownID() async throws {
    let folder = try await CommandFolder.withStore()
    let line = "{\"id\":\"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b\",\"content\":1}\n"
    for isRepeat in [false, true] {
      let result = try await folder.run(
        "append", "--events", "-", "--stream", "s", "--type", "a.b", "--receipts", "-",
        input: .text(line)
      ).succeeded()
      let receipt = try result.object()
      #expect(receipt["position"] as? Int == 4)
      #expect(receipt["repeat"] as? Bool == (isRepeat ? true : nil))
    }
    #expect(try await folder.size() == 5)
  }

  @Test("takes other streams, types and subjects for other events")
  func others() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "p-0001").succeeded()
    for other in [
      ["--stream", "s/1", "--type", "a.b"], ["--stream", "s/2", "--type", "a.b"],
      ["--stream", "s/1", "--type", "a.c"],
      ["--stream", "s/1", "--type", "a.b", "--subject", "p-0001"],
    ] {
      let result = try await folder.run(["append", "--idempotent"] + other, input: .text("1\n"))
      #expect(result.text.contains("appended 1 event"), "\(other)")
    }
  }

  @Test("goes past lines about people nobody knows, with --keep-going", arguments: [true, false])
  func unknownSubject(fromFile: Bool) async throws {
    let folder = try await CommandFolder.withStore()
    let text = """
      {"stream":"s","type":"a.b","content":1}
      {"stream":"s","type":"a.b","subjects":["nobody-1"],"content":2}
      {"stream":"s","type":"a.b","content":3}

      """
    try folder.write("events", text)
    let options = ["append", "--idempotent", "--events", fromFile ? "events" : "-"]
    let input = fromFile ? CommandFolder.Input.nothing : .text(text)
    let strict = try await folder.run(options, input: input)
    #expect(strict.status == 6)
    #expect(strict.complaint.contains("line 2: A subject is not registered"), "\(strict)")
    #expect(!strict.complaint.contains("nobody-1"))
    let lenient = try await folder.run(options + ["--keep-going"], input: input)
    #expect(lenient.status == 6)
    #expect(lenient.complaint.contains("line 2: A subject is not registered"), "\(lenient)")
    #expect(try await folder.size() == 4 + 2, "\(lenient)")
    let again = try await folder.run(options + ["--register"], input: input).succeeded()
    #expect(again.text.contains("appended 1 event"), "\(again)")
  }
}
