import Custody
import CustodyModel
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("What an event says about somebody stays in its sealed original")
struct LineageSealingTests {
  private typealias Said = LineageSaid
  private static let mark = "Qzxcanary"
  private static let number = "86753091"

  /// Events with marks in every place that can hold something about a person.
  private static func events() -> [String] {
    let base = Said.base
    let runFacets = [
      #""errorMessage":{\#(base),"message":"\#(mark)","programmingLanguage":"JAVA","stackTrace":"at \#(mark)"}"#,
      #""environmentVariables":{\#(base),"environmentVariables":[{"name":"A","value":"\#(mark)"}]}"#,
      #""executionParameters":{\#(base),"parameters":[{"key":"k","value":"\#(mark)"}]}"#,
      #""extractionError":{\#(base),"totalTasks":1,"failedTasks":1,"errors":[{"errorMessage":"\#(mark)","task":"\#(mark)"}]}"#,
      #""ofOurs":{"user":"\#(mark)","deep":{"\#(mark)":["\#(mark)",\#(number)]}}"#,
      #""nominalTime":{\#(base),"nominalStartTime":"\#(mark)"}"#,
      #""about \#(mark)":{}"#,
    ]
    let jobFacets = [
      #""sql":{\#(base),"query":"SELECT a FROM t WHERE n = '\#(mark)' AND i > \#(number) -- \#(mark)"}"#,
      #""sourceCode":{\#(base),"language":"python","sourceCode":"\#(mark)"}"#,
      #""documentation":{\#(base),"description":"\#(mark)"}"#,
      #""ownership":{\#(base),"owners":[{"name":"team","mail":"\#(mark)"}]}"#,
    ]
    let metrics =
      #""dataQualityMetrics":{\#(base),"columnMetrics":{"a":{"min":\#(number),"max":\#(number),"quantiles":{"0.5":\#(number)}}}}"#
    let data = Said.data(
      "t", #""schema":{\#(base),"fields":[{"name":"a","description":"\#(mark)"}]}"#,
      #""documentation":{\#(base),"description":"\#(mark)"}"#,
      #""dataSource":{\#(base),"name":"d","uri":"pg://\#(mark):\#(mark)@h/d?\#(mark)"}"#, metrics)
    return [
      Said.run(
        1, "FAIL", at: 1, in: [data], out: [Said.data("out")],
        runFacets: runFacets.joined(separator: ","), jobFacets: jobFacets.joined(separator: ",")),
      Said.dataset(data, at: 2),
    ]
  }

  /// Files below a folder in which a text stands.
  private static func files(_ folder: String, with text: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
      FileManager.default.contents(atPath: "\(folder)/\($0)")?.range(of: Data(text.utf8)) != nil
    }
  }

  @Test("marks are in no file, no remark and no answer, and the original has each of them")
  func canaries() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let events = Self.events()
    let imported = try await store.importing(events + [#"{"\#(Self.mark)":"\#(Self.mark)"}"#])
    #expect(imported.summary.imported == 2 && imported.refusals.count == 1)
    #expect(imported.summary.faults == 2, "\(imported.remarks)")
    let lineage = store.lineage
    var shown = imported.refusals + imported.remarks + imported.summary.unknownFacets.keys
    for node in try lineage.list() { shown.append("\(node)") }
    shown += try lineage.gaps().map { "\($0)" }
    for name in ["t", "t#a", "out", "job:j", Said.id(1)] {
      let abouts = try lineage.about(name)
      #expect(name == "out" || abouts.contains { !$0.facets.isEmpty }, "\(name)")
      for about in abouts {
        shown += about.facets.map(\.json) + about.unknownFacets.map(\.key)
        shown.append("\(about)")
      }
    }
    let picture = try lineage.picture(grain: .run)
    shown += [picture.html, picture.provJSON, picture.graphML]
    var redacted: [[UInt8]] = []
    try lineage.forEachEvent(isRedacted: true) { redacted.append($0) }
    shown += redacted.map { String(decoding: $0, as: UTF8.self) }
    for text in shown {
      #expect(!text.contains(Self.mark) && !text.contains(Self.number), "\(text.prefix(2000))")
    }
    for mark in [Self.mark, Self.number] {
      #expect(try Self.files(temporary.folder, with: mark) == [])
    }
    // Names are sealed too.
    for name in ["\"namespace\"", "store\u{0}t", "errorMessage"] {
      #expect(try Self.files(temporary.path, with: name) == [], "\(name)")
    }
    var originals: [[UInt8]] = []
    #expect(try lineage.forEachEvent(isRedacted: false) { originals.append($0) }.erased == 0)
    #expect(originals == events.map { Array($0.utf8) })
    try await store.close()
    for mark in [Self.mark, Self.number] {
      #expect(try Self.files(temporary.folder, with: mark) == [])
    }
  }

  @Test("without the run's key the original is gone and the graph stays")
  func destroyed() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.importing(Self.events())
    let before = try store.lineage.reach(from: ["t"], .downstream, grain: .run).depths
    #expect(before.count == 2)
    let received = try #require(
      try store.folder.read {
        try $0.events(
          EventFilter(stream: "lineage/\(Said.id(1))"), ledgerID: store.ledgerID, limit: 1)
      }.first)
    #expect(received.header.claim.keyIDs.count == 1)
    let key = try #require(received.header.claim.keyIDs.first)
    try await store.close()
    try RawDatabase(temporary.keysFile).execute("DELETE FROM data_key WHERE id = x'\(key)'")

    let after = try temporary.open()
    #expect(try after.lineage.reach(from: ["t"], .downstream, grain: .run).depths == before)
    var originals = 0
    #expect(try after.lineage.forEachEvent(isRedacted: false) { _ in originals += 1 }.erased == 1)
    #expect(originals == 1, "that of the dataset is under another key")
    var redacted = 0
    try after.lineage.forEachEvent(isRedacted: true) { _ in redacted += 1 }
    #expect(redacted == 2)
    // What was sealed is not to be had, and nobody is sent to look for it.
    let gone = try after.lineage.about(Said.id(1))[0].facets
    #expect(!gone.isEmpty && gone.allSatisfy { $0.original == nil })
    #expect(gone.contains { $0.key == "errorMessage" && $0.isSealed })
    #expect(try await after.projections.compare().allSatisfy { $0.isEqual })
  }

  @Test("events of one run are under one key, and of another run under another")
  func keys() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let events = (0..<12).map { Said.run(1 + $0 % 3, "OTHER", job: "j\($0 % 3)", at: $0) }
    for part in [events.prefix(5), events.dropFirst(5)] { try await store.importing(Array(part)) }
    var keys: [String: Set<KeyID>] = [:]
    for try await event in store.events(EventFilter(type: "lineage.received")) {
      keys[event.header.claim.stream.text, default: []].formUnion(event.header.claim.keyIDs)
    }
    #expect(keys.count == 3 && keys.values.allSatisfy { $0.count == 1 })
    #expect(Set(keys.values.joined()).count == 3)
  }

  @Test("two imports of the same runs at once put no event there twice")
  func atOnce() async throws {
    let story = LineageStory(77)
    let texts = story.events.map(\.json)
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let other = try temporary.open()
    let outcomes = await withTaskGroup(of: CustodyError.Code?.self) { group in
      for store in [store, other] {
        group.addTask {
          do {
            try await store.importing(texts, by: 3)
            return nil
          } catch {
            return (error as? CustodyError)?.code ?? .internal
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.allSatisfy { $0 == nil || $0 == .revisionConflict }, "\(outcomes)")
    // Who was told to try again does.
    try await store.importing(texts)
    var originals: [[UInt8]: Int] = [:]
    for try await event in store.events(EventFilter(from: Position(4)))
    where event.header.claim.type.text == "lineage.received" {
      originals[try #require(try store.content(of: event)), default: 0] += 1
    }
    #expect(originals.count == Set(texts).count)
    #expect(originals.values.allSatisfy { $0 == 1 })
    try await other.close()
    try await store.close()
  }

  @Test("an import that ended half way and is repeated ends as one that did not", arguments: 0..<5)
  func interrupted(seed: Int) async throws {
    var random = SeededGenerator(seed)
    let story = LineageStory(seed &+ 900)
    let texts = story.events.map(\.json)
    let temporary = try TemporaryStore()
    var store = try await temporary.create()
    let count = Int.random(in: 0..<texts.count, using: &random)
    let importer = LineageImport(store) { _ in }
    // Handed over, and nobody waits for the end.
    for text in texts.prefix(count) {
      _ = try await importer.append(
        LineageImport.read([
          .init(location: .init(file: "events"), bytes: Array(text.utf8)[...])
        ]))
    }
    try await store.close()
    store = try temporary.open()
    try await store.importing(texts, by: 7)
    var types: [String: Int] = [:]
    var sources: [String: Int] = [:]
    for try await event in store.events(EventFilter(from: Position(4))) {
      types[event.header.claim.type.text, default: 0] += 1
      if let cause = event.header.claim.causationID { sources["\(cause)", default: 0] += 1 }
    }
    let whole = Set(texts).count
    #expect(types["lineage.received"] == whole && types["lineage.recorded"] == whole)
    #expect(sources.count == whole && sources.values.allSatisfy { $0 == 1 })
    let fresh = try TemporaryStore()
    let other = try await fresh.create()
    try await other.importing(texts)
    let found = try LineageAnswers(store.lineage, story, story.events)
    #expect(found.differences(from: try LineageAnswers(other.lineage, story, story.events)) == [])
    #expect(try await store.verify(level: .projections).holds)
  }
}
