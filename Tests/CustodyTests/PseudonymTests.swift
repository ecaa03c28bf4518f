import Custody
import CustodyProjections
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Pseudonymizing a version")
struct PseudonymTests {
  private static let text = """
    id,client,city,text
    1,p-0001,Bern,one
    2,p-0002,Bern,"two, or more"
    3,p-0001,,three

    """

  private static func place() async throws -> DatasetPlace {
    let place = try await DatasetPlace()
    try await place.table(text)
    return place
  }

  private static func rows(_ place: DatasetPlace, _ name: String, _ ref: String = "head")
    async throws -> [[String]]
  {
    let target = "restored-\(UUID().uuidString)"
    try await place.datasets.restore(name, ref, to: place.target(target))
    return try place.text(target).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  /// The rows of a table of tokens: column and token with their value.
  private static func table(_ place: DatasetPlace) async throws -> [String: [String]] {
    let rows = try await rows(place, "table.pseudonyms").dropFirst()
    return Dictionary(grouping: rows) { "\($0[1]) \($0[2])" }.mapValues { $0.map { $0[3] } }
  }

  @Test("gives the same value the same token, and leaves order, people and all else")
  func tokens() async throws {
    let place = try await Self.place()
    let done = try await place.datasets.pseudonymize("table", columns: ["client", "city"])
    #expect(done.columns.map(\.values) == [3, 2] && done.columns.map(\.newTokens) == [2, 1])
    #expect(done.openKey == "id" && done.isOrderKept && done.namingColumn == nil)
    let rows = try await Self.rows(place, "table")
    #expect(rows[0] == ["id", "client", "city", "text"])
    #expect(rows[1][1] == rows[3][1] && rows[1][1] != rows[2][1])
    #expect(rows[1][2] == rows[2][2] && rows[3][2] == "")
    #expect(rows.map { $0[0] } == ["id", "1", "2", "3"])
    #expect(rows[2][3...] == ["\"two", " or more\""])
    #expect(rows.dropFirst().allSatisfy { $0[1].wholeMatch(of: /p[a-z2-7]{26}/) != nil })
    #expect(try place.store.lineage.gaps([.feedback]).isEmpty)
    var before: [[KeyID]] = []
    var after: [[KeyID]] = []
    try place.datasets.forEachRecord(of: "table", "v1") { before.append($0.keyIDs) }
    try place.datasets.forEachRecord(of: "table", "v2") { after.append($0.keyIDs) }
    #expect(before == after && Set(before).count == 2)
    #expect(try await place.store.verify(level: .contents).holds)
  }

  @Test("keeps the tokens it has when more rows come, and appends nothing when none do")
  func again() async throws {
    let place = try await Self.place()
    try await place.datasets.pseudonymize("table", columns: ["client"], to: "released")
    let first = try await Self.rows(place, "released")
    let size = try place.store.head().size
    let same = try await place.datasets.pseudonymize("table", columns: ["client"], to: "released")
    #expect(same.run == nil && same.commit?.isNew == false && same.commit?.version == 1)
    #expect(try place.store.head().size == size)
    try await place.commit("table", Self.text + "4,p-0003,Chur,four\n5,p-0002,Chur,five\n")
    let done = try await place.datasets.pseudonymize("table", columns: ["client"], to: "released")
    #expect(done.commit?.counts == [2, 0, 0] && done.columns[0].newTokens == 1)
    let second = try await Self.rows(place, "released")
    #expect(Array(second.prefix(4)) == first)
    #expect(second[5][1] == first[2][1] && second[4][1] != first[2][1])
  }

  @Test("a table leads back from every token to its value, a row for the people who have it")
  func table() async throws {
    let place = try await Self.place()
    try await place.datasets.pseudonymize("table", columns: ["client", "city"])
    let table = try await Self.table(place)
    let (values, tokens) = (
      try await Self.rows(place, "table", "v1"), try await Self.rows(place, "table", "v2")
    )
    for (value, token) in zip(values, tokens).dropFirst() {
      #expect(Set(table["client \(token[1])"] ?? []) == [value[1]])
    }
    // Both people live there.
    #expect(table["city \(tokens[1][2])"] == ["Bern", "Bern"])
    #expect(table.count == 3)
    #expect(try place.datasets.entry("table.pseudonyms").dataClass == "pseudonym-table")
  }

  @Test("a natural key that gets tokens names the record by its token, and lineage leads back")
  func keys() async throws {
    let place = try await Self.place()
    let done = try await place.datasets.pseudonymize("table", columns: ["id"], to: "released")
    var keys: [String?] = []
    try place.datasets.forEachRecord(of: "released") { keys.append($0.key) }
    #expect(try await Self.rows(place, "released").dropFirst().map { $0[0] } == keys)
    #expect(done.openKey == nil && !done.isOrderKept && done.namingColumn == "client")
    let one = try #require(try await Self.rows(place, "released").first { $0.last == "one" })
    let record = try place.datasets.provenance(of: "released", key: one[0])
    guard case .run(let story, let inputs) = record.origin else {
      return #expect(Bool(false), "\(record.origin)")
    }
    #expect(story.id == done.run && inputs.first?.records.map(\.key) == ["1"])
    #expect(
      story.text?.command == [
        "custody", "dataset", "pseudonymize", "table@v1", "--column", "id", "--to", "released",
      ])
    let reach = try place.store.lineage.reach(
      fromRecord: "1", of: "table", .downstream)
    #expect(reach.steps.contains { $0.node.name == "released \(one[0])" })
  }

  @Test(
    "records whose natural key has tokens stand in the order of these: theirs would say which is which",
    arguments: [true, false])
  func order(isKeyed: Bool) async throws {
    let place = try await DatasetPlace()
    func text(_ numbers: some Sequence<Int>) -> String {
      "id,client,text\n" + numbers.map { "\($0),p-\($0 % 7),said \($0)\n" }.joined()
    }
    try await place.table(text(0..<600), text((0..<700).reversed()))
    let tokens: Datasets.Tokens = isKeyed ? .keyed(purpose: "p") : .random
    for version in 1...2 {
      let done = try await place.datasets.pseudonymize(
        "table", "v\(version)", columns: ["id", "client"], tokens: tokens, to: "released")
      #expect(done.columns[0].values == (version == 1 ? 600 : 700) && done.missing == 0)
      #expect(done.commit?.counts == (version == 1 ? [600, 0, 0] : [100, 0, 0]))
      let rows = try await Self.rows(place, "released").dropFirst()
      #expect(rows.map(\.[0]) == rows.map(\.[0]).sorted())
      #expect(Set(rows.map(\.[2])).count == done.records)
      for row in rows.prefix(3) {
        let record = try place.datasets.provenance(of: "released", key: row[0])
        guard case .run(_, let inputs) = record.origin else {
          return #expect(Bool(false), "\(record.origin)")
        }
        #expect(inputs.first?.records.map(\.key) == [String(row[2].dropFirst(5))])
      }
    }
    #expect(try await place.store.verify(level: .contents).holds)
    // Who is erased is missing, and the others stay in that order.
    _ = try await place.store.erasures.run(
      try place.store.erasures.plan([.identifier("p-3")], reason: .request))
    let left = try await place.datasets.pseudonymize(
      "table", columns: ["id", "client"], tokens: tokens, to: "released")
    let rows = try await Self.rows(place, "released").dropFirst()
    #expect(left.missing == 100 && rows.count == 600)
    #expect(rows.map(\.[0]) == rows.map(\.[0]).sorted())
  }

  @Test("tokens of one key join releases for one purpose, and not those for two")
  func purposes() async throws {
    let place = try await Self.place()
    try await place.datasets.create("visits", kind: .lines, key: "n", subject: "json:client")
    try await place.commit("visits", "{\"n\":1,\"client\":\"p-0001\"}\n")
    for purpose in ["care", "research"] {
      for name in ["table", "visits"] {
        try await place.datasets.pseudonymize(
          name, "v1", columns: ["client"], tokens: .keyed(purpose: purpose),
          to: "\(name)-\(purpose)")
      }
    }
    let care = try await Self.rows(place, "table-care")[1][1]
    let research = try await Self.rows(place, "table-research")[1][1]
    #expect(care != research && care.wholeMatch(of: /k[a-z2-7]{26}/) != nil)
    #expect(
      try await Self.rows(place, "visits-care") == [["{\"n\":1", "\"client\":\"\(care)\"}"]])
    #expect(
      try await Self.rows(place, "visits-research")
        == [["{\"n\":1", "\"client\":\"\(research)\"}"]])
    let keys = try place.store.keys.all().filter { $0.purpose == "pseudonym" }
    #expect(Set(keys.map(\.dataClass)) == ["care", "research"])
    // A rotation keeps them.
    _ = try await place.store.keys.rotate()
    let done = try await place.datasets.pseudonymize(
      "table", "v1", columns: ["client"], tokens: .keyed(purpose: "care"), to: "table-care")
    #expect(done.run == nil)
  }

  @Test("equal values of two columns have other tokens", arguments: [true, false])
  func columns(isKeyed: Bool) async throws {
    let place = try await DatasetPlace()
    try await place.table("id,client,born,lives\n1,p-0001,Bern,Bern\n")
    try await place.datasets.pseudonymize(
      "table", columns: ["born", "lives"], tokens: isKeyed ? .keyed(purpose: "p") : .random)
    let row = try await Self.rows(place, "table")[1]
    #expect(row[2] != row[3] && row[2] != "Bern" && row[3] != "Bern")
  }

  @Test("erasing a person takes her rows of version and table, and nobody else's")
  func erasure() async throws {
    let place = try await Self.place()
    try await place.datasets.pseudonymize("table", columns: ["client", "city"], to: "released")
    let before = try await Self.rows(place, "released")
    let plan = try place.store.erasures.plan([.identifier("p-0001")], reason: .request)
    #expect(Set(plan.keys.map(\.dataClass)) == ["default", "pseudonym-table"])
    #expect(
      plan.records.map { "\($0.dataset) \($0.count)" } == [
        "released 2", "table 2", "table.pseudonyms 2",
      ])
    let result = try await place.store.erasures.run(plan)
    #expect(result.remnants.isEmpty)
    #expect(try await Self.rows(place, "released") == [before[0], before[2]])
    #expect(
      try await Self.table(place) == [
        "client \(before[2][1])": ["p-0002"], "city \(before[2][2])": ["Bern"],
      ])
    #expect(try await place.store.projections.compare().allSatisfy(\.isEqual))
    // What is left goes on with the tokens it has, and what is gone is counted.
    let again = try await place.datasets.pseudonymize(
      "table", columns: ["client", "city"], to: "released")
    #expect(again.missing == 2 && again.columns.map(\.newTokens) == [0, 0])
    #expect(try await Self.rows(place, "released") == [before[0], before[2]])
  }

  @Test("erasing the class of the table alone leaves the versions, and no way back")
  func classErasure() async throws {
    let place = try await Self.place()
    try await place.datasets.pseudonymize("table", columns: ["client"], to: "released")
    let tokens = try await Self.rows(place, "released")
    let people = ["p-0001", "p-0002"].map { Subject.identifier($0) }
    for (index, person) in people.enumerated() {
      let ways = try place.datasets.state(of: "released").columns.map(\.wayBack)
      #expect(ways == [.open], "\(index)")
      _ = try await place.store.erasures.run(
        try place.store.erasures.plan([person], classes: ["pseudonym-table"], reason: .request))
    }
    let state = try place.datasets.state(of: "released")
    #expect(state.kind == .pseudonymized && state.columns.map(\.wayBack) == [.tableErased])
    #expect(try await Self.rows(place, "released") == tokens)
    #expect(try await Self.rows(place, "table") == Self.rows(place, "table", "v1"))
    let record = try place.datasets.state(of: "released", "v1")
    #expect(record.source?.dataset == "table")
    // New tokens are others: nothing is known of the old ones.
    try await place.datasets.pseudonymize("table", columns: ["client"], to: "released")
    #expect(try await Self.rows(place, "released")[1][1] != tokens[1][1])
  }

  @Test("the state says which columns have tokens, also of a version made from one with some")
  func states() async throws {
    let place = try await Self.place()
    try await place.datasets.pseudonymize("table", columns: ["client"])
    try await place.datasets.pseudonymize(
      "table", columns: ["city"], tokens: .keyed(purpose: "research"))
    #expect(try place.datasets.state(of: "table", "v1").kind == .raw)
    #expect(try place.datasets.state(of: "table", "v2").columns.map(\.name) == ["client"])
    let state = try place.datasets.state(of: "table")
    #expect(state.columns.map(\.name) == ["client", "city"])
    #expect(state.columns.map(\.tokens) == [.random, .keyed(purpose: "research")])
    #expect(state.source?.version == 2)
    // The same records say the same of people.
    _ = try await place.datasets.restoreAsNewVersion("table", "v2")
    #expect(try place.datasets.state(of: "table").columns.map(\.name) == ["client"])
    _ = try await place.datasets.restoreAsNewVersion("table", "v1")
    #expect(try place.datasets.state(of: "table").kind == .raw)
    // What is committed by hand says nothing.
    try await place.commit("table", Self.text + "9,p-0001,Chur,nine\n")
    #expect(try place.datasets.state(of: "table").kind == .raw)
    // Nobody knew before it was said.
    let then = try place.datasets.known(
      at: .position(try place.datasets.version("table", "v1").position))
    #expect(try then.states(of: "table").isEmpty)
  }

  @Test("a key that is destroyed leaves pseudonyms, says where, and is never made again")
  func destroyedKey() async throws {
    let place = try await Self.place()
    let done = try await place.datasets.pseudonymize(
      "table", columns: ["client"], tokens: .keyed(purpose: "research"), to: "released")
    let key = try #require(done.key)
    let tokens = try await Self.rows(place, "released")
    #expect(try place.datasets.state(of: "released").columns.map(\.wayBack) == [.open])
    let result = try await place.store.erasures.destroy(pseudonymKey: key, reason: .request)
    #expect(result.remnants.isEmpty && result.needleCount > 0 && result.completedPosition != nil)
    let state = try place.datasets.state(of: "released")
    guard case .keyDestroyed(let position) = state.columns[0].wayBack else {
      return #expect(Bool(false), "\(state)")
    }
    let event = try #require(try place.store.event(at: position))
    #expect(state.kind == .pseudonymized && event.header.claim.type.text == "key.destroyed")
    #expect(try await Self.rows(place, "released") == tokens)
    #expect(try await place.store.projections.compare().allSatisfy(\.isEqual))
    #expect(try await place.store.verify(level: .contents).holds)
    let again = try await place.datasets.pseudonymize(
      "table", columns: ["client"], tokens: .keyed(purpose: "research"), to: "released")
    #expect(again.key != key)
    #expect(try await Self.rows(place, "released")[1][1] != tokens[1][1])
    #expect(try place.datasets.state(of: "released").columns[0].wayBack == .open)
    let error = await #expect(throws: CustodyError.self) {
      try await place.store.erasures.destroy(pseudonymKey: key, reason: .request)
    }
    #expect(error?.code == .keyDestroyed)
  }

  @Test("a key that goes while it makes tokens leaves no version")
  func goingKey() async throws {
    let place = try await Self.place()
    let tokens = Datasets.Tokens.keyed(purpose: "research")
    let first = try await place.datasets.pseudonymize(
      "table", columns: ["client"], tokens: tokens, to: "first")
    let key = try #require(first.key)
    let file = place.temporary.keysFile
    let error = await #expect(throws: CustodyError.self) {
      try await place.datasets.pseudonymize(
        "table", columns: ["client"], tokens: tokens, to: "released"
      ) { _, _ in
        // As another process does it.
        try? RawDatabase(file).execute("DELETE FROM data_key WHERE id = x'\(key)'")
      }
    }
    #expect(error?.code == .keyDestroyed)
    #expect(try place.datasets.versions(of: "released").isEmpty)
  }

  @Test("a key of a person, or of the store, is not destroyed as one that makes tokens")
  func otherKeys() async throws {
    let place = try await Self.place()
    for entry in try place.store.keys.all() {
      let error = await #expect(throws: CustodyError.self) {
        try await place.store.erasures.destroy(pseudonymKey: entry.id, reason: .request)
      }
      #expect(error?.code == .usage)
    }
  }

  @Test("a trial counts and changes nothing", arguments: [true, false])
  func trial(isKeyed: Bool) async throws {
    let place = try await Self.place()
    let size = try place.store.head().size
    let keys = try place.store.keys.all().count
    let done = try await place.datasets.pseudonymize(
      "table", columns: ["client"], tokens: isKeyed ? .keyed(purpose: "x") : .random,
      to: "released", isTrial: true)
    #expect(done.commit == nil && done.records == 3 && done.columns.map(\.values) == [3])
    #expect(try place.store.head().size == size)
    #expect(try place.store.keys.all().count == keys)
    #expect(try place.datasets.all().map(\.name) == ["table"])
  }

  @Test(
    "what cannot be done is refused",
    arguments: [
      (["nothing"], "released", CustodyError.Code.invalidInput),
      (["#9"], "released", .invalidInput), ([], "released", .usage),
      (["client", "#2"], "released", .usage), (["client"], "other", .usage),
      (["client"], "a/b", .usage), (["p-0001"], "released", .nameHoldsIdentifier),
    ] as [([String], String, CustodyError.Code)])
  func refusals(columns: [String], target: String, code: CustodyError.Code) async throws {
    let place = try await Self.place()
    try await place.datasets.create("other", kind: .csv, key: "text", subject: "client")
    let size = try place.store.head().size
    let error = await #expect(throws: CustodyError.self) {
      try await place.datasets.pseudonymize("table", columns: columns, to: target)
    }
    #expect(error?.code == code)
    #expect(try place.store.head().size == size)
  }

  @Test("columns of one name are refused: what is said of them goes by names")
  func twins() async throws {
    let place = try await DatasetPlace()
    try await place.datasets.create("twins", kind: .csv, subject: "none")
    try await place.commit("twins", "x,x,y\n1,2,3\n")
    let error = await #expect(throws: CustodyError.self) {
      try await place.datasets.pseudonymize("twins", columns: ["#1"])
    }
    #expect(error?.code == .invalidInput && error?.message.contains("name x") == true)
    let measuring = await #expect(throws: CustodyError.self) {
      try await place.datasets.measureAnonymity(of: "twins", columns: ["y"], sensitive: ["#2"])
    }
    #expect(measuring?.code == .invalidInput)
    try await place.datasets.pseudonymize("twins", columns: ["y"])
    #expect(try place.datasets.state(of: "twins").columns.map(\.name) == ["y"])
  }

  @Test("tokens of tokens are refused, with the version that has the values")
  func tokensOfTokens() async throws {
    let place = try await Self.place()
    try await place.datasets.pseudonymize("table", columns: ["client"])
    let error = await #expect(throws: CustodyError.self) {
      try await place.datasets.pseudonymize("table", columns: ["#2"])
    }
    #expect(error?.code == .invalidInput && error?.message.contains("table@v1") == true)
  }

  @Test("a member that no line has is refused, and so is one that is no value")
  func members() async throws {
    let place = try await DatasetPlace()
    try await place.datasets.create("lines", kind: .lines, key: "n", subject: "none")
    try await place.commit("lines", "{\"n\":1,\"who\":{\"name\":\"Ann\"}}\n{\"n\":2}\n")
    for (column, part) in [("whom", "whom"), ("who", "record 1")] {
      let error = await #expect(throws: CustodyError.self) {
        try await place.datasets.pseudonymize("lines", columns: [column])
      }
      #expect(error?.code == .invalidInput && error?.message.contains(part) == true)
    }
    try await place.datasets.pseudonymize("lines", columns: ["who.name"])
    let rows = try await Self.rows(place, "lines")
    #expect(rows[0][1].wholeMatch(of: /"who":\{"name":"p[a-z2-7]{26}"\}\}/) != nil)
    #expect(rows[1] == ["{\"n\":2}"])
  }

  @Test("no value is readable in a file of the store, and no column's name in projections")
  func canaries() async throws {
    let place = try await DatasetPlace()
    try await place.table("id,client,canary-column\n1,p-0001,canary-value\n")
    try await place.datasets.pseudonymize("table", columns: ["canary-column"])
    try await place.datasets.pseudonymize(
      "table", "v1", columns: ["canary-column"], tokens: .keyed(purpose: "p"), to: "released")
    try place.store.engine.catchUp()
    for name in try FileManager.default.contentsOfDirectory(atPath: place.temporary.path) {
      guard let bytes = FileManager.default.contents(atPath: "\(place.temporary.path)/\(name)")
      else { continue }
      #expect(bytes.range(of: Data("canary".utf8)) == nil, "\(name)")
    }
  }

  @Test("many people share a table: records about several, in any order, and a value of many rows")
  func many() async throws {
    let place = try await DatasetPlace()
    try await place.datasets.create("lines", kind: .lines, key: "n", subject: "json:who")
    var random = SeededGenerator(7)
    func line(_ number: Int) -> String {
      let who = (0..<4).shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random))
      return "{\"n\":\(number),\"who\":[\(who.map { "\"p-\($0)\"" }.joined(separator: ","))],"
        + "\"city\":\"c\(number % 3)\"}\n"
    }
    var lines = (0..<600).map(line)
    try await place.commit("lines", lines.joined())
    lines.shuffle(using: &random)
    try await place.commit("lines", lines.joined())
    try await place.datasets.pseudonymize("lines", columns: ["city", "who"])
    let (values, tokens) = (
      try await Self.rows(place, "lines", "v2"), try await Self.rows(place, "lines", "v3")
    )
    #expect(values.count == 600 && values.map(\.[0]) == tokens.map(\.[0]))
    var found: [String: Set<String>] = [:]
    for (value, token) in zip(values, tokens) {
      #expect(value.count == token.count)
      found[token.last!, default: []].insert(value.last!)
    }
    #expect(found.count == 3 && found.values.allSatisfy { $0.count == 1 })
    #expect(try await place.store.verify(level: .contents).holds)
    #expect(try await place.store.projections.compare().allSatisfy(\.isEqual))
  }
}
