import Foundation
import Testing

@testable import VoicePipeline

/// One after the other: they set the environment's CUSTODY_EVENTS.
@Suite("The pipeline", .serialized)
struct PipelineTests {
  private static let model = "/usr/share/pocketsphinx/model/en-us"
  private static let cards = "/usr/share/pocketsphinx/test/data/cards"
  private static let isInstalled =
    FileManager.default.fileExists(atPath: "\(model)/en-us/mdef")
    && FileManager.default.fileExists(atPath: "\(cards)/003.wav")

  private let folder: Folder

  init() throws {
    folder = try Folder()
    setenv("CUSTODY_EVENTS", "\(folder.path)/events", 1)
  }

  /// Options that begin with a point are folders of the test: `.in`.
  private func voice(_ words: String...) -> Int32 {
    Pipeline.main(words.map { $0.hasPrefix(".") ? "\(folder.path)/\($0.dropFirst())" : $0 })
  }

  private func events() throws -> [[String: Any]] {
    try (folder.text("events") ?? "").split(separator: "\n").map { line in
      try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
  }

  private func types() throws -> [String] { try events().compactMap { $0["type"] as? String } }

  @Test("says what is wrong with a command line")
  func usage() {
    #expect(voice() == 2)
    #expect(voice("sing") == 2)
    #expect(voice("ingest") == 2)
    #expect(voice("ingest", "--in", ".in") == 2)
    #expect(voice("ingest", "--in") == 2)
    #expect(voice("ingest", "--in", ".in", "--in", ".in", "--out", ".out") == 2)
    #expect(voice("ingest", "--in", ".in", "--out", ".out", "--loud", "1") == 2)
    #expect(voice("segment", "--in", ".in", "--out", ".out", "--padding", "-1") == 2)
    #expect(voice("segment", "--in", ".in", "--out", ".out", "--margin", "nan") == 2)
    #expect(voice("score", "--in", ".in", "--gold", ".g", "--out", ".o", "--max-wer", "45") == 2)
    #expect(voice("help") == 0)
    #expect(voice("score", "--help") == 0)
  }

  @Test("refuses bad recordings one by one, and does the others")
  func badRecordings() throws {
    try folder.write(Data("no wave".utf8), to: "in/s1/bad.wav")
    try folder.write(Sound.wave([]), to: "in/s1/empty.wav")
    try folder.write(Sound.wave(Sound.tone(ms: 100, amplitude: 0.5)), to: "in/s2/good.wav")
    for step in ["ingest", "quality", "segment"] {
      #expect(voice(step, "--in", ".in", "--out", ".\(step)") == 6)
      #expect(folder.files(below: step) == ["s2/good.json"])
    }
    #expect(
      try types()
        == ["recording.ingested", "audio.assessed", "recording.segmented"].flatMap {
          ["stage.failed", "stage.failed", $0]
        })
    let first = try #require(try events().first)
    #expect(first["subjects"] as? [String] == ["s1"])
    #expect((first["content"] as? [String: Any])?["error"] as? String == "notWave")
    #expect(voice("ingest", "--in", ".nowhere", "--out", ".out") == 6)
    #expect(try types().last == "stage.failed")
  }

  @Test("writes the same bytes for the same recording")
  func sameBytes() throws {
    try folder.write(Sound.wave(Sound.tone(ms: 700, amplitude: 0.5)), to: "in/s/c.wav")
    for step in ["ingest", "quality", "segment"] {
      #expect(voice(step, "--in", ".in", "--out", ".one/\(step)") == 0)
      #expect(voice(step, "--in", ".in", "--out", ".two/\(step)") == 0)
      let first = try #require(folder.text("one/\(step)/s/c.json"))
      #expect(first == folder.text("two/\(step)/s/c.json"))
    }
  }

  @Test("says that a model is missing")
  func noModel() throws {
    try folder.write(Sound.wave(Sound.silence(ms: 100)), to: "in/s/c.wav")
    #expect(voice("segment", "--in", ".in", "--out", ".segments") == 0)
    #expect(
      voice(
        "transcribe", "--in", ".segments", "--recordings", ".in", "--out", ".out", "--model",
        ".model") == 7)
    #expect(try types().last == "stage.failed")
  }

  /// Every step on `in`, up to the first that does not end with 0.
  private func runAll() -> (step: String, status: Int32)? {
    let steps: [[String]] = [
      ["ingest", "--in", ".in", "--out", ".ingested"],
      ["quality", "--in", ".in", "--out", ".quality"],
      ["segment", "--in", ".in", "--out", ".segments"],
      ["transcribe", "--in", ".segments", "--recordings", ".in", "--out", ".transcripts"],
      ["features", "--in", ".transcripts", "--out", ".features"],
      [
        "curate", "--in", ".transcripts", "--quality", ".quality", "--features", ".features",
        "--out", ".curated",
      ],
    ]
    for words in steps {
      let status = Pipeline.main(
        words.map { $0.hasPrefix(".") ? "\(folder.path)/\($0.dropFirst())" : $0 })
      if status != 0 { return (words[0], status) }
    }
    return nil
  }

  @Test("finds nothing to keep in silence", .enabled(if: isInstalled, "needs Debian's model"))
  func silence() throws {
    try folder.write(Sound.wave(Sound.silence(ms: 500)), to: "in/s/c.wav")
    let stop = try #require(runAll())
    #expect(stop.step == "curate")
    #expect(stop.status == 1)
    #expect(folder.files(below: "curated") == [])
    let rejected = try #require(try events().last)
    #expect(rejected["type"] as? String == "conversation.rejected")
    #expect(
      (rejected["content"] as? [String: Any])?["reasons"] as? [String] == [
        "snrDb", "silencePpm", "wordCount", "confidencePpm", "wordsPerMinute",
      ])
  }

  @Test(
    "understands recordings of people, keeps them and scores them",
    .enabled(if: isInstalled, "needs Debian's pocketsphinx-testdata and pocketsphinx-en-us"))
  func people() throws {
    for clip in ["003", "004"] {
      let data = try #require(FileManager.default.contents(atPath: "\(Self.cards)/\(clip).wav"))
      try folder.write(data, to: "in/speaker/clip-\(clip).wav")
    }
    #expect(runAll() == nil)
    #expect(folder.files(below: "curated") == ["speaker/clip-003.json", "speaker/clip-004.json"])

    // One text is not what was said: one word of five.
    try folder.write(Data("Seven of Clubs.\n".utf8), to: "gold/speaker/clip-003.txt")
    try folder.write(Data("five nine".utf8), to: "gold/speaker/clip-004.txt")
    func score(_ limit: String) -> Int32 {
      voice(
        "score", "--in", ".transcripts", "--gold", ".gold", "--out", ".scores", "--max-wer",
        "speaker=\(limit)", "--summary", ".summary.json")
    }
    #expect(score("20") == 1)
    #expect(score("20.01") == 0)
    #expect(try #require(folder.text("summary.json")).contains("\"wordErrorRatePpm\": 200000"))
    #expect(try types().suffix(2) == ["model.evaluated", "model.evaluated"])

    let transcribed = try events().filter { $0["type"] as? String == "segment.transcribed" }
    let content = try #require(transcribed.first?["content"] as? [String: Any])
    #expect(content["text"] as? String == "seven of clubs")
    #expect(transcribed.first?["subjects"] as? [String] == ["speaker"])
  }

  @Test(
    "understands a recording the same way whatever came before, and short ones without fault",
    .enabled(if: isInstalled, "needs Debian's pocketsphinx-testdata and pocketsphinx-en-us"))
  func order() throws {
    let recognizer = try Recognizer(SpeechModel(folder: Self.model))
    func words(_ clip: String) throws -> [Recognizer.Word] {
      try recognizer.words(in: Recording(path: "\(Self.cards)/\(clip).wav").samples[...])
    }
    let first = try words("003")
    #expect(first.map(\.text) == ["seven", "of", "clubs"])
    for (next, last) in zip(first.dropFirst(), first) { #expect(next.startMs >= last.endMs) }
    for count in [0, 1, 16, 400, 800, 1600] {
      #expect(try recognizer.words(in: Sound.noise(ms: 100)[..<count]).isEmpty)
    }
    _ = try words("004")
    #expect(try words("003") == first)
  }

  @Test(
    "names its model by what sha256sum prints",
    .enabled(if: isInstalled, "needs Debian's model"))
  func modelDigest() throws {
    let shell = Process()
    let output = Pipe()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = [
      "-c",
      "cd \(Self.model) && find en-us en-us.lm.bin cmudict-en-us.dict -type f | LC_ALL=C sort"
        + " | xargs sha256sum | sha256sum",
    ]
    shell.standardOutput = output
    try shell.run()
    let printed = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(
      try SpeechModel(folder: Self.model).name.digest == "sha256:" + printed.prefix(64))
  }
}
