import CustodyModel
import CustodyTesting
import Foundation
import Testing

/// Every version of every event that was ever released still decodes.
@Suite("The catalog of events")
struct EventCatalogTests {
  private static let golden = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Golden", directoryHint: .isDirectory)

  /// `CUSTODY_RECORD=1 swift test --filter EventCatalogTests` writes the files of new events.
  private static let isRecording =
    ProcessInfo.processInfo.environment["CUSTODY_RECORD"]?.isEmpty == false

  private static func file(_ event: any ModelEvent.Type) -> URL {
    golden.appending(path: "\(event.type)@\(event.version).json")
  }

  @Test("an example of each is written as it was when it was released")
  func released() throws {
    for event in EventCatalog.all {
      let file = Self.file(event)
      let content = event.example.content
      // A file that is there is never written again: the events of every ledger look like it.
      if Self.isRecording, !FileManager.default.fileExists(atPath: file.path) {
        try Data(content).write(to: file)
      }
      let released = try? Data(contentsOf: file)
      #expect(
        released.map { String(decoding: $0, as: UTF8.self) }
          == String(decoding: content, as: UTF8.self),
        "\(file.lastPathComponent): a released event never changes; a new form is a new version")
    }
  }

  @Test("each decodes what was released, and what it wrote itself")
  func decodes() throws {
    func check<Event: ModelEvent>(_ event: Event.Type) throws {
      #expect(Event(content: Event.example.content) == Event.example)
      let released = [UInt8](try Data(contentsOf: Self.file(event)))
      #expect(Event(content: released) == Event.example)
      #expect(released.withUnsafeBytes { (try? JSONText.members($0)) != nil })
    }
    for event in EventCatalog.all { try check(event) }
  }

  @Test("each refuses what is not its content")
  func refuses() {
    func check<Event: ModelEvent>(_ event: Event.Type) {
      for text in ["", "{}", "[]", "null", "{\"zebra\":1}"] {
        #expect(Event(content: Array(text.utf8)) == nil, "\(event.type): \(text)")
      }
      let whole = Event.example.content
      for end in whole.indices { #expect(Event(content: Array(whole[..<end])) == nil) }
    }
    for event in EventCatalog.all { check(event) }
  }

  @Test("nothing that was released is missing, and no type stands twice")
  func complete() throws {
    let names = EventCatalog.all.map { "\($0.type)@\($0.version).json" }
    #expect(Set(names).count == names.count)
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.golden.path)
    #expect(Set(files) == Set(names))
  }

  @Test("types are noun.verbed in lower case, versions count from 1 without a gap")
  func names() {
    var versions: [String: [Int]] = [:]
    for event in EventCatalog.all {
      versions[event.type, default: []].append(Int(event.version))
      #expect(
        event.type.wholeMatch(of: /[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)+/) != nil, "\(event.type)")
    }
    for (type, numbers) in versions {
      #expect(numbers.sorted() == Array(1...numbers.count), "\(type)")
    }
  }
}
