import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A process killed at any moment leaves nothing half done")
struct KillTests {
  /// How many processes are killed: `CUSTODY_KILLS`, else what the project promises and a bit.
  static let kills =
    ProcessInfo.processInfo.environment["CUSTODY_KILLS"].flatMap { Int($0) } ?? 208
  /// Processes that append at once.
  private static let crowd = 4

  /// One `append`: every file is a batch, and becomes one commit.
  private struct Run {
    let stream: String
    let receipts: String
    /// The lines of each file.
    let batches: [[String]]
    let command: RunningCommand

    init(
      _ number: Int, _ store: TemporaryStore, _ commands: CommandFolder,
      _ random: inout SeededGenerator
    ) throws {
      stream = "run/\(number)"
      receipts = "\(store.folder)/receipts-\(number)"
      batches = (0..<16).map { batch in
        (0..<Int.random(in: 1...6, using: &random)).map {
          #"{"run":\#(number),"batch":\#(batch),"line":\#($0),"word":"\#(random.next())"}"#
        }
      }
      let files = try batches.enumerated().map { index, lines in
        let path = "\(store.folder)/batch-\(number % KillTests.crowd)-\(index)"
        let text = lines.map { $0 + "\n" }.joined()
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
      }
      command = try commands.start(
        [
          "append", "--store", store.path, "--stream", stream, "--type", "line.read", "--subject",
          "patient-0017", "--receipts", receipts,
        ] + files, input: .nothing)
    }

    /// Every receipt that was written out whole is of an event that is there, and the events are
    /// the first so many batches, each whole and in one piece.
    func check(_ store: Store) async throws {
      var expected = batches[...]
      var batch: ArraySlice<String> = []
      var last: Int?
      for try await event in store.events(EventFilter(stream: stream)) {
        if batch.isEmpty {
          let next = expected.popFirst()
          batch = try #require(next)[...]
        } else {
          #expect(event.position.value == last.map { $0 + 1 }, "a batch stands in one piece")
        }
        let content = try #require(try store.content(of: event))
        let line = batch.popFirst()
        #expect(String(decoding: content, as: UTF8.self) == line)
        last = event.position.value
      }
      #expect(batch.isEmpty, "\(stream): half a batch, \(batch.count) lines are missing")

      let text = (try? String(contentsOfFile: receipts, encoding: .utf8)) ?? ""
      // What stands before the last newline was written out whole.
      for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
        let receipt = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
        let event = try store.event(at: Position(receipt.position))
        #expect(event?.leaf.hex == receipt.leaf, "\(stream): \(line)")
        #expect(event?.header.claim.eventID.description == receipt.id)
      }
    }

    private struct Line: Decodable {
      let id: String
      let position: Int
      let leaf: String
    }
  }

  @Test("appending, by several processes at once")
  func append() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.subjects.register(["patient-0017"])
    try await store.close()
    let reader = try temporary.open(for: .contents)
    let commands = try CommandFolder()
    var random = SeededGenerator(0xdead)
    var killed = 0
    var number = 0
    // How long a process lives when nobody kills it, as learned from those that got through.
    var life = 0.3
    while killed < Self.kills {
      let started = ProcessInfo.processInfo.systemUptime
      let runs = try (0..<Self.crowd).map { try Run(number + $0, temporary, commands, &random) }
      number += Self.crowd
      let delays = runs.map { _ in Double.random(in: 0...life, using: &random) }
      await withTaskGroup { group in
        for (run, delay) in zip(runs, delays) {
          group.addTask {
            try? await Task.sleep(for: .seconds(delay))
            run.command.send(SIGKILL)
          }
        }
      }
      for run in runs {
        let outcome = try await run.command.finish()
        if outcome.status == 128 + SIGKILL {
          killed += 1
        } else {
          // It was through before its time came: nothing that a kill left behind got in its way.
          #expect(outcome.status == 0, "\(outcome)")
          life = max(0.05, min(life * 0.97, ProcessInfo.processInfo.systemUptime - started))
        }
        try await run.check(reader)
      }
      if (number / Self.crowd).isMultiple(of: 10) {
        let report = try await reader.verify()
        #expect(report.holds, "after \(killed) kills: \(report.findings.prefix(5))")
      }
    }
    #expect(try reader.status().condition == .clean)
    let written = try reader.head().size
    #expect(written > 5 * Self.kills, "kills came too early to show anything: \(written) events")

    // Appending goes on.
    let last = try Run(number, temporary, commands, &random)
    try await last.command.finish().succeeded()
    try await last.check(reader)
    #expect(try reader.head().size == written + last.batches.joined().count)
    let report = try await reader.verify(level: .contents)
    #expect(report.holds, "\(report.findings.prefix(5))")
    #expect(report.unsealedCount == 0)
  }

  /// Starts a command and kills it a moment later.
  @discardableResult
  private static func kill(
    _ arguments: [String], _ random: inout SeededGenerator
  ) async throws -> CommandResult {
    let commands = try CommandFolder()
    let command = try commands.start(arguments, input: .nothing)
    try await Task.sleep(for: .seconds(Double.random(in: 0.01...0.1, using: &random)))
    command.send(SIGKILL)
    let result = try await command.finish()
    #expect([0, 128 + SIGKILL].contains(result.status), "\(result)")
    return withExtendedLifetime(commands) { result }
  }

  @Test("rotating the epoch key", arguments: 0..<20)
  func rotate(seed: Int) async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.subjects.register(["patient-0017"])
    let receipt = try await store.append(
      NewEvent(
        stream: "a", type: "b.c", subjects: [.identifier("patient-0017")], content: [1, 2, 3]))
    try await store.close()

    var random = SeededGenerator(seed)
    try await Self.kill(["key", "rotate", "--yes", "--store", temporary.path], &random)

    let reopened = try temporary.open()
    let event = try #require(try reopened.event(at: receipt.position))
    #expect(try reopened.content(of: event) == [1, 2, 3])
    let epochs = try FileManager.default.contentsOfDirectory(atPath: temporary.secrets)
      .filter { $0.hasPrefix("epoch-") }
    #expect(epochs == ["epoch-\(try reopened.keys.epoch()).key"])
    #expect(try Set(reopened.keys.all().map(\.epoch)).count == 1)
    try await reopened.append(
      NewEvent(stream: "a", type: "b.c", subjects: [.identifier("patient-0017")], content: [4]))
    try await reopened.close()
    let report = try await reopened.verify(level: .contents)
    #expect(report.holds, "\(report.findings)")
  }

  @Test("making a store", arguments: 0..<12)
  func create(seed: Int) async throws {
    let temporary = try TemporaryStore()
    var random = SeededGenerator(seed)
    let outcome = try await Self.kill(
      [
        "init", "--organization", "example.org", "--store", temporary.path, "--guard",
        temporary.guardFolder,
      ], &random)
    if FileManager.default.fileExists(atPath: temporary.path) {
      // Whole, even when its maker was killed on its way out.
      #expect(try await temporary.open(for: .contents).verify(level: .contents).holds)
      #expect(try temporary.open().status().condition == .clean)
    } else {
      #expect(outcome.status == 128 + SIGKILL)
    }
  }
}
