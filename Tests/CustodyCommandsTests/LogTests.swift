import CustodyTesting
import Foundation
import Testing

@Suite("log")
struct LogTests {
  /// One store for all tests of this suite, which only read it.
  private static let shared = Task {
    let folder = try await CommandFolder.withStore()
    for (stream, type, count) in [("s/1", "a.b", 3), ("s/2", "a.b", 2), ("s/1", "c.d", 2)] {
      try await folder.run(
        "append", "--stream", stream, "--type", type,
        input: .text((1...count).map { "{\"n\":\($0)}\n" }.joined())
      ).succeeded()
    }
    return folder
  }

  private func positions(_ options: String...) async throws -> [Int] {
    let folder = try await Self.shared.value
    return try await folder.run(["log", "--format", "ndjson"] + options).succeeded().objects()
      .compactMap { $0["position"] as? Int }
  }

  @Test("lists everything, or one stream, or one type, or both")
  func filters() async throws {
    #expect(try await positions() == Array(0...10))
    #expect(try await positions("--stream", "s/1") == [4, 5, 6, 9, 10])
    #expect(try await positions("--type", "a.b") == [4, 5, 6, 7, 8])
    #expect(try await positions("--stream", "s/1", "--type", "a.b") == [4, 5, 6])
    #expect(try await positions("--stream", "s/9").isEmpty)
    #expect(try await positions("--type", "S/1").isEmpty)
    #expect(try await positions("--stream", "ledger") == [0, 1, 2, 3])
  }

  @Test("limits, reverses, and does both")
  func limits() async throws {
    #expect(try await positions("--limit", "0").isEmpty)
    #expect(try await positions("--limit", "2") == [0, 1])
    #expect(try await positions("--limit", "99") == Array(0...10))
    #expect(try await positions("--reverse") == (0...10).reversed())
    #expect(try await positions("--reverse", "--limit", "2") == [10, 9])
    #expect(
      try await positions("--reverse", "--limit", "2", "--stream", "s/1", "--until", "8") == [6, 5])
  }

  @Test("takes positions, both ends included")
  func byPosition() async throws {
    #expect(try await positions("--since", "8") == [8, 9, 10])
    #expect(try await positions("--until", "2") == [0, 1, 2])
    #expect(try await positions("--since", "4", "--until", "6") == [4, 5, 6])
    #expect(try await positions("--since", "6", "--until", "4").isEmpty)
    #expect(try await positions("--since", "99").isEmpty)
    #expect(try await positions("--since", "\(Int.max)").isEmpty)
    #expect(try await positions("--until", "\(Int.max)") == Array(0...10))
  }

  @Test("takes head for the newest event")
  func byHead() async throws {
    #expect(try await positions("--since", "head") == [10])
    #expect(try await positions("--until", "head") == Array(0...10))
  }

  @Test("takes dates and days ago, by when events were recorded")
  func byDate() async throws {
    #expect(try await positions("--since", "P1D") == Array(0...10))
    #expect(try await positions("--since", "P0D").isEmpty)
    #expect(try await positions("--until", "P1D").isEmpty)
    #expect(try await positions("--since", "2020-01-01", "--until", "2099-12-31") == Array(0...10))
    #expect(try await positions("--until", "2020-01-01").isEmpty)
    #expect(try await positions("--since", "2099-01-01").isEmpty)
    // A bare date is its start in --since and its end in --until.
    let folder = try await Self.shared.value
    let events = try await folder.events()
    let days = Set(events.compactMap { ($0["recordedAt"] as? String)?.prefix(10) }).sorted()
    let first = String(try #require(days.first))
    let last = String(try #require(days.last))
    #expect(try await positions("--since", first, "--until", last) == Array(0...10))
  }

  @Test("takes RFC 3339 times to the microsecond, in any zone")
  func byTime() async throws {
    let folder = try await Self.shared.value
    let times = try await folder.events().compactMap { $0["recordedAt"] as? String }
    let time = times[7]
    let since = times.indices.filter { times[$0] >= time }
    let until = times.indices.filter { times[$0] <= time }
    #expect(try await positions("--since", time) == since)
    #expect(try await positions("--until", time) == until)
    let shifted = time.replacing("Z", with: "+00:00")
    #expect(try await positions("--since", shifted) == since)
    #expect(try await positions("--since", time, "--until", time).contains(7))
  }

  @Test("opens contents with --content, and needs the secrets only then")
  func contents() async throws {
    let folder = try await Self.shared.value
    let events = try await folder.events("--content", "--stream", "s/2")
    #expect(events.map { ($0["content"] as? [String: Int])?["n"] } == [1, 2])
    for event in events { #expect(event["contentGone"] as? Bool == false) }
    let table = try await folder.run("log", "--content", "--stream", "s/2")
    #expect(table.lines.count == 3)
    #expect(table.lines[2].hasSuffix("{\"n\":2}"))
  }

  @Test("says so when nothing is there, and prints nothing")
  func nothing() async throws {
    let folder = try await Self.shared.value
    let table = try await folder.run("log", "--stream", "s/9")
    #expect(table.status == 0)
    #expect(table.output.isEmpty)
    #expect(table.complaint == "no events\n")
    let json = try await folder.run("log", "--stream", "s/9", "--format", "json")
    #expect(try (json.json() as? [Any])?.isEmpty == true)
    #expect(try await folder.run("log", "--stream", "s/9", "--format", "ndjson").output.isEmpty)
    let csv = try await folder.run("log", "--stream", "s/9", "--format", "csv")
    #expect(csv.lines.count == 1)
  }
}
