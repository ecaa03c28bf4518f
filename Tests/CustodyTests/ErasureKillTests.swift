import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("An erasure that is killed is finished when the store is opened next")
struct ErasureKillTests {
  private struct Killed: Error {}
  private static let person = Subject.identifier(ErasurePlace.person)

  /// What is sealed under the keys that an erasure destroys.
  private func pieces(_ place: ErasurePlace) throws -> [Data] {
    let plan = try place.open(.contents).erasures.plan([Self.person], reason: .request)
    return try place.sealedPieces(under: plan.keys.map(\.id) + plan.runKeys)
  }

  private func erase(
    _ person: String, in store: Store, endingAfter step: KeyErasure.Step?
  ) async throws {
    var erasures = store.erasures
    erasures.reached = { if $0 == step { throw Killed() } }
    _ = try await erasures.run(
      try erasures.plan([.identifier(person)], reason: .request))
  }

  @Test("after each of its steps")
  func steps() async throws {
    let original = try await ErasurePlace(fileSize: 5000)
    let pieces = try pieces(original)
    for step in KeyErasure.Step.allCases {
      let place = try ErasurePlace(copying: original)
      let killed = try place.open()
      let position = try #require(
        try killed.folder.read { reader in
          try reader.events(EventFilter(stream: "notes"), ledgerID: killed.ledgerID, limit: 1)
        }.first
      ).position
      await #expect(throws: CustodyError.self) {
        try await erase(ErasurePlace.person, in: killed, endingAfter: step)
      }

      #expect(try place.open(.reading).status().condition == .clean, "\(step)")
      let isDecided = step != .needles
      let reading = try place.open(.reading)
      #expect(try reading.status().pendingErasureCount == (isDecided ? 1 : 0), "\(step)")
      let told = reading.diagnose(programVersion: "0").filter { $0.subject == "erasures" }
      #expect(told.map(\.verdict) == (isDecided ? [.bad] : []), "\(step)")
      let reader = try place.open(.contents)
      let note = try #require(try reader.event(at: position))
      #expect(try (reader.content(of: note) == nil) == isDecided, "\(step)")
      let opened = try place.open()
      #expect(opened.finishedErasures.count == (isDecided ? 1 : 0), "\(step)")
      if !isDecided {
        #expect(try opened.subjects.id(of: ErasurePlace.person) != nil)
        try await erase(ErasurePlace.person, in: opened, endingAfter: nil)
      }
      try await opened.close()
      #expect(try await place.faults(pieces) == [], "\(step)")
      #expect(try place.open().finishedErasures.isEmpty)
    }
  }

  private static let isStracePossible = ConditionTrait.enabled(
    "strace is missing or may not trace here."
  ) { try await CommandFolder().shell("strace -f -o /dev/null true").status == 0 }

  @Test("before each thing that it makes durable, removes or cuts", isStracePossible)
  func calls() async throws {
    let original = try await ErasurePlace(fileSize: 5000)
    let pieces = try pieces(original)
    let commands = try CommandFolder()
    let calls = "fsync,fdatasync,unlink,rename,ftruncate"
    var kills = 0
    var undecided = 0
    while kills < 200 {
      let place = try ErasurePlace(copying: original)
      let command =
        "custody subject erase --store \(place.temporary.path) --reason request --yes "
        + ErasurePlace.person
      let outcome = try await commands.shell(
        "strace -f -o /dev/null -e trace=\(calls) -e inject=\(calls):error=EIO:signal=KILL:when=\(kills + 1) "
          + command)
      let isKilled = outcome.status == 128 + SIGKILL
      #expect(isKilled || outcome.status == 0, "\(outcome)")
      // What was not decided has not happened; everything else is finished by whoever comes next.
      let store = try place.open()
      if try store.subjects.id(of: ErasurePlace.person) != nil {
        undecided += 1
        try await erase(ErasurePlace.person, in: store, endingAfter: nil)
      }
      try await store.close()
      // Comparing everything takes a while: every third time.
      if kills.isMultiple(of: 3) { #expect(try await place.faults(pieces) == [], "kill \(kills)") }
      #expect(try place.left(pieces) == [], "kill \(kills)")
      #expect(try place.open(.reading).status().condition == .clean, "kill \(kills)")
      guard isKilled else { break }
      kills += 1
    }
    #expect(
      (20..<200).contains(kills) && undecided > 0 && undecided < kills, "\(kills) \(undecided)")
  }

  @Test(
    "also where the disk is full from any write on: what is decided is finished when there is room",
    isStracePossible, arguments: ["pwrite64", "write"])
  func fullDisk(call: String) async throws {
    let original = try await ErasurePlace(fileSize: 5000)
    let pieces = try pieces(original)
    let commands = try CommandFolder()
    var (refused, undecided, write) = (0, 0, 1)
    while write < 2000 {
      let place = try ErasurePlace(copying: original)
      let outcome = try await commands.shell(
        "strace -f -o /dev/null -e trace=\(call) -e inject=\(call):error=ENOSPC:when=\(write)+ "
          + "custody subject erase --store \(place.temporary.path) --reason request --yes "
          + ErasurePlace.person)
      #expect(try place.open(.reading).status().condition == .clean, "write \(write)")
      let store = try place.open()
      if try store.subjects.id(of: ErasurePlace.person) != nil {
        undecided += 1
        try await erase(ErasurePlace.person, in: store, endingAfter: nil)
      }
      try await store.close()
      if refused.isMultiple(of: 4) { #expect(try await place.faults(pieces) == [], "\(write)") }
      #expect(try place.left(pieces) == [], "write \(write)")
      if outcome.status == 0 { break }
      refused += 1
      // Where nothing can be written, nothing can be said either.
      #expect(outcome.status == 7, "write \(write): \(outcome)")
      #expect(call == "write" || outcome.complaint.contains("No space left"), "\(outcome)")
      write += call == "write" ? 1 : 9
    }
    #expect(refused > 5 && undecided > 0 && undecided < refused, "\(refused) \(undecided)")
  }

  @Test("also by somebody who erases another person meanwhile, and where several were killed")
  func several() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let store = try place.open()
    let other = try place.open()
    for (person, store, step) in [
      (ErasurePlace.person, store, KeyErasure.Step.guardJournal),
      (ErasurePlace.other, other, .journal),
    ] {
      await #expect(throws: CustodyError.self) {
        try await erase(person, in: store, endingAfter: step)
      }
    }
    // The first was finished by the second, before its own.
    #expect(try store.folder.guardFolder.journal().lines.count == 1)
    let third = try place.open()
    #expect(third.finishedErasures.count == 1)
    #expect(!third.finishedErasures.contains { $0.completedPosition == nil })
    #expect(try third.subjects.count() == 1)
    #expect(try third.erasures.pending().isEmpty)
    #expect(try await third.verify(level: .contents).holds)
  }

  @Test("nothing more is written under her keys by who had the store open before")
  func openBefore() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let before = try place.open()
    let plan = try before.erasures.plan([Self.person], reason: .request)
    await #expect(throws: CustodyError.self) {
      try await erase(ErasurePlace.person, in: try place.open(), endingAfter: .guardJournal)
    }
    for subject in [Self.person, .key(plan.subjects[0])] {
      await #expect(throws: CustodyError.self) {
        try await before.append(
          NewEvent(stream: "notes", type: "note.made", subjects: [subject], content: [1]))
      }
    }
    #expect(try place.open().finishedErasures.count == 1)
  }
}
