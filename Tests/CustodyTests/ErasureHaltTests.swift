import Custody
import CustodyLedger
import CustodyProjections
import CustodyTesting
import Foundation
import Testing

@Suite("Nobody waits to be forgotten until a projection is mended")
struct ErasureHaltTests {
  private typealias Said = LineageSaid

  /// Makes the content of the first event of a type unreadable.
  ///
  /// - Parameter isBeforeReading: whether no projection has read it yet.
  private func damage(
    _ type: String, _ place: ErasurePlace, isBeforeReading: Bool = true
  ) throws -> Int {
    let ledger = try RawDatabase(place.temporary.ledgerFile)
    let position = try ledger.integer(
      """
      SELECT position FROM event
      WHERE type = (SELECT id FROM name WHERE text = '\(type)') AND body IS NOT NULL
      """)
    #expect(position > 0)
    try ledger.execute(
      "UPDATE event SET body = randomblob(length(body)) WHERE position = \(position)")
    if isBeforeReading {
      for file in ["projections.sqlite", "projections.sqlite-wal", "projections.sqlite-shm"] {
        unlink("\(place.temporary.path)/\(file)")
      }
    }
    return position
  }

  @Test(
    "an event that cannot be read keeps nothing of her",
    arguments: [
      "dataset.created", "dataset.version.committed", "run.started", "run.completed",
      "run.annotated", "subject.registered",
    ])
  func damaged(type: String) async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    func keys(_ plan: ErasurePlan) -> Set<KeyID> { Set(plan.keys.map(\.id) + plan.runKeys) }
    let known = try keys(
      place.open(.contents).erasures.plan([.identifier(ErasurePlace.person)], reason: .request))
    let pieces = try place.sealedPieces(under: Array(known))
    let position = try damage(type, place)
    let store = try place.open()
    let plan = try store.erasures.plan([.identifier(ErasurePlace.person)], reason: .request)
    let halted = try store.projections.status().contains { $0.haltReason != nil }
    #expect(plan.skippedPositions.isEmpty == !halted)
    #expect(!halted || plan.skippedPositions.contains(position))
    #expect(keys(plan) == known, "the run's text goes too")
    let result = try await store.erasures.run(plan)
    #expect(result.completedPosition != nil && result.remnants.isEmpty)
    try await store.close()
    #expect(try place.left(pieces) == [])
    let opened = try place.open()
    #expect(try opened.subjects.id(of: ErasurePlace.person) == nil)
    #expect(try opened.subjects.id(of: ErasurePlace.other) != nil)
    #expect(try opened.erasures.pending().isEmpty)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: place.temporary.path)
        .allSatisfy { !$0.hasPrefix("projections.sqlite.") })
  }

  @Test("nor does one of a run that another tool told of: its text goes, whatever it used")
  func imported() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let store = try place.open()
    try await store.importing([Said.run(1, at: 1, in: [Said.data("t")], out: [Said.data("u")])])
    let run = try #require(EventID(uuid: Said.id(1)))
    let person = [Subject.identifier(ErasurePlace.person)]
    #expect(try !store.erasures.plan(person, reason: .request).runs.contains(run))
    try await store.close()
    let position = try damage("lineage.recorded", place)
    let opened = try place.open()
    let plan = try opened.erasures.plan(person, reason: .request)
    #expect(plan.skippedPositions == [position])
    #expect(plan.runs.contains(run))
    #expect(try await opened.erasures.run(plan).completedPosition != nil)
    #expect(
      try opened.event(at: Position(position - 1))?.header.claim.type.text == "lineage.received")
    #expect(try opened.event(at: Position(position - 1))?.body == nil)
  }

  @Test("what may have left the store with her is named where nobody can read what it was")
  func copies() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let store = try place.open()
    _ = try await place.restored(store, "v1")
    try await store.close()
    let position = try damage("dataset.restored", place)
    let opened = try place.open()
    let plan = try opened.erasures.plan([.identifier(ErasurePlace.person)], reason: .request)
    #expect(plan.copies.map(\.position.value) == [position])
    #expect(plan.copies.map(\.what) == ["dataset.restored, which cannot be read"])
    #expect(try await opened.erasures.run(plan).completedPosition != nil)
  }

  @Test(
    "nor does damage to what projections have read before, also when a matter is released",
    arguments: [
      "dataset.version.committed", "run.started", "run.completed", "run.annotated",
      "subject.registered",
    ])
  func damagedLater(type: String) async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let store = try place.open()
    let person = [Subject.identifier(ErasurePlace.person)]
    try await store.holds.place(
      "M-1", on: person, reason: .litigation, approver: "counsel",
      review: Timestamp("2099-01-31")!)
    #expect(
      try await store.erasures.run(store.erasures.plan(person, reason: .request)).waiting != nil)
    try await store.close()
    _ = try damage(type, place, isBeforeReading: false)
    let opened = try place.open()
    let erased = try await opened.holds.release("M-1", reason: .resolved, approver: "counsel")
    #expect(erased.count == 1 && erased[0].completedPosition != nil)
    #expect(try opened.subjects.id(of: ErasurePlace.person) == nil)
  }

  @Test("nor does that of an older request")
  func damagedRequest() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let store = try place.open()
    let plan = try store.erasures.plan([.identifier(ErasurePlace.other)], reason: .request)
    _ = try await store.erasures.run(plan)
    try await store.close()
    _ = try damage("erasure.requested", place)
    let opened = try place.open()
    let person = Subject.identifier(ErasurePlace.person)
    try await opened.holds.place(
      "M-1", on: [person], reason: .litigation, approver: "counsel",
      review: Timestamp("2099-01-31")!)
    try await opened.holds.release("M-1", reason: .resolved, approver: "counsel")
    let later = try opened.erasures.plan([person], reason: .request)
    #expect(try await opened.erasures.run(later).completedPosition != nil)
  }

  @Test("what a kill cut short is finished all the same")
  func killed() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let position = try damage("dataset.version.committed", place)
    let store = try place.open()
    var erasures = store.erasures
    erasures.reached = { if $0 == .ledger { throw CustodyError(.io, "killed") } }
    let erasing = erasures
    let plan = try store.erasures.plan([.identifier(ErasurePlace.person)], reason: .request)
    #expect(plan.skippedPositions.first == position)
    await #expect(throws: CustodyError.self) { try await erasing.run(plan) }
    let opened = try place.open()
    #expect(opened.finishedErasures.count == 1)
    #expect(opened.finishedErasures.allSatisfy { $0.completedPosition != nil })
  }

  @Test("whom a matter on a dataset holds has to be known; a matter on people is")
  func held() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let store = try place.open()
    let other = Subject.identifier(ErasurePlace.other)
    func hold(_ matter: String, _ people: [Subject], _ datasets: [String]) async throws {
      try await store.holds.place(
        matter, on: people, datasets: datasets, reason: .litigation, approver: "counsel",
        review: Timestamp("2099-01-31")!)
    }
    try await hold("M-1", [], ["recordings"])
    try await hold("M-2", [other], [])
    try await store.close()
    _ = try damage("dataset.version.committed", place)
    let opened = try place.open()
    for person in [ErasurePlace.person, ErasurePlace.other] {
      #expect {
        try opened.erasures.plan([.identifier(person)], reason: .request)
      } throws: {
        ($0 as? CustodyError)?.code == .needsRecovery
          && ($0 as? CustodyError)?.message.contains("M-1") == true
      }
    }
    try await opened.holds.release("M-1", reason: .resolved, approver: "counsel")
    let kept = try opened.erasures.plan([other], reason: .request)
    #expect(kept.isBlocked && kept.matters.map(\.name) == ["M-2"])
    let plan = try opened.erasures.plan([.identifier(ErasurePlace.person)], reason: .request)
    #expect(try await opened.erasures.run(plan).completedPosition != nil)
  }
}
