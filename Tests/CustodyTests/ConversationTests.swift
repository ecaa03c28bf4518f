import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("Conversations that others published", .needsConversations)
struct ConversationTests {
  private static func folder() throws -> URL { try #require(SharedData.conversations) }

  @Test(
    "answers of counselors: a correction of one is told by its words, and every version comes back")
  func answers() async throws {
    let place = try await DatasetPlace()
    let file = try Self.folder().appending(path: "counsel_chat_20200325.csv")
    let bytes = [UInt8](try Data(contentsOf: file))
    try await place.datasets.create("answers", kind: .csv, key: "#1", subject: "none")
    let first = try await place.datasets.commit("answers", file.path)
    #expect(first.records > 2000)

    let text = String(decoding: bytes, as: UTF8.self)
    let range = try #require(text.range(of: "new people to hang out with"))
    let corrected = text.replacingCharacters(in: range, with: "other people")
    try place.write(place.source, corrected)
    #expect(try await place.datasets.differences("answers", with: place.source) == ["changed 0"])
    let second = try await place.datasets.commit("answers", place.source)
    #expect(second.counts == [0, 1, 0])
    try place.datasets.diff("answers", "v1", "v2", withContent: true) { change in
      guard case .fields(let fields) = change.content else {
        Issue.record("\(change)")
        return
      }
      #expect(fields.map(\.name) == ["answerText"])
      #expect(fields[0].old?.contains("new people to hang out with") == true)
      #expect(fields[0].new?.contains("other people") == true)
    }
    for (version, expected) in [("v1", bytes), ("v2", Array(corrected.utf8))] {
      try await place.datasets.restore("answers", version, to: place.target(version))
      let restored = try Data(contentsOf: URL(fileURLWithPath: place.target(version)))
      #expect(restored == Data(expected))
    }
    try await place.datasets.restoreAsNewVersion("answers", "v1")
    #expect(try await place.datasets.differences("answers", with: file.path) == [])
  }

  @Test(
    "consultations: a folder of transcripts, each about one patient, is the same when it is back")
  func consultations() async throws {
    let place = try await DatasetPlace()
    let folder = try Self.folder().appending(path: "primock57_transcripts")
    try await place.datasets.create("consultations", kind: .files, subject: "file:")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    // Notes about the whole are somebody's, too: the one who wrote them.
    let rows = names.map { name in
      "\(name),\(name.firstMatch(of: /^day\d_consultation\d+/)?.0 ?? "author")\n"
    }
    try place.write(place.target("people.csv"), "key,subject\n" + rows.joined())
    let commit = try await place.datasets.commit(
      "consultations", folder.path, subjectFile: place.target("people.csv"))
    #expect(commit.records == names.count && commit.registered == 58)
    try await place.datasets.restore("consultations", to: place.target("out"))
    for name in names {
      let (before, after) = ("\(folder.path)/\(name)", "\(place.target("out"))/\(name)")
      #expect(FileManager.default.contentsEqual(atPath: before, andPath: after), "\(name)")
      let times = try [before, after].map {
        try FileManager.default.attributesOfItem(atPath: $0)[.modificationDate] as? Date
      }
      #expect(times[0] == times[1])
    }

    let changed = "\(place.target("out"))/day1_consultation01_doctor.TextGrid"
    chmod(changed, 0o600)
    var text = try String(contentsOfFile: changed, encoding: .utf8)
    let line = try #require(text.range(of: "text = \""))
    text.replaceSubrange(line, with: "text = \"(corrected) ")
    try place.write(changed, text)
    try await place.datasets.commit(
      "consultations", place.target("out"), subjectFile: place.target("people.csv"))
    try place.datasets.diff("consultations", "v1", "v2", withContent: true) { change in
      #expect(change.line == "changed day1_consultation01_doctor.TextGrid")
      guard case .text(let text) = change.content else {
        Issue.record("\(change)")
        return
      }
      #expect(text.hunks.flatMap(\.lines).count { $0.kind != .kept } == 2)
    }
    // One patient's files alone.
    let restored = try await place.datasets.restore(
      "consultations", matching: .init(subjects: [.identifier("day1_consultation01")]),
      to: place.target("one"))
    #expect(restored.records == 3)
    #expect(try await place.store.verify(level: .contents).holds)
  }
}
