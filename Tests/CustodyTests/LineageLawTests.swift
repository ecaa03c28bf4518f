import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("Lineage does not depend on how its events arrived")
struct LineageLawTests {
  private static func answers(
    _ story: LineageStory, _ events: [LineageStory.Event], in store: Store,
    at moment: Moment = .head, when time: Timestamp? = nil
  ) throws -> LineageAnswers {
    try LineageAnswers(store.lineage.known(at: moment, when: time), story, events)
  }

  @Test("twice, shuffled and in pieces of any size, the answers are the same", arguments: 0..<8)
  func order(seed: Int) async throws {
    let story = LineageStory(seed)
    var random = SeededGenerator(seed &+ 7000)
    let texts = story.events.map(\.json)
    let first = try TemporaryStore()
    let store = try await first.create()
    let imported = try await store.importing(texts)
    #expect(imported.refusals == [] && imported.summary.imported == Set(texts).count)
    let expected = try Self.answers(story, story.events, in: store)
    let again = try await store.importing(texts.shuffled(using: &random), by: 5)
    #expect(again.summary.imported == 0 && again.summary.repeats == texts.count)
    #expect(try store.head().size == 4 + 2 * Set(texts).count)
    #expect(try Self.answers(story, story.events, in: store) == expected)

    let second = try TemporaryStore()
    let other = try await second.create()
    let some = texts + texts.prefix(5)
    try await other.importing(
      some.shuffled(using: &random), by: Int.random(in: 1...6, using: &random))
    let found = try Self.answers(story, story.events, in: other)
    #expect(found.differences(from: expected) == [])
    for store in [store, other] {
      let compared = try await store.projections.compare()
      #expect(compared.allSatisfy { $0.isEqual }, "\(compared)")
    }
  }

  @Test("the answers are those of SQL recursion over edges made by the rules", arguments: 0..<12)
  func reference(seed: Int) async throws {
    let story = LineageStory(seed)
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.importing(story.events.map(\.json))
    let lineage = store.lineage
    for grain in LineageReference.Grain.allCases {
      let reference = LineageReference(grain, story.events)
      let questions = LineageAnswers.questions(story, story.events)
        .filter { $0.0.rawValue == grain.rawValue }
      let starts = questions.map { reference.nodes(of: $0.kind, $0.name, story) }
      for direction in Lineage.Direction.allCases {
        let all = try reference.reach(from: starts, direction == .downstream)
        for (question, expected) in zip(questions, all) {
          let name = "\(question.kind):\(question.name)"
          let found = try lineage.reach(from: [name], direction, grain: question.0)
          #expect(
            found.depths == expected,
            "\(grain) \(direction) \(name): \(LineageAnswers.text(found.depths)) != \(LineageAnswers.text(expected))"
          )
          #expect(found.isComplete && found.count == found.steps.count)
          let near = try lineage.reach(from: [name], direction, depth: 2, grain: question.0)
          #expect(near.depths == expected.filter { $0.value <= 2 })
          let isAll = expected.values.allSatisfy { $0 <= 2 }
          #expect(!near.isComplete || isAll, "\(grain) \(name): cut silently")
          // Behind may be what is reached already, as another part of the same run.
          #expect(near.isComplete || !isAll || reference.hasParts, "\(grain) \(name)")
        }
      }
    }
  }

  @Test(
    "as of a time or a position, they are those of a store with no more than that", arguments: 0..<6
  )
  func moments(seed: Int) async throws {
    let story = LineageStory(seed &+ 500)
    var random = SeededGenerator(seed)
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    for event in story.events { try await store.importing([event.json]) }

    let time = story.events.randomElement(using: &random)!.time
    let early = story.events.filter { $0.hasZone && $0.time <= time }
    let timed = try TemporaryStore()
    let earlyStore = try await timed.create()
    try await earlyStore.importing(early.map(\.json))
    let when = Timestamp(microseconds: time)
    let expected = try Self.answers(story, early, in: earlyStore, when: when)
    let found = try Self.answers(story, early, in: store, when: when)
    #expect(found.differences(from: expected) == [])

    let count = Int.random(in: 1..<story.events.count, using: &random)
    let first = Array(story.events.prefix(count))
    let part = try TemporaryStore()
    let firstStore = try await part.create()
    try await firstStore.importing(first.map(\.json))
    let position = Moment.position(Position(try firstStore.head().size - 1))
    let before = try Self.answers(story, first, in: firstStore)
    let then = try Self.answers(story, first, in: store, at: position)
    #expect(then.differences(from: before) == [])
  }
}
