import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("An erasure that waits can be taken back")
struct ErasureWithdrawalTests {
  private typealias Place = HoldPlace

  private func refusal(_ body: () async throws -> Void) async -> CustodyError.Code? {
    do {
      try await body()
      return nil
    } catch { return (error as? CustodyError)?.code }
  }

  private func release(
    _ store: Store, _ matter: String = "M-1"
  ) async throws -> [ErasureResult] {
    try await store.holds.release(matter, reason: .resolved, approver: "counsel")
  }

  @Test("and nothing happens when the matter is released")
  func single() async throws {
    let place = try await Place()
    let store = try place.open()
    #expect(await refusal { _ = try await store.erasures.withdraw([Place.one]) } == .notFound)
    try await place.hold(store, [Place.one])
    _ = try await place.erase(store, [Place.one])
    #expect(try await place.records(store, "v1") == "b", "restricted while it waits")
    #expect(try await store.erasures.withdraw([Place.one]).count == 1)
    #expect(try await place.records(store, "v1") == "abc")
    #expect(await refusal { _ = try await store.erasures.withdraw([Place.one]) } == .notFound)
    // Who asks once more waits once more.
    _ = try await place.erase(store, [Place.one])
    #expect(try store.erasures.waiting().count == 1)
    try await store.erasures.withdraw([Place.one])
    #expect(try await release(store).isEmpty)
    #expect(try await place.notes(store) == ["alone", "by herself", "together"])
  }

  @Test("of one of several people, while the others wait on")
  func several() async throws {
    let place = try await Place()
    let store = try place.open()
    try await place.hold(store, [Place.one, Place.other])
    _ = try await place.erase(store, [Place.one, Place.other])
    let unknown = [Place.other, .identifier("patient-0099")]
    #expect(await refusal { _ = try await store.erasures.withdraw(unknown) } == .notFound)
    #expect(try store.erasures.waiting()[0].subjects.count == 2, "nobody's was taken back")
    try await store.erasures.withdraw([Place.other])
    #expect(try store.erasures.waiting().map(\.subjects.count) == [1])
    #expect(try await release(store).count == 1)
    #expect(try await place.notes(store) == ["by herself"])
  }

  @Test("as far as it was not carried out")
  func part() async throws {
    let place = try await Place()
    let store = try place.open()
    try await store.subjects.register(["patient-0017"], dataClass: "voiceprint")
    try await store.holds.place(
      "M-1", on: [Place.one], classes: ["voiceprint"], reason: .litigation, approver: "counsel",
      review: Place.review)
    let id = try store.subjects.id(of: Place.one)
    let result = try await place.erase(store, [Place.one])
    #expect(result.completedPosition != nil && result.waiting != nil)
    #expect(try await store.erasures.withdraw([.key(id)]).count == 1)
    #expect(try await release(store).isEmpty)
    #expect(try store.folder.keyring?.subjectKeys(of: id).map(\.dataClass) == ["voiceprint"])
    #expect(try await place.notes(store) == ["by herself"])

    // What she shares with somebody who is held is not hers to take back: her own key is gone.
    let shared = try await Place()
    let other = try shared.open()
    let one = try other.subjects.id(of: Place.one)
    try await shared.hold(other, [Place.other])
    _ = try await shared.erase(other, [Place.one])
    for (person, code) in [(Place.other, CustodyError.Code.notFound), (.key(one), .keyDestroyed)] {
      #expect(await refusal { _ = try await other.erasures.withdraw([person]) } == code)
    }
    #expect(try await release(other).count == 1)
  }

  @Test("with the texts of runs that wait for nobody else")
  func texts() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let store = try place.open()
    let person = Subject.identifier(ErasurePlace.person)
    try await store.subjects.register([ErasurePlace.person], dataClass: "voiceprint")
    try await store.holds.place(
      "M-1", datasets: ["cleaned"], reason: .litigation, approver: "counsel", review: Place.review)
    try await store.holds.place(
      "M-2", on: [person], classes: ["voiceprint"], reason: .litigation, approver: "counsel",
      review: Place.review)
    let id = try store.subjects.id(of: person)
    _ = try await store.erasures.run(store.erasures.plan([person], reason: .request))
    let stay = try await store.erasures.withdraw([.key(id)])
    #expect(try store.erasures.waiting().isEmpty)
    #expect(stay == Set(stay).sorted())
    try await store.holds.release("M-1", reason: .resolved, approver: "counsel")
    #expect(try await release(store, "M-2").isEmpty)
  }

  @Test("also where a recovery loses the events that say so")
  func recovered() async throws {
    let place = try await Place()
    var store = try place.open()
    try await place.hold(store, [Place.one])
    try await store.close()
    let older = try place.ledger()
    store = try place.open()
    _ = try await place.erase(store, [Place.one])
    try await store.erasures.withdraw([Place.one])
    try await store.close()
    try place.putBack(older)
    try await place.recover()
    let opened = try place.open()
    #expect(try opened.erasures.waiting().isEmpty)
    #expect(try await release(opened).isEmpty)
    #expect(try await place.notes(opened).count == 3)
  }
}
