import Custody
import CustodyLedger
import CustodyProjections
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A matter that holds data")
struct HoldTests {
  private typealias Place = HoldPlace

  @Test("keeps a person from being erased until it is released")
  func blocks() async throws {
    let place = try await Place()
    let store = try place.open()
    try await place.hold(store, [Place.one])
    let plan = try store.erasures.plan([Place.one], reason: .request)
    #expect(plan.isBlocked && plan.keys.isEmpty && plan.matters.map(\.name) == ["M-1"])
    let result = try await place.erase(store, [Place.one])
    #expect(result.waiting == result.request && result.completedPosition == nil)
    #expect(try await place.notes(store) == ["alone", "by herself", "together"])
    #expect(try await place.records(store, "v1", on: .legalClaim) == "abc")
    let waiting = try store.erasures.waiting()
    #expect(waiting.count == 1 && waiting[0].id == result.waiting)

    // Asked for again, it waits once.
    #expect(try await place.erase(store, [Place.one]).waiting == result.waiting)
    #expect(try store.erasures.waiting().count == 1)

    let erased = try await store.holds.release("M-1", reason: .resolved, approver: "counsel")
    #expect(erased.count == 1 && erased[0].completedPosition != nil)
    #expect(try store.erasures.waiting().isEmpty)
    #expect(try await place.notes(store) == ["by herself"])
    #expect(try await place.records(store, "v1") == "b")
    #expect(try store.subjects.id(of: "patient-0017") == nil)
    let cause = try #require(try store.event(id: erased[0].request)).header.claim.causationID
    #expect(cause == result.waiting)
    try await check(store)
  }

  private func check(_ store: Store) async throws {
    let report = try await store.verify(level: .contents)
    #expect(report.holds, "\(report.findings)")
    #expect(try store.engine.compare().allSatisfy(\.isEqual))
    #expect(try store.folder.condition() == .clean)
  }

  @Test("for one of two people keeps what they share, and lets go what is the other's alone")
  func joint() async throws {
    let place = try await Place()
    let store = try place.open()
    let id = try #require(try store.subjects.id(of: "patient-0017"))
    let key = try #require(try store.subjects.entry(id)).keys[0].id
    try await place.hold(store, [Place.other])
    let plan = try store.erasures.plan([Place.one], reason: .request)
    #expect(!plan.isBlocked && plan.keys.map(\.id) == [key])
    #expect(plan.held.map(\.use) == [.joint, .run])

    let result = try await place.erase(store, [Place.one])
    #expect(result.completedPosition != nil && result.waiting != nil)
    // Her own key is gone, and with it what was hers alone.
    #expect(try store.folder.keyring?.holdsAny(of: [key]) == false)
    #expect(try await place.notes(store) == ["by herself", "together"])
    #expect(try store.folder.keyring?.keptJointKeys().count == 1)
    try await check(store)
    let requested = try #require(try store.event(id: result.request))
    let content = String(decoding: try #require(try store.content(of: requested)), as: UTF8.self)
    #expect(content.contains(#""ground":"hold""#))

    let erased = try await store.holds.release("M-1", reason: .resolved, approver: "counsel")
    #expect(erased.count == 1)
    #expect(try store.folder.keyring?.keptJointKeys().isEmpty == true)
    #expect(try await place.notes(store) == ["by herself"])
    #expect(try await place.records(store, "v1") == "b")
    #expect(try await place.records(store, "v2") == "b")
    #expect(try store.erasures.waiting().isEmpty)
    try await check(store)
  }

  @Test("has a certificate that says which keys were kept, and one of what went with the release")
  func certificates() async throws {
    let place = try await Place()
    let store = try place.open()
    try await place.hold(store, [Place.other])
    let first = try await place.erase(store, [Place.one])
    let second = try await store.holds.release("M-1", reason: .resolved, approver: "counsel")[0]
    for (request, keptCount) in [(first.request, 2), (second.request, 0)] {
      let text = try store.evidence.certificate(of: request)
      let file = "\(place.temporary.folder)/\(request).certificate"
      try Data(text.utf8).write(to: URL(fileURLWithPath: file))
      let report = try Store.verify(
        evidence: try #require(try EvidenceFile.open(file)), keys: [try store.verifierKey])
      #expect(report.holds, "\(report)")
      #expect(report.erasure?.heldKeyCount == keptCount)
      #expect(!text.contains("patient"))
    }
  }

  @Test("keeps a shared record also while another erasure goes on, and after computing anew")
  func sharedByThree() async throws {
    let place = try await Place()
    let store = try place.open()
    try await store.subjects.register(["patient-0019"])
    let third = Subject.identifier("patient-0019")
    try await store.append(
      NewEvent(
        stream: "notes", type: "note.made", subjects: [Place.one, Place.other, third],
        content: Array("all three".utf8)))
    try await place.hold(store, [Place.other])
    _ = try await place.erase(store, [Place.one])
    _ = try await place.erase(store, [third])
    #expect(try await place.notes(store) == ["by herself", "together", "all three"])
    _ = try await store.projections.rebuild()
    try await check(store)
    // With her, everything goes, whoever it was about besides.
    _ = try await store.holds.release("M-1", reason: .mistaken, approver: "counsel")
    #expect(try await place.notes(store) == ["by herself"])
    #expect(try store.erasures.waiting().isEmpty)
    try await check(store)
  }

  @Test("on a dataset holds whoever has a record there, also one that comes later")
  func dataset() async throws {
    let place = try await Place()
    let store = try place.open()
    try await store.holds.place(
      "M-2", datasets: ["calls"], reason: .audit, approver: "counsel", review: Place.review)
    #expect(try await place.erase(store, [Place.one]).completedPosition == nil)
    try await place.commit(store, #"{"id":"d","who":["patient-0044"],"said":"later"}"# + "\n")
    let later = Subject.identifier("patient-0044")
    #expect(try store.erasures.plan([later], reason: .request).isBlocked)
    try await store.subjects.register(["patient-0045"])
    #expect(
      try await place.erase(store, [.identifier("patient-0045")]).completedPosition != nil)
    let erased = try await store.holds.release("M-2", reason: .resolved, approver: "counsel")
    #expect(erased.count == 1)
  }

  @Test("on one of several people who are to be erased lets the others go")
  func oneOfSeveral() async throws {
    let place = try await Place()
    let store = try place.open()
    let ids = try ["patient-0017", "patient-0018"].map {
      try #require(try store.subjects.id(of: $0))
    }
    try await place.hold(store, [Place.other])
    let result = try await place.erase(store, [Place.one, Place.other])
    #expect(result.plan?.keys.map(\.subject) == [ids[0]])
    #expect(try await place.notes(store) == ["by herself", "together"])
    // Asked for alone, what is held of her waits already.
    let alone = try await place.erase(store, [Place.other])
    #expect(alone.plan?.isBlocked == true)
    try await store.holds.release("M-1", reason: .resolved, approver: "counsel")
    #expect(try await place.notes(store).isEmpty)
    #expect(try store.subjects.all().isEmpty)
    #expect(try store.erasures.waiting().isEmpty)
    try await check(store)
  }

  @Test("of a class of data lets the others go")
  func classes() async throws {
    let place = try await Place()
    let store = try place.open()
    try await store.subjects.register(["patient-0017"], dataClass: "voiceprint")
    try await store.append(
      NewEvent(
        stream: "notes", type: "note.made", subjects: [Place.one], dataClass: "voiceprint",
        content: Array("voice".utf8)))
    try await store.holds.place(
      "M-3", on: [Place.one], classes: ["voiceprint"], reason: .order, approver: "counsel",
      review: Place.review)
    let result = try await place.erase(store, [Place.one])
    #expect(result.completedPosition != nil && result.waiting != nil)
    #expect(result.plan?.held.map(\.dataClass) == ["voiceprint"])
    #expect(try await place.notes(store) == ["by herself", "voice"])
  }

  @Test("on what has tokens holds the table that leads back from them, and the keys that make them")
  func tokens() async throws {
    let place = try await Place()
    let store = try place.open()
    _ = try await store.datasets.pseudonymize("calls", columns: ["said"], to: "released")
    _ = try await store.datasets.pseudonymize(
      "calls", columns: ["said"], tokens: .keyed(purpose: "research"), to: "keyed")
    try await store.holds.place(
      "M-5", datasets: ["released"], reason: .order, approver: "counsel", review: Place.review)
    let plan = try store.erasures.plan([Place.one], reason: .request)
    #expect(plan.isBlocked && Set(plan.held.map(\.dataClass)) == ["default", "pseudonym-table"])
    let key = try #require(try store.keys.all().first { $0.purpose == "pseudonym" }).id
    await #expect {
      _ = try await store.erasures.destroy(pseudonymKey: key, reason: .request)
    } throws: {
      ($0 as? CustodyError)?.code == .restricted
    }
  }

  @Test("holds on while any of several does")
  func several() async throws {
    let place = try await Place()
    let store = try place.open()
    try await place.hold(store, [Place.one])
    try await store.holds.place(
      "M-4", everyone: true, reason: .investigation, approver: "counsel", review: Place.review)
    _ = try await place.erase(store, [Place.one])
    #expect(
      try await store.holds.release("M-1", reason: .resolved, approver: "counsel").isEmpty)
    #expect(try store.erasures.waiting().count == 1)
    #expect(
      try await store.holds.release("M-4", reason: .resolved, approver: "counsel").count == 1)
  }

  @Test("comes too late for whom an erasure was decided, and says so")
  func tooLate() async throws {
    let place = try await Place()
    let store = try place.open()
    let id = try #require(try store.subjects.id(of: "patient-0017"))
    let erased = try await place.erase(store, [Place.one])
    try await place.hold(store, [.key(id), Place.other])
    let matter = try store.holds.matter("M-1")
    #expect(matter.placements[0].tooLate.map(\.subject) == [id])
    #expect(matter.placements[0].tooLate.map(\.request) == [erased.request])
    // By what she was called outside she was never there.
    await #expect { try await place.hold(store, [Place.one]) } throws: {
      ($0 as? CustodyError)?.code == .notFound
    }
  }

  @Test("and an erasure at once end with one of them first, whichever", arguments: 0..<4)
  func race(seed: Int) async throws {
    let place = try await Place()
    let (first, second) = (try place.open(), try place.open())
    let id = try #require(try first.subjects.id(of: "patient-0017"))
    async let erasing = place.erase(first, [.key(id)])
    try await Task.sleep(for: .milliseconds(seed * 40))
    async let holding: Void = place.hold(second, [.key(id)])
    let result = try? await erasing
    try await holding
    let matter = try second.holds.matter("M-1")
    let isErased = result?.completedPosition != nil
    #expect(matter.placements[0].tooLate.isEmpty != isErased)
    #expect(try second.subjects.entry(id) == nil || !isErased)
  }

  @Test("is reported with what it was at a moment")
  func moments() async throws {
    let place = try await Place()
    let store = try place.open()
    try await place.hold(store, [Place.one])
    let head = try store.head().position
    try await place.hold(store, [Place.other])
    try await store.holds.release("M-1", reason: .withdrawn, approver: "counsel")
    #expect(try store.holds.matters().map { $0.release?.reason } == ["withdrawn"])
    let then = try store.holds.matter("M-1", at: .position(head))
    #expect(then.release == nil && then.placements.count == 1)
    #expect(try store.holds.matter("M-1").placements.count == 2)
    // The same name begins anew.
    try await place.hold(store, [Place.one])
    #expect(try store.holds.matters().count == 2)
    #expect(try store.holds.matter("M-1").release == nil)
  }

  @Test("refuses a scope, a review, an approver or a name that cannot be")
  func refusals() async throws {
    let place = try await Place()
    let store = try place.open()
    let size = try store.head().position
    func expect(_ code: CustodyError.Code, _ body: () async throws -> Void) async {
      await #expect { try await body() } throws: { ($0 as? CustodyError)?.code == code }
    }
    let holds = store.holds
    await expect(.usage) {
      try await holds.place("M", reason: .audit, approver: "counsel", review: Place.review)
    }
    await expect(.usage) {
      try await holds.place(
        "M", on: [Place.one], everyone: true, reason: .audit, approver: "counsel",
        review: Place.review)
    }
    await expect(.usage) {
      try await holds.place(
        "M", on: [Place.one], reason: .audit, approver: "counsel",
        review: Timestamp("2020-01-01")!)
    }
    await expect(.usage) {
      try await holds.place(
        "M", on: [Place.one], reason: .audit, approver: "uid:1", review: Place.review)
    }
    await expect(.nameHoldsIdentifier) {
      try await holds.place(
        "Doe v. patient-0018", on: [Place.one], reason: .audit, approver: "counsel",
        review: Place.review)
    }
    await expect(.notFound) {
      try await holds.place(
        "M", datasets: ["nothing"], reason: .audit, approver: "counsel", review: Place.review)
    }
    await expect(.notFound) { try await place.hold(store, [.identifier("patient-0099")]) }
    await expect(.notFound) {
      try await holds.release("M", reason: .resolved, approver: "counsel")
    }
    #expect(try store.head().position == size)
    try await place.hold(store, [Place.one])
    try await holds.release("M-1", reason: .resolved, approver: "counsel")
    await expect(.alreadyExists) {
      try await holds.release("M-1", reason: .resolved, approver: "counsel")
    }
    await expect(.invalidInput) {
      try await store.append(NewEvent(stream: "hold/1", type: "a.b", content: []))
    }
  }
}
