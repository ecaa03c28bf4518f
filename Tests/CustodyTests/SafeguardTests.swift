import Custody
import CustodyLedger
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("What holds, restricts or waits for erasure outlives the loss of its events")
struct SafeguardTests {
  private typealias Place = HoldPlace

  /// A store of which a recovery is to lose what `happens`.
  private func recovered(
    _ happens: (Place, Store) async throws -> Void
  ) async throws -> (place: Place, plan: RecoveryPlan) {
    let place = try await Place()
    let older = try place.ledger()
    let store = try place.open()
    try await happens(place, store)
    try await store.close()
    try place.putBack(older)
    #expect(try place.open(.reading).status().condition.name == "behind")
    let recovery = try Recovery(at: place.temporary.path, actor: "uid:1")
    let plan = try recovery.plan()
    try await recovery.run(plan).close()
    return (place, plan)
  }

  private func kept(_ place: Place) throws -> [Safeguard] {
    try Guard(folder: place.temporary.guardFolder).safeguards().lines
  }

  private var journal: String { "safeguards" }

  @Test("a hold is in force again, in its own words")
  func hold() async throws {
    let (place, plan) = try await recovered { place, store in
      try await place.hold(store, [Place.one])
    }
    #expect(plan.safeguardCount == 1 && plan.knowsAllSafeguards)
    let store = try place.open()
    let matter = try store.holds.matter("M-1")
    #expect(matter.release == nil && matter.placements[0].approver == "counsel")
    #expect(
      matter.placements[0].scope.subjects == [
        try #require(try store.subjects.id(of: "patient-0017"))
      ])
    let result = try await place.erase(store, [Place.one])
    #expect(result.completedPosition == nil && result.waiting != nil)
    #expect(try await place.notes(store) == ["alone", "by herself", "together"])
    #expect(try await store.verify(level: .contents).holds)
    try await store.close()
    // Nothing of it is appended twice.
    let size = try place.open(.reading).head().size
    try await place.open().close()
    #expect(try place.open(.reading).head().size == size)
  }

  @Test(
    "a hold on a dataset that is lost holds everybody, and what comes back under its name later")
  func dataset() async throws {
    func hold(_ store: Store) async throws {
      try await store.holds.place(
        "M-2", datasets: ["later"], reason: .litigation, approver: "counsel", review: Place.review)
    }
    let (place, _) = try await recovered { place, store in
      try await store.datasets.create("later", kind: .lines, key: "id", subject: "json:who")
      try await hold(store)
    }
    let store = try place.open()
    #expect(try store.holds.keyCount(of: store.holds.matter("M-2")) == 2)
    try await store.datasets.create("later", kind: .lines, key: "id", subject: "json:who")
    let file = "\(place.temporary.folder)/later.jsonl"
    try Data("{\"id\":\"a\",\"who\":[\"patient-0018\"]}\n".utf8).write(
      to: URL(fileURLWithPath: file))
    try await store.datasets.commit("later", file)
    #expect(try await place.erase(store, [Place.one]).completedPosition == nil)
    try await store.erasures.withdraw([Place.one])
    try await hold(store)
    #expect(try await place.erase(store, [Place.other]).completedPosition == nil)
    #expect(try await place.erase(store, [Place.one]).completedPosition != nil)
  }

  @Test("an erasure goes on waiting, restricts meanwhile, and is carried out by the release")
  func waiting() async throws {
    let (place, plan) = try await recovered { place, store in
      try await place.hold(store, [Place.one])
      _ = try await place.erase(store, [Place.one])
    }
    #expect(plan.safeguardCount == 2)
    let store = try place.open()
    #expect(try store.erasures.waiting().count == 1)
    #expect(try await place.records(store, "v1") == "b")
    let erased = try await store.holds.release("M-1", reason: .resolved, approver: "counsel")
    #expect(erased.count == 1)
    #expect(try await place.notes(store) == ["by herself"])
  }

  @Test("a restriction lasts, and one that was lifted does not")
  func restriction() async throws {
    let (place, plan) = try await recovered { place, store in
      try await store.restrictions.place([Place.one, Place.other], reason: .accuracyContested)
      try await store.restrictions.lift([Place.one])
    }
    #expect(plan.safeguardCount == 3)
    let store = try place.open()
    #expect(try await place.records(store, "v1") == "a")
  }

  @Test("an older copy that is only read restricts what is restricted since")
  func reading() async throws {
    let place = try await Place()
    let older = try place.ledger()
    let store = try place.open()
    try await store.restrictions.place([Place.one], reason: .accuracyContested)
    try await place.hold(store, [Place.other])
    _ = try await place.erase(store, [Place.other])
    try await store.close()
    try place.putBack(older)
    let reader = try place.open(.contents)
    #expect(
      try reader.restrictions.list().map(\.cause) == [.placed(.accuracyContested), .erasureWaits])
    #expect(try reader.holds.matters().map(\.name) == ["M-1"])
    for key in ["a", "b", "c"] {
      #expect {
        try reader.datasets.content(of: "calls", key: key) { _ in }
      } throws: {
        ($0 as? CustodyError)?.code == .restricted
      }
    }
  }

  @Test("a matter that was released stays so")
  func released() async throws {
    let (place, plan) = try await recovered { place, store in
      try await place.hold(store, [Place.one])
      try await store.holds.release("M-1", reason: .resolved, approver: "counsel")
    }
    #expect(plan.safeguardCount == 2)
    let store = try place.open()
    #expect(try store.holds.matter("M-1").release != nil)
    #expect(try await place.erase(store, [Place.one]).completedPosition != nil)
  }

  @Test("the guard learns what a kill kept from it, and everything when it knew nothing")
  func completed() async throws {
    let place = try await Place()
    let store = try place.open()
    for matter in ["M-1", "M-2", "M-3"] { try await place.hold(store, [Place.one], matter) }
    try await store.close()
    let path = "\(place.temporary.guardFolder)/\(journal)"
    let whole = try SmallStore.bytes(path)
    let known = try kept(place)
    #expect(known.count == 3)
    for count in [whole.count - 1, whole.count / 2, 0] {
      try whole.prefix(count).write(to: URL(fileURLWithPath: path))
      try await place.open().close()
      #expect(try SmallStore.bytes(path) == whole, "\(count)")
    }
    unlink(path)
    try await place.open().close()
    #expect(try SmallStore.bytes(path) == whole)
  }

  @Test("a guard that cannot be written fails the hold, and is told when it can")
  func unwritable() async throws {
    let place = try await Place()
    let store = try place.open()
    let path = "\(place.temporary.guardFolder)/\(journal)"
    unlink(path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    await #expect(throws: CustodyError.self) { try await place.hold(store, [Place.one]) }
    try FileManager.default.removeItem(atPath: path)
    let opened = try place.open()
    #expect(try opened.holds.matter("M-1").release == nil)
    #expect(try kept(place).count == 1)
  }

  @Test("a guard that is moved brings them along, and one that is lost says so")
  func moved() async throws {
    for isLost in [false, true] {
      let place = try await Place()
      let older = try place.ledger()
      let store = try place.open()
      try await place.hold(store, [Place.one])
      try await store.close()
      try place.putBack(older)
      if isLost { try FileManager.default.removeItem(atPath: place.temporary.guardFolder) }
      let other = "\(place.temporary.folder)/other-guard"
      let recovery = try Recovery(at: place.temporary.path, guardFolder: other, actor: "uid:1")
      let plan = try recovery.plan()
      #expect(plan.safeguardCount == (isLost ? 0 : 1) && plan.knowsAllSafeguards == !isLost)
      let opened = try recovery.run(plan)
      #expect(try opened.holds.matters().count == (isLost ? 0 : 1))
      #expect(try Guard(folder: other).safeguards().lines.count == (isLost ? 0 : 1))
      try await opened.close()
    }
  }

  @Test("a byte of the guard's file that was changed is found, and a recovery mends it")
  func damaged() async throws {
    let place = try await Place()
    let store = try place.open()
    for matter in ["M-1", "M-2"] { try await place.hold(store, [Place.one], matter) }
    try await store.close()
    let path = "\(place.temporary.guardFolder)/\(journal)"
    let whole = try SmallStore.bytes(path)
    for index in stride(from: 0, to: whole.count, by: 97) where whole[index] != 0x0a {
      var bytes = whole
      bytes[index] ^= 1
      try bytes.write(to: URL(fileURLWithPath: path))
      #expect(try place.open(.reading).status().condition.part == .guard, "\(index)")
    }
    #expect(throws: CustodyError.self) { try place.open() }
    try await place.recover()
    #expect(try SmallStore.bytes(path) == whole)
    #expect(try place.open().holds.matters().count == 2)
  }

  @Test("a line that somebody made is not appended")
  func forged() async throws {
    let place = try await Place()
    let store = try place.open()
    try await place.hold(store, [Place.one])
    try await store.close()
    let path = "\(place.temporary.guardFolder)/\(journal)"
    let line = try #require(try kept(place).first).text
    let id = String(line.dropFirst("event ".count + 2 * 22).prefix(32))
    #expect(try place.open(.reading).event(id: #require(EventID(hex: id))) != nil)
    unlink(path)
    var forged = try Guard(folder: place.temporary.guardFolder).safeguards()
    try forged.append([
      try #require(Safeguard(text: line.replacing(id, with: "f" + id.dropFirst())))
    ])
    let size = try place.open(.reading).head().size
    #expect { try place.open() } throws: { ($0 as? CustodyError)?.code == .needsRecovery }
    #expect(try place.open(.reading).head().size == size)
    unlink(path)
    #expect(try place.open().holds.matters().count == 1)
  }

  /// Puts lines in another order, linked as whoever can write there can link them.
  private func rewrite(_ place: Place, _ change: ([Safeguard]) -> [Safeguard]) throws {
    let lines = change(try kept(place))
    unlink("\(place.temporary.guardFolder)/\(journal)")
    var journal = try Guard(folder: place.temporary.guardFolder).safeguards()
    try journal.append(lines)
  }

  @Test("in whatever order the lines stand, a release ends what was placed before it")
  func reordered() async throws {
    let place = try await Place()
    let older = try place.ledger()
    let store = try place.open()
    try await place.hold(store, [Place.one])
    try await store.holds.release("M-1", reason: .resolved, approver: "counsel")
    try await place.hold(store, [Place.one], "M-2")
    try await store.restrictions.place([Place.other], reason: .accuracyContested)
    try await store.restrictions.lift([Place.other])
    try await store.restrictions.place([Place.other], reason: .accuracyContested)
    try await store.close()
    try rewrite(place) { $0.reversed() }
    try place.putBack(older)
    try await place.recover()
    let opened = try place.open()
    #expect(try opened.holds.matters().map { $0.release == nil } == [false, true])
    #expect(try await place.records(opened, "v1") == "a")
  }

  @Test("a line of another copy is not taken by a store that has lost nothing")
  func foreign() async throws {
    let place = try await Place()
    let store = try place.open()
    try await place.hold(store, [Place.one])
    _ = try await place.erase(store, [Place.one])
    try await store.close()
    let copy = try Place(copying: place)
    let other = try copy.open()
    try await other.holds.release("M-1", reason: .resolved, approver: "counsel")
    try await other.close()
    let release = try #require(try kept(copy).last)
    try rewrite(place) { $0 + [release] }
    #expect { try place.open() } throws: { ($0 as? CustodyError)?.code == .needsRecovery }
    try rewrite(place) { $0.dropLast() }
    #expect(try place.open().erasures.waiting().count == 1)
  }

  @Test("an event of a caller that is called like one is none")
  func named() async throws {
    let place = try await Place()
    let older = try place.ledger()
    let store = try place.open()
    try await place.hold(store, [Place.other])
    try await store.append(
      NewEvent(stream: "x", type: "hold.placed", subjects: [Place.one], content: Array("{}".utf8)))
    #expect(try kept(place).count == 1)
    try await store.close()
    try place.putBack(older)
    try await place.recover()
    #expect(try place.open().holds.matters().map(\.name) == ["M-1"])
  }

  @Test("a damaged line loses no other, and a guard that is behind is not said to know all")
  func line() async throws {
    let place = try await Place()
    let older = try place.ledger()
    let store = try place.open()
    for matter in ["M-1", "M-2", "M-3"] { try await place.hold(store, [Place.one], matter) }
    try await store.close()
    let path = "\(place.temporary.guardFolder)/\(journal)"
    var bytes = try SmallStore.bytes(path)
    bytes[0] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path))
    try place.putBack(older)
    let recovery = try Recovery(at: place.temporary.path, actor: "uid:1")
    let plan = try recovery.plan()
    #expect(plan.safeguardCount == 2 && !plan.knowsAllSafeguards)
    try await recovery.run(plan).close()
    #expect(try place.open().holds.matters().map(\.name) == ["M-2", "M-3"])
  }

  @Test("an event that stands in the ledger under another type counts as the guard has it")
  func retyped() async throws {
    let place = try await Place()
    let store = try place.open()
    try await place.hold(store, [Place.one])
    try await store.restrictions.place([Place.other], reason: .accuracyContested)
    try await store.close()
    try RawDatabase(place.temporary.ledgerFile).execute(
      """
      UPDATE event SET type = (SELECT id FROM name WHERE text = 'dataset.created')
      WHERE type IN (SELECT id FROM name WHERE text IN ('hold.placed', 'restriction.placed'))
      """)
    let opened = try place.open()
    #expect(try opened.holds.matters().map(\.name) == ["M-1"])
    #expect(try opened.restrictions.list().count == 1)
    #expect(
      opened.diagnose(programVersion: "1").contains {
        $0.subject == "safeguards" && $0.finding.hasPrefix("2 events")
      })
  }

  @Test(
    "a matter on a dataset of which versions are lost holds everybody, until it is placed again")
  func widened() async throws {
    let place = try await Place()
    var store = try place.open()
    try await store.subjects.register(["patient-0019", "patient-0020"])
    try await store.close()
    let older = try place.ledger()
    store = try place.open()
    try await place.commit(store, "{\"id\":\"d\",\"who\":[\"patient-0019\"],\"said\":\"later\"}\n")
    func hold(_ store: Store) async throws {
      try await store.holds.place(
        "M-1", datasets: ["calls"], reason: .litigation, approver: "counsel", review: Place.review)
    }
    try await hold(store)
    let later = Subject.identifier("patient-0019")
    #expect(try await place.erase(store, [later]).waiting != nil)
    try await store.close()
    try place.putBack(older)
    try await place.recover()
    let opened = try place.open()
    #expect(opened.finishedErasures.isEmpty)
    #expect(try opened.subjects.id(of: "patient-0019") != nil)
    #expect(try opened.holds.isWidened(opened.holds.matter("M-1")))
    #expect(try await place.erase(opened, [.identifier("patient-0020")]).waiting != nil)
    try await hold(opened)
    #expect(try !opened.holds.isWidened(opened.holds.matter("M-1")))
    // Who waited and is in no version of it goes when the store is opened next.
    try await opened.close()
    #expect(try place.open().finishedErasures.count == 2)
  }

  @Test("what is damaged in the ledger is read from the guard, and doctor says so")
  func damagedInLedger() async throws {
    let place = try await Place()
    let store = try place.open()
    try await place.hold(store, [Place.one])
    _ = try await place.erase(store, [Place.one])
    try await store.restrictions.place([Place.other], reason: .accuracyContested)
    try await store.close()
    try RawDatabase(place.temporary.ledgerFile).execute(
      """
      UPDATE event SET body = zeroblob(length(body)) WHERE type IN (
        SELECT id FROM name WHERE text IN ('hold.placed', 'erasure.denied', 'restriction.placed'))
      """)
    let opened = try place.open()
    #expect(try opened.holds.matters().map(\.name) == ["M-1"])
    #expect(try opened.erasures.waiting().count == 1)
    #expect(try await place.records(opened, "v1") == "")
    #expect(
      opened.diagnose(programVersion: "1").contains {
        $0.subject == "safeguards" && $0.verdict == .bad && $0.finding.hasPrefix("3 events")
      })
    try await opened.close()
    unlink("\(place.temporary.guardFolder)/\(journal)")
    // Who has neither does not know what is held, and destroys and reads nothing.
    let reader = try place.open(.contents)
    #expect(throws: CustodyError.self) { try reader.holds.matters() }
    #expect(throws: CustodyError.self) { try reader.restrictions.list() }
  }
}
