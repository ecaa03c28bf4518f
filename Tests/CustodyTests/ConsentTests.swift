import Custody
import CustodyModel
import CustodyStore
import CustodyTesting
import Foundation
import Synchronization
import Testing

@Suite("What people allow of their data")
struct ConsentTests {
  private static let person = Subject.identifier("patient-0017")
  private static let other = Subject.identifier("patient-0018")

  private let temporary: TemporaryStore
  private let store: Store
  private var consents: Consents { store.consents }

  init() async throws {
    temporary = try TemporaryStore()
    store = try await temporary.create()
    try await store.subjects.register(["patient-0017", "patient-0018"])
  }

  private static func time(_ text: String) -> Timestamp { Timestamp(text)! }

  private static func terms(
    _ purposes: String..., from: String? = nil, expires: String? = nil
  ) -> Consents.Terms {
    Consents.Terms(
      purposes: purposes, basis: .consent, textVersion: "3", from: from.map(time),
      expires: expires.map(time))
  }

  /// The purposes that one person allows at a time.
  private func allowed(
    _ subject: Subject = person, at time: String, known moment: Moment = .head
  ) throws -> [String] {
    try consents.known(at: moment).record(of: subject).standing(at: Self.time(time))
      .filter { $0.state(at: Self.time(time)) == .inForce }.map(\.purpose)
  }

  private func refusal(_ body: () async throws -> Void) async -> CustodyError? {
    do {
      try await body()
      return nil
    } catch let error as CustodyError { return error } catch { return nil }
  }

  @Test("is kept as it was said")
  func kept() async throws {
    let terms = Consents.Terms(
      purposes: ["research", "quality"], basis: .hipaaAuthorization, textVersion: "2026-03",
      textDigest: SHA256.hash(Array("the text".utf8)), from: Self.time("2026-01-01"),
      expires: Self.time("2027-01-01"), recipients: ["clinic-b"], giver: .guardian)
    let recorded = try await consents.grant([Self.person], terms)
    let id = try #require(try store.subjects.id(of: "patient-0017"))
    #expect(recorded.map(\.subject) == [id])
    let found = try consents.all()
    #expect(found.map(\.purpose) == ["research", "quality"])
    let consent = try #require(found.first)
    #expect(consent.subject == id && consent.grant == recorded[0].event)
    #expect(consent.basis == .hipaaAuthorization && consent.textVersion == "2026-03")
    #expect(consent.textDigest == "sha256:\(SHA256.hash(Array("the text".utf8)))")
    #expect(consent.from == terms.from && consent.expires == terms.expires)
    #expect(consent.recipients == ["clinic-b"] && consent.giver == .guardian)
    #expect(try store.subjects.entry(id)?.keys.map(\.dataClass) == ["consent-record", "default"])
  }

  @Test("holds from when it begins until it ends, and until before it is withdrawn")
  func valid() async throws {
    try await consents.grant(
      [Self.person], Self.terms("a", "b", from: "2026-01-01", expires: "2026-07-01"))
    #expect(try allowed(at: "2025-12-31T23:59:59.999999Z") == [])
    #expect(try allowed(at: "2026-01-01") == ["a", "b"])
    #expect(try allowed(at: "2026-07-01") == ["a", "b"])
    #expect(try allowed(at: "2026-07-01T00:00:00.000001Z") == [])
    try await consents.withdraw([Self.person], purposes: ["a"], from: Self.time("2026-03-01"))
    #expect(try allowed(at: "2026-02-28T23:59:59.999999Z") == ["a", "b"])
    #expect(try allowed(at: "2026-03-01") == ["b"])
    let states = try consents.record(of: Self.person).standing(at: Self.time("2026-08-01"))
      .map { $0.state(at: Self.time("2026-08-01")) }
    #expect(states == [.withdrawn, .expired])
  }

  @Test("is told as it was known at a moment, and as it was at a time")
  func bothTimes() async throws {
    let before = try store.head().position
    try await consents.grant([Self.person], Self.terms("a", from: "2026-01-01"))
    let granted = try store.head().position
    try await consents.withdraw([Self.person], from: Self.time("2026-02-01"))
    #expect(try allowed(at: "2026-03-01", known: .position(before)) == [])
    #expect(try allowed(at: "2026-03-01", known: .position(granted)) == ["a"])
    #expect(try allowed(at: "2026-03-01") == [])
    #expect(try allowed(at: "2026-01-15") == ["a"])
    // Without a time, that of the moment.
    let then = try #require(try store.event(at: granted)).header.place.recordedAt
    #expect(try consents.known(at: .position(granted)).now == then)
    #expect(try consents.known(at: .time(Self.time("2026-01-01"))).all().isEmpty)
  }

  @Test("that is granted again is renewed, and withdrawing ends every grant")
  func renewed() async throws {
    try await consents.grant(
      [Self.person], Self.terms("a", from: "2026-01-01", expires: "2026-02-01"))
    try await consents.grant(
      [Self.person], Self.terms("a", from: "2026-03-01", expires: "2030-01-01"))
    try await consents.grant([Self.person], Self.terms("a", from: "2026-03-15"))
    #expect(try allowed(at: "2026-02-15") == [])
    #expect(try allowed(at: "2026-03-01") == ["a"])
    #expect(try allowed(at: "2031-01-01") == ["a"])
    // In the past: what began later is another will.
    try await consents.withdraw([Self.person], from: Self.time("2026-03-10"))
    #expect(try allowed(at: "2026-03-11") == [])
    #expect(try allowed(at: "2026-03-15") == ["a"])
    try await consents.withdraw([Self.person])
    #expect(try allowed(at: "2030-01-01") == [])
    try await consents.grant([Self.person], Self.terms("a"))
    #expect(try allowed(at: "2040-01-01") == ["a"])
  }

  @Test("that is to begin later is withdrawn before it does")
  func voided() async throws {
    try await consents.grant([Self.person], Self.terms("a", from: "2090-01-01"))
    try await consents.withdraw([Self.person])
    #expect(try allowed(at: "2090-01-02") == [])
    #expect(
      try consents.record(of: Self.person).consents[0].state(at: Self.time("2090-01-02"))
        == .withdrawn)
    // One that is to end later can end sooner, and no later.
    try await consents.grant([Self.other], Self.terms("a"))
    try await consents.withdraw([Self.other], from: Self.time("2090-01-01"))
    #expect(try allowed(Self.other, at: "2089-01-01") == ["a"])
    let late = await refusal {
      try await consents.withdraw([Self.other], from: Self.time("2091-01-01"))
    }
    #expect(late?.code == .alreadyExists)
    try await consents.withdraw([Self.other])
    #expect(try allowed(Self.other, at: "2089-01-01") == [])
  }

  @Test("of one grant is withdrawn alone")
  func oneGrant() async throws {
    let first = try await consents.grant([Self.person], Self.terms("a", from: "2026-01-01"))
    let second = try await consents.grant([Self.person], Self.terms("a", from: "2026-01-01"))
    try await consents.withdraw([Self.person], grants: [first[0].event])
    let open = try consents.all().filter { $0.withdrawn == nil }
    #expect(open.map(\.grant) == second.map(\.event))
  }

  @Test("that makes no sense is refused, and changes nothing")
  func refused() async throws {
    try await consents.grant([Self.person], Self.terms("a", from: "2026-01-01"))
    let size = try store.head().size
    let keys = try store.keys.all().count
    let nobody = Subject.identifier("nobody")
    let purposes = [
      (Self.terms("b", from: "2026-02-01", expires: "2026-01-01"), CustodyError.Code.usage),
      (Self.terms("b", from: "2026-02-01", expires: "2026-02-01"), .usage),
      (Self.terms("b", expires: "2026-01-01"), .usage), (Self.terms(), .usage),
      (Self.terms("b", "b"), .usage), (Self.terms("b\n"), .invalidInput),
      (Self.terms("about patient-0018"), .nameHoldsIdentifier),
    ]
    for (terms, code) in purposes {
      let error = await refusal { try await consents.grant([Self.other], terms) }
      #expect(error?.code == code, "\(terms)")
    }
    var named = Self.terms("b")
    named.recipients = ["patient-0018"]
    let recipient = await refusal { try await consents.grant([Self.other], named) }
    #expect(recipient?.code == .nameHoldsIdentifier)
    let cases: [([Subject], [String], String?, CustodyError.Code)] = [
      ([Self.other], [], nil, .notFound), ([Self.person], ["b"], nil, .notFound),
      // Of several people or purposes, one is enough.
      ([Self.person, Self.other], [], nil, .notFound), ([Self.person], ["a", "b"], nil, .notFound),
      ([Self.person], [], "2025-01-01", .usage), ([nobody], [], nil, .notFound),
      ([Self.person, nobody], [], nil, .notFound), ([], [], nil, .usage),
    ]
    for (people, purposes, from, code) in cases {
      let error = await refusal {
        try await consents.withdraw(people, purposes: purposes, from: from.map(Self.time))
      }
      #expect(error?.code == code, "\(people.count) \(purposes)")
    }
    let unknown = await refusal { try await consents.grant([Self.other, nobody], Self.terms("b")) }
    #expect(unknown?.code == .notFound && unknown?.message.contains("2 of the 2") == true)
    #expect(try store.head().size == size)
    #expect(try store.keys.all().count == keys)
  }

  @Test("is withdrawn once, and not after it ended by itself")
  func twice() async throws {
    try await consents.grant([Self.person], Self.terms("a", from: "2026-01-01"))
    try await consents.withdraw([Self.person])
    let again = await refusal { try await consents.withdraw([Self.person]) }
    #expect(again?.code == .alreadyExists && again?.message.contains("withdrawn already") == true)
    try await consents.grant(
      [Self.other], Self.terms("a", from: "2026-01-01", expires: "2026-01-02"))
    let ended = await refusal { try await consents.withdraw([Self.other]) }
    #expect(ended?.code == .alreadyExists && ended?.message.contains("ended by itself") == true)
  }

  @Test("of two who withdraw it at once, one does")
  func atOnce() async throws {
    try await consents.grant([Self.person], Self.terms("a", from: "2026-01-01"))
    let second = try temporary.open()
    let done = await withTaskGroup(of: Bool.self) { group in
      for store in [store, second, store, second] {
        group.addTask {
          await (try? store.consents.withdraw([Self.person])) != nil
        }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(done == 1)
    #expect(try consents.record(of: Self.person).history.map(\.kind) == [.granted, .withdrawn])
  }

  @Test("of many people is one commit, whoever is named twice")
  func many() async throws {
    let people = (0..<300).map { "somebody-\($0)" }
    let ids = try await store.subjects.register(people)
    let named =
      zip(people, ids).enumerated().map { index, person -> Subject in
        index.isMultiple(of: 3) ? .key(person.1) : .identifier(person.0)
      } + [.key(ids[1])]
    let recorded = try await consents.grant(named, Self.terms("a"))
    #expect(recorded.map(\.subject) == ids)
    #expect(try consents.all().map(\.subject) == ids.sorted())
    // Who opens the store has none of their keys yet.
    #expect(try temporary.open().consents.all().map(\.subject) == ids.sorted())
    for (id, name) in zip(ids, people).prefix(4) {
      #expect(try await store.subjects.identifier(of: id) == name)
      #expect(try store.subjects.entry(id)?.keys.count == 2)
    }
    #expect(try await consents.withdraw(named).count == 300)
    #expect(try consents.all().allSatisfy { $0.withdrawn != nil })
  }

  // MARK: - What is written

  @Test("says nothing readable in any file of the store")
  func sealed() async throws {
    let words = ["purpose-canary", "text-canary", "recipient-canary"]
    try await consents.grant(
      [Self.person],
      Consents.Terms(
        purposes: [words[0]], basis: .part2Consent, textVersion: words[1], recipients: [words[2]]))
    try await consents.withdraw([Self.person], purposes: [words[0]])
    #expect(try consents.all().count == 1)
    try await store.close()
    let files = try FileManager.default.contentsOfDirectory(atPath: temporary.path)
    #expect(files.contains("projections.sqlite"))
    for file in files {
      guard let bytes = FileManager.default.contents(atPath: "\(temporary.path)/\(file)") else {
        continue
      }
      for word in words + ["part2-consent"] {
        #expect(bytes.range(of: Data(word.utf8)) == nil, "\(word) in \(file)")
      }
    }
  }

  @Test("goes with the person, and stays when other classes of her data go")
  func erased() async throws {
    try await consents.grant([Self.person, Self.other], Self.terms("a", from: "2026-01-01"))
    let id = try #require(try store.subjects.id(of: "patient-0017"))
    let plan = try store.erasures.plan([Self.person], classes: ["default"], reason: .request)
    _ = try await store.erasures.run(plan)
    #expect(try allowed(.key(id), at: "2026-02-01") == ["a"])
    // What she is called is known from the key that is left.
    #expect(try await store.subjects.identifier(of: id) == "patient-0017")
    try await consents.grant([.key(id)], Self.terms("b", from: "2026-01-01"))
    #expect(try allowed(at: "2026-02-01") == ["a", "b"])

    let result = try await store.erasures.run(
      try store.erasures.plan([Self.person], reason: .request))
    #expect(try consents.all().map(\.purpose) == ["a"])
    for subject in [Subject.key(id), Self.person] {
      let error = await refusal { _ = try consents.record(of: subject) }
      #expect(error?.code == (subject == .key(id) ? .keyDestroyed : .notFound))
      if subject == .key(id) { #expect(error?.message.contains("\(result.request)") == true) }
    }
    #expect(try await store.projections.compare(["consent"]).allSatisfy(\.isEqual))
  }

  @Test("granted while the person is erased does not bring her back")
  func erasedMeanwhile() async throws {
    let plan = try store.erasures.plan([Self.person], reason: .request)
    var erasures = try temporary.open().erasures
    let isUnderWay = Atomic(false)
    erasures.reached = { step in
      guard step == .needles else { return }
      isUnderWay.store(true, ordering: .sequentiallyConsistent)
      // Her keys are still there: who grants now gets as far as the lock.
      Thread.sleep(forTimeInterval: 0.3)
    }
    let erasing = erasures
    async let erasure = erasing.run(plan)
    while !isUnderWay.load(ordering: .sequentiallyConsistent) {
      try await Task.sleep(for: .milliseconds(5))
    }
    let error = await refusal { try await consents.grant([Self.person], Self.terms("a")) }
    #expect(error?.code == .keyDestroyed)
    #expect(try await erasure.completedPosition != nil)
    #expect(try store.subjects.id(of: "patient-0017") == nil)
    #expect(try consents.all().isEmpty)
  }

  @Test(
    "is Custody's own to say: callers cannot write to a person's stream, and old words are ignored")
  func reserved() async throws {
    try await consents.grant([Self.person], Self.terms("a", from: "2026-01-01"))
    let id = try #require(try store.subjects.id(of: "patient-0017"))
    let forged = ConsentGranted.example.content
    func event(_ content: [UInt8]) -> NewEvent {
      NewEvent(
        stream: "subject/\(id)", type: ConsentGranted.type, subjects: [Self.person],
        content: content)
    }
    await #expect(throws: CustodyError.self) { try await store.append(event(forged)) }
    // A store of before may hold anything there.
    for content in [Array("{}".utf8), [1, 2, 3]] {
      let pending = try store.sealing.seal([event(content)], isOwn: true)
      _ = try await store.folder.ledger().append(pending)
    }
    #expect(try allowed(at: "2026-02-01") == ["a"])
  }

  // MARK: - Laws

  /// What was said, and whom it binds, in another way than the library computes it.
  private struct Reference {
    struct Grant {
      let purposes: Set<String>
      let from: Int
      let expires: Int?
      var ends: [String: Int] = [:]

      func allows(_ purpose: String, at time: Int) -> Bool {
        guard purposes.contains(purpose), from <= time else { return false }
        return time <= expires ?? .max && time < ends[purpose] ?? .max
      }
    }

    var grants: [Grant] = []

    /// - Returns: false when there is nothing to withdraw.
    mutating func withdraw(_ purpose: String, at time: Int) -> Bool {
      var hasEnded = false
      for index in grants.indices where grants[index].allows(purpose, at: time) {
        grants[index].ends[purpose] = time
        hasEnded = true
      }
      return hasEnded
    }
  }

  @Test("is the same as a list of days says", arguments: 0..<6)
  func law(seed: UInt64) async throws {
    var random = SeededGenerator(seed)
    var reference = Reference()
    // Days of the past, so that none is yet to come.
    func day(_ number: Int) -> Timestamp {
      Timestamp(microseconds: Self.time("2020-01-01").microseconds + Int64(number) * 86_400_000_000)
    }
    let purposes = ["a", "b", "c"]
    for _ in 0..<30 {
      let start = Int.random(in: 0..<40, using: &random)
      if Bool.random(using: &random) {
        let chosen = Array(
          purposes.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random)))
        let end = Bool.random(using: &random) ? start + Int.random(in: 1...20, using: &random) : nil
        try await consents.grant(
          [Self.person],
          Consents.Terms(
            purposes: chosen, basis: .consent, textVersion: "1", from: day(start),
            expires: end.map(day)))
        reference.grants.append(.init(purposes: Set(chosen), from: start, expires: end))
      } else {
        let purpose = purposes.randomElement(using: &random)!
        let isDone = await refusal {
          try await consents.withdraw([Self.person], purposes: [purpose], from: day(start))
        }
        #expect((isDone == nil) == reference.withdraw(purpose, at: start))
      }
    }
    let record = try consents.record(of: Self.person)
    for number in 0..<60 {
      let allowed = record.standing(at: day(number))
        .filter { $0.state(at: day(number)) == .inForce }.map(\.purpose)
      #expect(
        allowed
          == purposes.filter { purpose in
            reference.grants.contains { $0.allows(purpose, at: number) }
          }, "day \(number)")
    }
  }
}
