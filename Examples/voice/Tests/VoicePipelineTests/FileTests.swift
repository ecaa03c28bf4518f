import Foundation
import Testing

@testable import VoicePipeline

@Suite("Files")
struct FileTests {
  @Test("of JSON keep the order of members and escape what has to be")
  func json() {
    let json: JSON = [
      "z": 1, "a": .array([.null, .bool(true)]), "text": .string("\"\\\n\u{1}é"), "empty": [:],
    ]
    #expect(json.line == #"{"z":1,"a":[null,true],"text":"\"\\\n\u0001é","empty":{}}"#)
    #expect(
      json.lines == """
        {
          "z": 1,
          "a": [null, true],
          "text": "\\"\\\\\\n\\u0001é",
          "empty": {}
        }

        """)
  }

  @Test(
    "of JSON have two decimals, rounded",
    arguments: [
      (0, "0.00"), (-0.001, "0.00"), (-0.05, "-0.05"), (-21.528, "-21.53"), (3, "3.00"),
      (1234.5, "1234.50"),
    ])
  func hundredths(number: Double, text: String) {
    #expect(JSON.hundredths(number).line == text)
  }

  @Test("are found by speaker and clip, in the order of their bytes")
  func clips() throws {
    let folder = try Folder()
    for name in ["b/2.wav", "b/10.WAV", "a/3.wav", "a/.hidden.wav", "a/notes.txt", "stray.wav"] {
      try folder.write(Data(), to: name)
    }
    #expect(try Clip.all(in: folder.path, ending: "wav").map(\.key) == ["a/3", "b/10", "b/2"])
  }

  @Test(
    "with names of no use are refused",
    arguments: [
      (["a/x.wav", "b/x.wav"], "sameName"), (["a/x y.wav"], "name"), (["ä/x.wav"], "name"),
      (["a/x.txt"], "nothing"),
    ])
  func badNames(names: [String], code: String) throws {
    let folder = try Folder()
    for name in names { try folder.write(Data(), to: name) }
    let failure = try #require(throws: Failure.self) {
      try Clip.all(in: folder.path, ending: "wav")
    }
    #expect(failure.code == code)
  }

  @Test("of an earlier run are removed, those of others stay and are never replaced")
  func output() throws {
    let folder = try Folder()
    func clip(_ name: String) -> Clip { Clip(speaker: "s", name: name, path: "") }
    func output() throws -> OutputFolder {
      try OutputFolder("\(folder.path)/out", of: "quality", inputs: ["\(folder.path)/in"])
    }
    var first = try output()
    try first.write(clip("one"), [])
    try first.write(clip("two"), [])
    try first.finish()
    try folder.write(Data("{\n  \"step\": \"other\"\n}".utf8), to: "out/s/other.json")
    try folder.write(Data("notes".utf8), to: "out/s/notes.txt")

    var second = try output()
    try second.write(clip("two"), [])
    let failure = try #require(throws: Failure.self) { try second.write(clip("other"), []) }
    #expect(failure.code == "inTheWay")
    try second.finish()
    #expect(folder.files(below: "out") == ["s/notes.txt", "s/other.json", "s/two.json"])
    #expect(folder.text("out/s/two.json") == "{\n  \"step\": \"quality\"\n}\n")
  }

  @Test("that are read cannot be written")
  func sameFolder() throws {
    let folder = try Folder()
    #expect(throws: Failure.self) {
      try OutputFolder("\(folder.path)/./", of: "quality", inputs: [folder.path])
    }
  }

  @Test("of another step or recording are not taken")
  func otherDocuments() throws {
    let folder = try Folder()
    let clip = Clip(speaker: "s", name: "c", path: "\(folder.path)/s/c.json")
    let quality = Quality(Recording(samples: [1]), of: "s/c")
    func write(_ step: String, _ members: [JSON.Member]) throws {
      let json = JSON.object([.init(name: "step", value: .string(step))] + members)
      try folder.write(Data(json.lines.utf8), to: "s/c.json")
    }
    try write("quality", quality.members)
    #expect(try Quality.of(clip, step: "quality").recording == "s/c")
    try write("segment", quality.members)
    #expect(throws: Failure.self) { try Quality.of(clip, step: "quality") }
    try write("quality", Quality(Recording(samples: [1]), of: "s/other").members)
    #expect(throws: Failure.self) { try Quality.of(clip, step: "quality") }
    try write("quality", [])
    #expect(throws: Failure.self) { try Quality.of(clip, step: "quality") }
  }

  @Test("of events are lines with everything about one each, for their owner only")
  func events() throws {
    let folder = try Folder()
    let path = "\(folder.path)/events"
    let clip = Clip(speaker: "speaker-07", name: "clip-1", path: "")
    let time = Date(timeIntervalSince1970: 1_700_000_000.25)
    for _ in 0..<2 {
      let lines = try EventLines(path: path)
      try lines.append(
        [
          .about(clip, "audio.assessed", [.init(name: "snrDb", value: .null)]),
          Event(type: "model.evaluated", stream: "model/m", speaker: nil, content: [:]),
        ], at: time)
    }
    let expected = """
      {"stream":"recording/clip-1","type":"audio.assessed","typeVersion":1,\
      "occurredAt":"2023-11-14T22:13:20.250Z","subjects":["speaker-07"],"content":{"snrDb":null}}
      {"stream":"model/m","type":"model.evaluated","typeVersion":1,\
      "occurredAt":"2023-11-14T22:13:20.250Z","subjects":[],"content":{}}

      """
    #expect(folder.text("events") == expected + expected)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test("of events that cannot be opened stop a step before it begins")
  func noEvents() throws {
    let failure = try #require(throws: Failure.self) { try EventLines(path: "/dev/null/events") }
    #expect(failure.status == .surroundings)
    try EventLines(path: nil).append([])
    try EventLines(path: "").append([])
  }

  @Test("have the digest that sha256sum prints")
  func digest() {
    // FIPS 180-2, appendix B.1.
    #expect(
      Digest.sha256(Data("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
