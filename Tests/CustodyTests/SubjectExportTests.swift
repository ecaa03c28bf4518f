import Custody
import CustodyModel
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Exporting everything about a person")
struct SubjectExportTests {
  private static let person = Subject.identifier(ErasurePlace.person)

  /// An export as a program and as a person read it.
  private struct Answer {
    let path: String
    let object: [String: Any]
    let page: String

    init(_ path: String) throws {
      self.path = path
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(path)/export.json"))
      object = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
      page = try String(contentsOfFile: "\(path)/index.html", encoding: .utf8)
    }

    func list(_ name: String) -> [[String: Any]] { object[name] as? [[String: Any]] ?? [] }

    func records(_ dataset: String) -> [[String: Any]] {
      let found = list("datasets").first { $0["name"] as? String == dataset }
      return found?["records"] as? [[String: Any]] ?? []
    }

    /// The files in which some bytes stand.
    func files(with word: String) throws -> [String] {
      let names = FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []
      return try names.filter { !FileIO.isFolder("\(path)/\($0)") }.filter {
        try Data(contentsOf: URL(fileURLWithPath: "\(path)/\($0)")).range(of: Data(word.utf8))
          != nil
      }
    }
  }

  private func expect(_ code: CustodyError.Code, _ body: () async throws -> Void) async {
    await #expect { try await body() } throws: { ($0 as? CustodyError)?.code == code }
  }

  @Test("writes each record as often as it changed, events, files, and where it all came from")
  func whole() async throws {
    let place = try await ErasurePlace()
    let store = try place.open()
    let exported = try await store.subjects.export(Self.person, to: place.path("answer"))
    let answer = try Answer(place.path("answer"))

    let rows = answer.records("table")
    #expect(
      rows.map { "\($0["key"] ?? "") \($0["since"] ?? "") \($0["until"] ?? "")" } == [
        "canary-key-1 1 <null>", "canary-key-2 1 2", "canary-key-2 2 <null>",
      ])
    #expect(
      rows.map { $0["text"] as? String } == [
        "canary-key-1,patient-0017,said the same",
        "canary-key-2,patient-0017,canary-row-one of patient-0017",
        "canary-key-2,patient-0017,canary-row-two of patient-0017",
      ])
    #expect(answer.records("cleaned").count == 2)

    let file = try #require(answer.records("recordings").first?["file"] as? String)
    #expect(file == "files/1.wav" && exported.files == 1)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: "\(answer.path)/\(file)"))
        == Data(
          contentsOf: URL(fileURLWithPath: place.path("files/patient-0017/canary-file.wav"))))

    let events = answer.list("events")
    #expect(
      events.map { $0["type"] as? String } == ["subject.registered", "note.made"])
    #expect(events.last?["text"] as? String == "canary-event of patient-0017: said the same")
    #expect(
      (events.first?["content"] as? [String: Any])?["identifier"] as? String == "patient-0017")
    #expect(exported.records == 6 && exported.events == 2 && exported.withheld == 0)

    let versions = try #require(
      answer.list("datasets").first { $0["name"] as? String == "table" }?["versions"]
        as? [[String: Any]])
    #expect(versions.map { $0["records"] as? Int } == [2, 2])
    #expect(versions.allSatisfy { $0["header"] as? String == "id,person,words" })
    #expect(
      (versions[0]["source"] as? [String: Any])?["path"] as? String == place.path("table.csv"))
    #expect(answer.list("runs").map { $0["job"] as? String } == ["clean"])
    #expect(try answer.files(with: "canary-parameter") == [])
    #expect(try answer.files(with: "canary-output") == [])
    #expect(answer.page.contains("<td dir=\"auto\">canary-row-two of patient-0017</td>"))
    #expect(answer.page.contains("<a href=\"files/1.wav\" download>"))
  }

  @Test("writes nothing of anybody else")
  func others() async throws {
    let place = try await ErasurePlace()
    let store = try place.open()
    try await store.append(
      NewEvent(
        stream: "notes", type: "note.made",
        subjects: [Self.person, .identifier(ErasurePlace.other)],
        content: Array("shared-canary".utf8)))
    let exported = try await store.subjects.export(Self.person, to: place.path("answer"))
    let answer = try Answer(place.path("answer"))
    for word in [ErasurePlace.other, "other-key", "patient-0019", "shared-canary"] {
      #expect(try answer.files(with: word) == [], "\(word)")
    }
    #expect(exported.withheldEvents == 1)
  }

  @Test("says of what several people share that it is held, and why it is left out")
  func shared() async throws {
    let place = try await HoldPlace()
    let store = try place.open()
    let target = "\(place.temporary.folder)/answer"
    let exported = try await store.subjects.export(HoldPlace.one, to: target)
    #expect(exported.records == 2 && exported.withheldRecords == 2)
    #expect(exported.events == 2 && exported.withheldEvents == 1)
    let answer = try Answer(target)
    let withheld = answer.records("calls").filter { $0["withheld"] != nil }
    #expect(withheld.map { $0["since"] as? Int } == [1, 2])
    for record in withheld {
      #expect(record["withheld"] as? String == "about other people too")
      #expect(record["key"] is NSNull && record["text"] == nil)
    }
    #expect(answer.list("events").filter { $0["withheld"] != nil }.count == 1)
    #expect(try answer.files(with: "together") == [])
    #expect(try answer.files(with: "alone, second").sorted() == ["export.json", "index.html"])
    #expect(answer.page.contains("This is about other people too"))
  }

  @Test("tells purposes, recipients, restrictions and holds, and names no matter")
  func surroundings() async throws {
    let place = try await HoldPlace()
    let store = try place.open()
    try await store.consents.grant(
      [HoldPlace.one],
      Consents.Terms(
        purposes: ["research"], basis: .explicitConsent, textVersion: "2026-03",
        recipients: ["university"]))
    try await store.consents.grant(
      [HoldPlace.other],
      Consents.Terms(purposes: ["teaching"], basis: .consent, textVersion: "2026-03"))
    _ = try await store.datasets.restore("calls", to: "\(place.temporary.folder)/copy.jsonl")
    try await store.restrictions.place([HoldPlace.one], reason: .accuracyContested)
    try await store.holds.place(
      "M-secret", on: [HoldPlace.one], reason: .litigation, approver: "counsel",
      review: HoldPlace.review)
    // Nothing of hers is in this one.
    _ = try await store.datasets.restore("calls", to: "\(place.temporary.folder)/others.jsonl")
    let target = "\(place.temporary.folder)/answer"
    let exported = try await store.subjects.export(HoldPlace.one, to: target)
    // What is restricted is hers all the same.
    #expect(exported.records == 2)
    let answer = try Answer(target)
    let consents = answer.list("consents")
    #expect(consents.map { $0["purpose"] as? String } == ["research"])
    #expect(consents.first?["recipients"] as? [String] == ["university"])
    #expect(consents.first?["state"] as? String == "in-force")
    #expect(answer.list("restrictions").map { $0["reason"] as? String } == ["accuracy-contested"])
    #expect(answer.list("holds").map { $0["review"] as? String } == ["\(HoldPlace.review)"])
    #expect(
      answer.list("recipients").map { $0["path"] as? String } == [
        "\(place.temporary.folder)/copy.jsonl"
      ])
    #expect((answer.object["retention"] as? String)?.contains("No retention policy") == true)
    for word in ["M-secret", "counsel", "teaching"] {
      #expect(try answer.files(with: word) == [], "\(word)")
    }
    // She is told of this answer by the next one.
    try await store.subjects.export(HoldPlace.one, to: "\(target)-2")
    #expect(
      try Answer("\(target)-2").list("recipients").contains { $0["path"] as? String == target })
  }

  @Test("is named by an erasure as a copy that it does not reach; nobody else's is")
  func erasure() async throws {
    let place = try await HoldPlace()
    let store = try place.open()
    let target = "\(place.temporary.folder)/answer"
    try await store.subjects.export(HoldPlace.one, to: target)
    let id = try store.subjects.id(of: HoldPlace.one)
    let plan = try store.erasures.plan([HoldPlace.one], reason: .request)
    #expect(plan.copies.map(\.path) == [target])
    #expect(plan.copies.map(\.what) == ["everything about \(id)"])
    #expect(try store.erasures.plan([HoldPlace.other], reason: .request).copies.isEmpty)
    _ = try await store.erasures.run(plan)
    await expect(.notFound) {
      try await store.subjects.export(HoldPlace.one, to: "\(target)-2")
    }
    await expect(.keyDestroyed) { try await store.subjects.export(.key(id), to: "\(target)-2") }
    #expect(!FileIO.exists("\(target)-2"))
    #expect(try await store.verify(level: .contents).holds)
  }

  @Test("can hold markup, quotes and line ends: the page runs nothing, and the JSON parses")
  func hostile() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.subjects.register(["patient-0017"])
    let hostile = "</pre><script>alert('x')</script>\u{1}\"\\\n\u{202E}é<img src=x onerror=y>"
    try await store.append(
      NewEvent(
        stream: "notes", type: "<script>.made", subjects: [.identifier("patient-0017")],
        content: Array(hostile.utf8)))
    try await store.append(
      NewEvent(
        stream: "notes", type: "bytes", subjects: [.identifier("patient-0017")],
        content: [0xff, 0, 0xfe]))
    let target = "\(temporary.folder)/answer"
    try await store.subjects.export(.identifier("patient-0017"), to: target)
    let answer = try Answer(target)
    #expect(answer.list("events").compactMap { $0["text"] as? String } == [hostile])
    #expect(!answer.page.contains("<script") && !answer.page.contains("<img"))
    #expect(answer.page.contains("&lt;script&gt;alert(&#39;x&#39;)"))
    #expect(answer.page.contains("default-src 'none'"))
    #expect(answer.list("events").compactMap { $0["file"] as? String } == ["files/1"])
    #expect(
      try Array(Data(contentsOf: URL(fileURLWithPath: "\(target)/files/1"))) == [0xff, 0, 0xfe])
  }

  @Test("shows each row under the columns that its own version had")
  func columns() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.datasets.create("visits", kind: .csv, key: "id", subject: "who")
    let file = "\(temporary.folder)/visits.csv"
    for text in ["id,who,city\n1,ann,Bern\n", "id,city,who\n1,Bern,ann\n2,Thun,ann\n"] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: file))
      try await store.datasets.commit("visits", file)
    }
    let target = "\(temporary.folder)/answer"
    try await store.subjects.export(.identifier("ann"), to: target)
    let tables = try Answer(target).page.split(
      separator: "<th scope=\"col\" dir=\"auto\">Versions</th>")
    let orders = tables.dropFirst().map { table in
      ["who", "city"].sorted { left, right in
        table.range(of: ">\(left)</th>")!.lowerBound < table.range(of: ">\(right)</th>")!.lowerBound
      }
    }
    #expect(orders == [["who", "city"], ["city", "who"]])
    #expect(tables.last?.contains(">Thun</td><td dir=\"auto\">ann</td>") == true)
  }

  @Test("of somebody of whom nothing is held says so")
  func nothing() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.subjects.register(["patient-0017"])
    let target = "\(temporary.folder)/answer"
    let exported = try await store.subjects.export(.identifier("patient-0017"), to: target)
    #expect(exported.records == 0 && exported.events == 1)
    let answer = try Answer(target)
    #expect(answer.list("datasets").isEmpty)
    #expect(answer.page.contains("There are none about you."))
  }

  @Test("refuses what is there, the store itself and a path that names her, and leaves nothing")
  func targets() async throws {
    let place = try await HoldPlace()
    let store = try place.open()
    let size = try store.head().size
    let folder = place.temporary.folder
    let target = "\(folder)/answer"
    try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(target)/note"))
    await expect(.alreadyExists) { try await store.subjects.export(HoldPlace.one, to: target) }
    for path in ["\(place.temporary.path)/answer", folder] {
      await expect(.usage) {
        try await store.subjects.export(HoldPlace.one, to: path, replacing: true)
      }
    }
    await expect(.nameHoldsIdentifier) {
      try await store.subjects.export(HoldPlace.one, to: "\(folder)/patient-0017")
    }
    await expect(.notFound) {
      try await store.subjects.export(.identifier("nobody"), to: "\(folder)/other")
    }
    #expect(try store.head().size == size)
    #expect(try FileIO.names(in: folder).allSatisfy { !$0.hasSuffix(".tmp") })
    try await store.subjects.export(HoldPlace.one, to: target, replacing: true)
    #expect(try FileIO.names(in: target) == ["export.json", "index.html"])
    #expect(try store.head().size > size)
  }

  @Test("is recorded under her random id alone, where it went and how much")
  func recorded() async throws {
    let place = try await HoldPlace()
    let store = try place.open()
    let target = "\(place.temporary.folder)/answer"
    try await store.subjects.export(HoldPlace.one, to: target)
    let id = try store.subjects.id(of: HoldPlace.one)
    var said: [SubjectExported] = []
    for try await event in store.events(EventFilter(type: SubjectExported.type)) {
      #expect(event.header.claim.stream.text == "subject/\(id)")
      let content = try #require(try store.content(of: event))
      said.append(try #require(SubjectExported(content: content)))
    }
    #expect(
      said == [SubjectExported(subject: id.hex, records: 2, events: 2, withheld: 3, target: target)]
    )
  }
}
