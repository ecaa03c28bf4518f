import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("Callers share commits, processes take turns")
struct GroupCommitTests {
  @Test("16 concurrent callers get receipts of their own, dense and in their order")
  func callers() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let size = try store.head().size
    let receipts = try await withThrowingTaskGroup { group in
      for caller in 0..<16 {
        group.addTask {
          var receipts: [Receipt] = []
          for index in 0..<25 {
            let content = Array("\(caller) \(index)".utf8)
            receipts.append(
              try await store.append(
                NewEvent(stream: "caller/\(caller)", type: "thing.done", content: content)))
          }
          return receipts
        }
      }
      return try await group.reduce(into: [[Receipt]]()) { $0.append($1) }
    }
    let all = receipts.joined()
    #expect(Set(all.map(\.position.value)) == Set(size..<size + 400), "dense and distinct")
    #expect(Set(all.map(\.leaf)).count == 400)
    for own in receipts {
      // Each caller's own events in the order in which it appended them.
      #expect(own.map(\.position) == own.map(\.position).sorted())
      #expect(own.map(\.revision.value) == Array(0..<25))
    }
    for receipt in all {
      #expect(try store.event(at: receipt.position)?.leaf == receipt.leaf)
    }
    #expect(try await store.verify(level: .contents).holds)
  }

  @Test("callers who come while a commit is under way share the next: 4 events a commit and more")
  func sharedCommits() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let before = try store.folder.ledger().statistics
    for round in 0..<10 {
      // Another process's commit, as far as this one can tell.
      let lock = open("\(temporary.path)/lock", O_RDWR)
      #expect(flock(lock, LOCK_EX) == 0)
      try await withThrowingTaskGroup { group in
        for caller in 0..<16 {
          group.addTask {
            _ = try await store.append(
              NewEvent(stream: "caller/\(caller)", type: "thing.done", content: [UInt8(round)]))
          }
        }
        group.addTask {
          // Whoever comes later than this, on a busy machine, gets a commit of her own.
          try await Task.sleep(for: .milliseconds(50))
          close(lock)
        }
        try await group.waitForAll()
      }
    }
    let after = try store.folder.ledger().statistics
    let (events, commits) = (after.events - before.events, after.commits - before.commits)
    #expect(events == 160)
    #expect(events >= 4 * commits, "\(commits) commits")
    #expect(try await store.verify(level: .contents).holds)
  }

  @Test("a refused batch among others harms none of them", arguments: 0..<4)
  func refusedAmongOthers(seed: Int) async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.append(NewEvent(stream: "contested", type: "thing.done", content: []))
    let size = try store.head().size
    /// Batches of three whose second event is refused when the batch is a bad one.
    func batch(_ caller: Int, _ round: Int, isBad: Bool) -> [NewEvent] {
      (0..<3).map { index in
        NewEvent(
          stream: isBad && index == 1 ? "contested" : "caller/\(caller)", type: "thing.done",
          expectedRevision: isBad && index == 1 ? .exactly(Revision(77)) : .any,
          content: Array("\(caller) \(round) \(index)".utf8))
      }
    }
    let receipts = try await withThrowingTaskGroup { group in
      for caller in 0..<12 {
        group.addTask {
          var random = SeededGenerator(seed * 100 + caller)
          var receipts: [Receipt] = []
          for round in 0..<8 {
            let isBad = Bool.random(using: &random)
            do {
              let new = try await store.append(batch(caller, round, isBad: isBad))
              #expect(!isBad)
              #expect(new.map(\.position.value) == (0..<3).map { new[0].position.value + $0 })
              receipts += new
            } catch let error as CustodyError {
              #expect(isBad && error.code == .revisionConflict, "\(error)")
            }
          }
          return receipts
        }
      }
      return try await group.reduce(into: [Receipt]()) { $0 += $1 }
    }
    #expect(Set(receipts.map(\.position.value)) == Set(size..<size + receipts.count))
    #expect(try store.head().size == size + receipts.count)
    let report = try await store.verify(level: .contents)
    #expect(report.holds, "\(report.findings)")
  }

  @Test("batches of a pipeline stand in their order; after a refused one none of it follows")
  func pipeline() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let start = try store.head().size
    func batch(_ number: Int, isBad: Bool = false) -> [NewEvent] {
      (0..<20).map {
        NewEvent(
          stream: "line", type: "line.read",
          expectedRevision: isBad && $0 == 19 ? .exactly(Revision(1_000_000)) : .any,
          content: Array("\(number) \($0)".utf8))
      }
    }
    var taken: [Receipt] = []
    let pipeline = AppendPipeline(store: store)
    for number in 0..<10 { try await pipeline.append(batch(number)) { taken += $0 } }
    try await pipeline.finish { taken += $0 }
    #expect(taken.map(\.position.value) == Array(start..<start + 200))
    #expect(taken.map(\.revision.value) == Array(0..<200))

    let error = await #expect(throws: CustodyError.self) {
      for number in 10..<20 {
        try await pipeline.append(batch(number, isBad: number == 12)) { taken += $0 }
      }
      try await pipeline.finish { taken += $0 }
    }
    #expect(error?.code == .revisionConflict)
    #expect(taken.count == 240, "two batches before the refused one")
    #expect(try store.head().size == start + 240)
    // It is empty then, and can be used again.
    try await pipeline.append(batch(20)) { taken += $0 }
    try await pipeline.finish { taken += $0 }
    #expect(taken.last?.revision.value == 259)
    #expect(try await store.verify().holds)
  }

  @Test("verification of a ledger that grows meanwhile finds nothing")
  func verifyWhileAppending() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await withThrowingTaskGroup { group in
      group.addTask {
        for index in 0..<60 {
          let events = (0..<30).map {
            NewEvent(stream: "a/\(index)/\($0)", type: "b.c", content: [UInt8($0)])
          }
          try await store.append(events)
        }
      }
      group.addTask {
        for _ in 0..<15 {
          let report = try await store.verify()
          #expect(report.holds, "\(report.findings.prefix(3))")
        }
      }
      try await group.waitForAll()
    }
    #expect(try store.head().size == 1804)
    // One checkpoint at creation, one for having passed 1,024 events.
    #expect(try store.head().checkpoint?.checkpoint.size ?? 0 >= 1024)
  }

  @Test("two commands that append at once lose nothing")
  func processes() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.close()
    let lines = 40
    func input(_ process: Int) throws -> [String] {
      try (0..<8).map { file in
        let path = "\(temporary.folder)/\(process)-\(file)"
        let text = (0..<lines).map { "{\"process\":\(process),\"line\":\(file * lines + $0)}\n" }
        try Data(text.joined().utf8).write(to: URL(fileURLWithPath: path))
        return path
      }
    }
    let commands = try CommandFolder()
    let running = try (0..<2).map { process in
      try commands.start(
        [
          "append", "--store", temporary.path, "--stream", "process/\(process)", "--type",
          "line.read", "--receipts", "\(temporary.folder)/receipts-\(process)",
        ] + input(process), input: .nothing)
    }
    for command in running { try await command.finish().succeeded() }
    let reader = try temporary.open(for: .contents)
    var positions: [Int] = []
    for process in 0..<2 {
      var contents: [String] = []
      for try await event in reader.events(EventFilter(stream: "process/\(process)")) {
        positions.append(event.position.value)
        contents.append(String(decoding: try reader.content(of: event) ?? [], as: UTF8.self))
      }
      let expected = (0..<8 * lines).map { "{\"process\":\(process),\"line\":\($0)}" }
      #expect(contents == expected)
      let receipts = try String(
        contentsOfFile: "\(temporary.folder)/receipts-\(process)", encoding: .utf8)
      #expect(receipts.split(separator: "\n").count == 8 * lines)
    }
    #expect(positions.sorted() == Array(4..<4 + 16 * lines))
    #expect(try await reader.verify(level: .contents).holds)
    #expect(try reader.status().unsealedCount == 0)
  }
}
