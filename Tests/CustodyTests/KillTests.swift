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

  /// When a process is killed: at any moment of its life, or while it is appending.
  private struct Moment: Sendable {
    let isAfterFirstReceipt: Bool
    /// In seconds, from the start or the first receipt.
    let delay: Double

    init(_ random: inout SeededGenerator) {
      isAfterFirstReceipt = Int.random(in: 0..<4, using: &random) > 0
      delay = Double.random(in: 0...(isAfterFirstReceipt ? 0.03 : 0.2), using: &random)
    }
  }

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
      stream = "attempt/\(number)"
      receipts = "\(store.folder)/receipts-\(number)"
      batches = (0..<40).map { batch in
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

    /// SIGKILL, when its moment has come or it has ended by itself.
    func kill(at moment: Moment) async {
      for _ in 0..<2000 where moment.isAfterFirstReceipt {
        if FileManager.default.contents(atPath: receipts)?.isEmpty == false { break }
        try? await Task.sleep(for: .milliseconds(1))
      }
      try? await Task.sleep(for: .seconds(moment.delay))
      command.send(SIGKILL)
    }

    /// Every receipt that was written out whole is of an event that is there, and the events are
    /// the first so many batches, each whole and in one piece.
    ///
    /// Returns how many batches there are.
    func check(_ store: Store) async throws -> Int {
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
      return batches.count - expected.count
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
    var midway = 0
    var number = 0
    while killed < Self.kills {
      let runs = try (0..<Self.crowd).map { try Run(number + $0, temporary, commands, &random) }
      number += Self.crowd
      let moments = runs.map { _ in Moment(&random) }
      await withTaskGroup { group in
        for (run, moment) in zip(runs, moments) {
          group.addTask { await run.kill(at: moment) }
        }
      }
      for run in runs {
        let outcome = try await run.command.finish()
        // One that was through before its time came met nothing that a kill had left behind.
        #expect([0, 128 + SIGKILL].contains(outcome.status), "\(outcome)")
        killed += outcome.status == 0 ? 0 : 1
        let whole = try await run.check(reader)
        midway += (1..<run.batches.count).contains(whole) ? 1 : 0
      }
      if (number / Self.crowd).isMultiple(of: 10) {
        let report = try await reader.verify()
        #expect(report.holds, "after \(killed) kills: \(report.findings.prefix(5))")
      }
    }
    #expect(
      midway > killed / 4, "only \(midway) of \(killed) kills came while events were appended")
    #expect(try reader.status().condition == .clean)
    let written = try reader.head().size

    // Appending goes on.
    let last = try Run(number, temporary, commands, &random)
    try await last.command.finish().succeeded()
    #expect(try await last.check(reader) == last.batches.count)
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

  @Test("registering people", arguments: 0..<12)
  func register(seed: Int) async throws {
    let temporary = try TemporaryStore()
    try await temporary.create().close()
    var random = SeededGenerator(seed)
    let names = (0..<20).map { "patient-\($0)" }
    try await Self.kill(["subject", "add", "--store", temporary.path] + names, &random)

    // Whatever is missing, keys or events, comes with the next try, and nothing comes twice.
    let store = try temporary.open()
    let ids = try await store.subjects.register(names)
    for (name, id) in zip(names, ids) {
      #expect(try await store.subjects.identifier(of: id) == name)
      var events = 0
      for try await _ in store.events(EventFilter(stream: "subject/\(id)")) { events += 1 }
      #expect(events == 1, "\(name)")
    }
    #expect(try store.subjects.count() == names.count)
    #expect(try await store.verify(level: .contents).holds)
  }

  @Test("committing a dataset", arguments: 0..<12)
  func commit(seed: Int) async throws {
    let temporary = try TemporaryStore()
    var random = SeededGenerator(seed)
    let first = "id,client\n" + (0..<300).map { "\($0),p-000\($0 % 7)\n" }.joined()
    let second = "id,client\n" + (150..<3000).map { "\($0),p-00\($0 % 70)\n" }.joined()
    let source = "\(temporary.folder)/source.csv"
    do {
      let store = try await temporary.create()
      try await store.datasets.create("table", kind: .csv, key: "id", subject: "client")
      try first.write(toFile: source, atomically: true, encoding: .utf8)
      try await store.datasets.commit("table", source)
      try await store.close()
    }
    try second.write(toFile: source, atomically: true, encoding: .utf8)
    try await Self.kill(
      ["dataset", "commit", "table", source, "--store", temporary.path], &random)

    let store = try temporary.open()
    #expect(try await store.verify(level: .projections).holds)
    try await store.datasets.restore("table", "v1", to: "\(temporary.folder)/v1.csv")
    #expect(try String(contentsOfFile: "\(temporary.folder)/v1.csv", encoding: .utf8) == first)
    // It can be done again, whatever was left.
    let commit = try await store.datasets.commit("table", source)
    #expect(commit.version == 2 && commit.records == 2850)
    try await store.datasets.restore("table", to: "\(temporary.folder)/v2.csv")
    #expect(try String(contentsOfFile: "\(temporary.folder)/v2.csv", encoding: .utf8) == second)
    #expect(try await store.verify(level: .projections).holds)
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
