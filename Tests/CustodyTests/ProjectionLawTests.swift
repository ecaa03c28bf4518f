import Custody
import CustodyProjections
import CustodyStore
import CustodyTesting
import Foundation
import Testing

/// The laws of every projection, over random histories: events, versions of datasets, erasures.
@Suite("Following, computing anew and going on after a crash end in the same rows")
struct ProjectionLawTests {
  private static let people = (10..<15).map { "patient-00\($0)" }

  private static func engine(_ store: Store, _ seed: UInt64) -> ProjectionEngine {
    ProjectionEngine(
      folder: store.folder,
      projections: ProjectionCatalog.all + [ProjectionKind(Crasher.self)],
      batchSize: Int(seed % 4) * 3 + 1)
  }

  private static func digests(_ engine: ProjectionEngine) throws -> [String: Digest] {
    Dictionary(uniqueKeysWithValues: try engine.status().map { ($0.state.name, $0.digest) })
  }

  /// A history that grows at random.
  private struct History {
    let temporary: TemporaryStore
    let store: Store
    var random: SeededGenerator
    private var rows: [(id: Int, people: [String], text: Int)] = []
    private var nextID = 0

    init(_ seed: UInt64) async throws {
      temporary = try TemporaryStore()
      store = try await temporary.create()
      random = SeededGenerator(seed)
      try await store.datasets.create(
        "lines", kind: .lines, key: "id", subject: "json:who", owner: "somebody")
    }

    mutating func go() async throws {
      switch Int.random(in: 0..<11, using: &random) {
      case 0, 1: try await say()
      case 2: try await tag()
      case 7, 8: try await consent()
      case 9: try await pseudonymize()
      case 10:
        let keys = try store.keys.all().filter { $0.purpose == "pseudonym" }.map(\.id)
        if !keys.isEmpty { try await store.destroy(keys, in: temporary) }
      case 3:
        try await store.destroyKeys(
          of: people.randomElement(using: &random)!, in: temporary)
      default: try await commit()
      }
    }

    private mutating func say() async throws {
      try await store.subjects.register(people)
      var events: [NewEvent] = []
      for _ in 0..<Int.random(in: 1...9, using: &random) {
        events.append(
          NewEvent(
            stream: "s/\(Int.random(in: 0..<3, using: &random))", type: "word.said",
            subjects: somebody().map { .identifier($0) },
            content: random.bytes(Int.random(in: 0..<40, using: &random))))
      }
      try await store.append(events)
    }

    /// Purposes are allowed, and taken back where they were.
    private mutating func consent() async throws {
      let who = somebody()
      try await store.subjects.register(who)
      let people = who.map { Subject.identifier($0) }
      let purposes = Array(["a", "b"].prefix(Int.random(in: 1...2, using: &random)))
      if Bool.random(using: &random) {
        do {
          try await store.consents.withdraw(people, purposes: purposes)
        } catch let error as CustodyError
          where error.code == .notFound || error.code == .alreadyExists
        {}
      } else {
        try await store.consents.grant(
          people, Consents.Terms(purposes: purposes, basis: .consent, textVersion: "1"))
      }
    }

    /// Tokens from chance or a key; of rows whose people may be gone.
    private mutating func pseudonymize() async throws {
      guard try store.datasets.entry("lines").newest?.records ?? 0 > 0 else { return }
      do {
        try await store.datasets.pseudonymize(
          "lines", columns: ["text"],
          tokens: Bool.random(using: &random) ? .random : .keyed(purpose: "research"),
          to: "released")
      } catch let error as CustodyError where error.code == .invalidInput {
        // Nobody who is left said anything.
        return
      }
    }

    private mutating func somebody() -> [String] {
      Array(people.shuffled(using: &random).prefix(Int.random(in: 1...2, using: &random)))
    }

    private mutating func tag() async throws {
      guard let newest = try store.datasets.entry("lines").newest else { return }
      try await store.datasets.tag("lines", "v\(newest.number)", as: "good")
    }

    /// Rows come, change, go, come back, and pass from one person to another.
    private mutating func commit() async throws {
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let index = rows.indices.randomElement(using: &random)
        switch (Int.random(in: 0..<5, using: &random), index) {
        case (0, let index?): rows.remove(at: index)
        case (1, let index?): rows[index].text += 1
        case (2, let index?): rows[index].people = somebody()
        default:
          // An id of before may come back.
          let id =
            Bool.random(using: &random)
            ? nextID : Int.random(in: 0...nextID, using: &random)
          nextID = max(nextID, id + 1)
          if !rows.contains(where: { $0.id == id }) { rows.append((id, somebody(), 0)) }
        }
      }
      let text = rows.map {
        let who = $0.people.map { "\"\($0)\"" }.joined(separator: ",")
        return "{\"id\":\($0.id),\"who\":[\(who)],\"text\":\($0.text)}\n"
      }
      guard !text.isEmpty else { return }
      let path = "\(temporary.folder)/lines"
      try text.joined().write(toFile: path, atomically: true, encoding: .utf8)
      try await store.datasets.commit("lines", path, message: "on \(rows.count)")
    }
  }

  @Test("before and after erasures, whatever crashes where", arguments: 0..<16)
  func laws(seed: UInt64) async throws {
    var history = try await History(seed)
    let (temporary, store) = (history.temporary, history.store)
    var following = Self.engine(store, seed)
    var chance = SeededGenerator(seed &+ 1000)
    for _ in 0..<14 {
      try await history.go()
      switch Int.random(in: 0..<4, using: &chance) {
      case 0: break
      case 1: following = Self.engine(try temporary.open(for: .contents), seed)
      case 2:
        let low = try following.status().first { $0.state.name == "crasher" }!.state.position
        guard low < (try store.head().size) else { continue }
        Crasher.arm(
          store.ledgerID, at: Int.random(in: low..<(try store.head().size), using: &chance))
        #expect(throws: Crasher.Crash.self) { try following.catchUp() }
      default: try following.catchUp()
      }
    }
    try following.catchUp()
    let status = try following.status()
    #expect(status.allSatisfy { $0.state.haltReason == nil }, "\(status)")
    let followed = try Self.digests(following)

    let compared = try following.compare()
    #expect(compared.allSatisfy { $0.isEqual }, "\(compared)")
    #expect(try following.rebuild().allSatisfy { $0.wasEqual == true })
    unlink(temporary.path + "/projections.sqlite")
    let fresh = Self.engine(try temporary.open(for: .contents), seed)
    try fresh.catchUp()
    #expect(try Self.digests(fresh) == followed)
  }

  // More than once: hashes are others in each store, and so are the pages they share.
  @Test("an erased person's names and texts are in no row and no file any more", arguments: 0..<6)
  func forgotten(round: Int) async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.datasets.create("table", kind: .csv, key: "code", subject: "client")
    let path = "\(temporary.folder)/table"
    // Enough rows for pages to be split, hers among others'.
    let codes = (0..<3000).map { (code: "code-\($0)", client: "client-\($0 % 7)") }
    try ("code,client\n" + codes.map { "\($0.code),\($0.client)\n" }.joined())
      .write(toFile: path, atomically: true, encoding: .utf8)
    try await store.datasets.commit("table", path)
    try await store.append(
      NewEvent(
        stream: "s", type: "word.said", subjects: [.identifier("client-3")],
        content: Array("helical structures".utf8)))
    let engine = ProjectionEngine(
      folder: store.folder, projections: ProjectionCatalog.all + [Quotes.kind],
      migrations: Quotes.migrations)
    try engine.catchUp()

    let objects = try StoredObjects(folder: store.folder)
    let hashes = codes.filter { $0.client == "client-3" }.map {
      Data(objects.keyHash(of: Array($0.code.utf8), in: "table").bytes)
    }
    let file = temporary.path + "/projections.sqlite"
    let quote = try RawDatabase(file).rows("SELECT quote FROM quotes_1")
    guard case .blob(let sealed) = quote[0][0] else { return #expect(Bool(false), "\(quote)") }
    let position = Int64(try store.head().size - 1)
    func opened() throws -> [UInt8]? {
      let columns = try engine.columns()
      return try sealed.withUnsafeBytes { try columns.open($0, in: "quote", [position]) }
    }
    #expect(try opened() == Array("helical structures".utf8))
    func found(_ needle: Data) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: temporary.path).filter {
        FileManager.default.contents(atPath: "\(temporary.path)/\($0)")?.range(of: needle) != nil
      }
    }
    #expect(try hashes.allSatisfy { try !found($0).isEmpty })
    #expect(try found(Data("helical".utf8)) == [])

    try await store.destroyKeys(of: "client-3", in: temporary)
    #expect(try opened() == nil)
    try engine.catchUp()
    #expect(try RawDatabase(file).integer("SELECT count(*) FROM quotes_1 WHERE quote IS NULL") == 1)
    #expect(
      try RawDatabase(file).integer("SELECT count(*) FROM dataset_1_name") == 3000 - hashes.count)
    #expect(try hashes.filter { try !found($0).isEmpty }.count == 0)
    #expect(try found(Data(sealed)) == [])
    #expect(try engine.compare().allSatisfy(\.isEqual))
  }
}
