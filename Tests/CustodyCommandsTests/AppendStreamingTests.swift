import CustodyTesting
import Foundation
import Testing

@Suite("append from a pipe")
struct AppendStreamingTests {
  private func waitForSize(_ size: Int, _ folder: CommandFolder) async throws -> Bool {
    let deadline = ProcessInfo.processInfo.systemUptime + 20
    while ProcessInfo.processInfo.systemUptime < deadline {
      if try await folder.size() >= size { return true }
    }
    return false
  }

  @Test("shows events before the pipe closes, however slowly they come")
  func slowWriter() async throws {
    let folder = try await CommandFolder.withStore()
    let command = try folder.start("append", "--stream", "s/1", "--type", "a.b")
    for number in 1...3 {
      command.write("{\"number\":\(number)}\n")
      #expect(try await waitForSize(4 + number, folder), "event \(number)")
    }
    // Half a line is no event yet.
    command.write("{\"number\"")
    command.write(":4}\n")
    #expect(try await waitForSize(8, folder))
    command.write("{\"number\":5}")
    command.closeInput()
    let result = try await command.finish().succeeded()
    #expect(result.text == "appended 5 events, positions 4 to 8\n")
    #expect(try await folder.size() == 9)
  }

  @Test("does not wait for the rest of a line with the lines before it")
  func halfLine() async throws {
    let folder = try await CommandFolder.withStore()
    let command = try folder.start("append", "--stream", "s/1", "--type", "a.b")
    command.write("1\n2\n\"half of a li")
    #expect(try await waitForSize(6, folder))
    command.write("ne\"\n")
    #expect(try await waitForSize(7, folder))
    command.closeInput()
    try await command.finish().succeeded()
    #expect(try await folder.content(at: 6) == Array("\"half of a line\"".utf8))
  }

  @Test("writes receipts as events become durable")
  func receipts() async throws {
    let folder = try await CommandFolder.withStore()
    let command = try folder.start(
      "append", "--stream", "s/1", "--type", "a.b", "--receipts", "-")
    command.write("1\n")
    let deadline = ProcessInfo.processInfo.systemUptime + 20
    while command.output.isEmpty, ProcessInfo.processInfo.systemUptime < deadline {
      try await Task.sleep(for: .milliseconds(5))
    }
    let receipt = String(decoding: command.output, as: UTF8.self)
    #expect(receipt.contains("\"position\":4"))
    #expect(try await folder.size() == 5)
    command.closeInput()
    try await command.finish().succeeded()
  }

  @Test("takes more than a batch")
  func manyLines() async throws {
    let folder = try await CommandFolder.withStore()
    let result = try await folder.append((0..<3500).map(String.init)).succeeded()
    #expect(result.text == "appended 3500 events, positions 4 to 3503\n")
    let contents = try await folder.events("--stream", "s/1", "--content")
      .compactMap { $0["content"] as? Int }
    #expect(contents == Array(0..<3500))
  }

  @Test("names the first line not taken; those before it stay")
  func badLine() async throws {
    let folder = try await CommandFolder.withStore()
    let result = try await folder.append((1...1500).map { $0 == 1400 ? "oh" : "\($0)" })
    #expect(result.status == 6)
    #expect(result.text == "appended 1399 events, positions 4 to 1402\n")
    #expect(result.complaint.contains("standard input, line 1400, column 1"))
    #expect(try await folder.size() == 4 + 1399)
    #expect(try await folder.run("verify").status == 0)
  }

  @Test("names the first line not taken for what only the ledger knows", arguments: [1, 2, 700])
  func conflictingLine(number: Int) async throws {
    let folder = try await CommandFolder.withStore()
    let lines = (1...900).map { line in
      line == number ? "{\"content\":0,\"expectedRevision\":5000}" : "{\"content\":\(line)}"
    }
    let result = try await folder.run(
      "append", "--events", "-", "--stream", "s", "--type", "a.b",
      input: .text(lines.map { $0 + "\n" }.joined()))
    #expect(result.status == 4)
    #expect(result.text.isEmpty == (number == 1))
    #expect(result.complaint.contains("standard input, line \(number):"))
    #expect(try await folder.size() == 4 + number - 1)
  }

  @Test("keeps the lines before one that is too long")
  func tooLongLine() async throws {
    let folder = try await CommandFolder.withStore()
    let input =
      Array("1\n2\n".utf8) + [UInt8](repeating: 0x39, count: 33 << 20) + Array("\n4\n".utf8)
    let result = try await folder.run(
      "append", "--stream", "s", "--type", "a.b", input: .pipe(input))
    #expect(result.status == 6)
    #expect(result.complaint.contains("standard input, line 3:"), "\(result.complaint)")
    #expect(try await folder.size() == 6)
    let keptGoing = try await folder.run(
      "append", "--stream", "s", "--type", "a.b", "--keep-going", input: .pipe(input))
    #expect(keptGoing.status == 6)
    #expect(keptGoing.text == "appended 3 events, positions 6 to 8; refused 1 line\n")
  }
}
