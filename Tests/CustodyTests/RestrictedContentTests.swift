import Custody
import CustodyLedger
import CustodyModel
import CustodyTesting
import Foundation
import Testing

@Suite("What is restricted is not shown")
struct RestrictedContentTests {
  private typealias Place = HoldPlace

  @Test("as the content of an event, alone or with others, unless a ground is stated")
  func events() async throws {
    let place = try await Place()
    let store = try place.open()
    try await store.restrictions.place([Place.one], reason: .accuracyContested)
    func shown(_ ground: RestrictionGround?) async throws -> [String] {
      let reader = try store.contents(on: ground)
      var shown: [String] = []
      for try await event in store.events(EventFilter(stream: "notes")) {
        switch try reader.content(of: event) {
        case .opened(let bytes): shown.append(String(decoding: bytes, as: UTF8.self))
        case .gone: shown.append("gone")
        case .restricted: shown.append("restricted")
        }
      }
      return shown
    }
    #expect(try await shown(nil) == ["restricted", "by herself", "restricted"])
    #expect(try await shown(.legalClaim) == ["alone", "by herself", "together"])
    try await store.restrictions.lift([Place.one])
    #expect(try await shown(nil) == ["alone", "by herself", "together"])
    _ = try await place.erase(store, [Place.one])
    #expect(try await shown(nil) == ["gone", "by herself", "gone"])
  }

  @Test("as what differs between two versions, though that it differs is said")
  func differences() async throws {
    let place = try await Place()
    let store = try place.open()
    try await store.restrictions.place([Place.other], reason: .objectionPending)
    func kinds(_ ground: RestrictionGround?) throws -> [String] {
      var kinds: [String] = []
      try store.datasets.diff("calls", "v1", "v2", withContent: true, on: ground) { change in
        switch change.content {
        case .fields(let fields)?: kinds.append("\(change.key) \(fields.map(\.name))")
        case .restricted?: kinds.append("\(change.key) restricted")
        default: kinds.append("\(change.key) ?")
        }
      }
      return kinds
    }
    #expect(try kinds(nil) == [#"a ["said"]"#, "b restricted", "c restricted"])
    #expect(try kinds(.consent) == [#"a ["said"]"#, #"b ["said"]"#, #"c ["said"]"#])
  }

  @Test("as what was said of a person")
  func facts() async throws {
    let place = try await Place()
    let store = try place.open()
    let kind = try #require(SubjectEventKind("contract-end"))
    try await store.subjects.observe(kind, about: [Place.one])
    try await store.restrictions.place([Place.one], reason: .neededForClaim)
    let id = try #require(try store.subjects.id(of: "patient-0017"))
    let closed = try store.subjects.facts(of: id, by: store.contents())
    #expect(closed.events.isEmpty && closed.restricted == 2)
    let open = try store.subjects.facts(of: id, by: store.contents(on: .legalClaim))
    #expect(open.events.map(\.kind) == [kind] && open.restricted == 0)
  }

  /// A store where the texts of a run and the original of an imported one are about somebody who is erased,
  /// and about somebody else whom a matter holds.
  private func waiting(_ place: Place) async throws -> Store {
    let store = try place.open()
    let calls =
      #"{"namespace":"custody://\#(store.ledgerID.uuid)","name":"calls","#
      + #""facets":{"version":{\#(LineageSaid.base),"datasetVersion":"v2"}}}"#
    try await store.importing([LineageSaid.run(1, at: 1, in: [calls])])
    var step = RunStep(
      job: "total", command: ["sh", "-c", "cat {in:calls}; printf 'n\\n3\\n' > {out:totals}"])
    (step.inputs, step.outputs) = ([.init("calls")], [.init("totals")])
    step.subject = "none"
    _ = try await store.runs.run(step, appendEvents: { _, _ in 0 })
    try await place.hold(store, [Place.other])
    _ = try await place.erase(store, [Place.one])
    return store
  }

  @Test("as the command of a run that waits to be erased")
  func commands() async throws {
    let place = try await Place()
    let store = try await waiting(place)
    var key: String?
    try store.datasets.forEachRecord(of: "totals") { key = $0.key }
    func told(_ ground: RestrictionGround?) throws -> (record: Provenance.Record, run: RunStory) {
      let record = try store.datasets.provenance(of: "totals", key: #require(key), on: ground)
      guard case .run(let story, _) = record.origin else { throw CustodyError(.internal, "") }
      return (record, story)
    }
    let closed = try told(nil)
    #expect(closed.run.text == nil && closed.run.isTextRestricted)
    #expect(closed.run.job == "total" && closed.record.restrictedRunCount == 1)
    let open = try told(.legalClaim)
    #expect(open.run.text?.command.first == "sh" && !open.run.isTextRestricted)
    #expect(open.record.restrictedRunCount == 0)
    let about = try store.lineage.about("\(closed.run.id)")[0]
    guard case .text("restricted")? = about.facts.first(where: { $0.name == "command" })?.value
    else { return #expect(Bool(false), "\(about.facts)") }
  }

  @Test("as the original of an imported event that waits to be erased")
  func originals() async throws {
    let place = try await Place()
    let store = try await waiting(place)
    func count(_ ground: RestrictionGround?, isRedacted: Bool = false) throws -> [Int] {
      var count = 0
      let leftOut = try store.lineage.forEachEvent(isRedacted: isRedacted, on: ground) { _ in
        count += 1
      }
      return [count, leftOut.restricted, leftOut.erased]
    }
    #expect(try count(nil) == [0, 1, 0])
    #expect(try count(.publicInterest) == [1, 0, 0])
    #expect(try count(nil, isRedacted: true) == [1, 0, 0])
  }
}
