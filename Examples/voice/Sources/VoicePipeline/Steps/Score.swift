import Foundation

extension Step {
  static let score = Step(
    name: "score", help: "Compares transcripts with what was really said.",
    options: [
      .needed("--in", "DIR", "transcripts: SPEAKER/CLIP.json"),
      .needed("--gold", "DIR", "what was said: SPEAKER/CLIP.txt"),
      .needed("--out", "DIR", "word errors of each one: SPEAKER/CLIP.json"),
      .optional("--summary", "FILE", "totals over all speakers, as JSON"),
      .optional("--max-wer", "SPEAKER=PERCENT", "exit 1 when her word error rate is not below"),
    ],
    run: { arguments in
      let limit = try arguments.optional("--max-wer").map(Limit.init)
      let transcripts = arguments.text("--in")
      let gold = arguments.text("--gold")
      let texts = try Clip.all(in: gold, ending: "txt")
      let clips = try Clip.all(in: transcripts, ending: "json")
      var run = try StepRun("score", out: arguments.text("--out"), inputs: [transcripts, gold])
      var evaluation = Evaluation(
        goldCount: texts.count, speakers: Set(texts.map(\.speaker)).sorted())
      let paths = Dictionary(uniqueKeysWithValues: texts.map { ($0.key, $0.path) })
      for clip in clips where paths[clip.key] == nil {
        Pipeline.report("\(clip.key) is left out: there is no \(gold)/\(clip.key).txt.")
      }
      try run.over(clips.filter { paths[$0.key] != nil }) { clip in
        let transcript = try Transcript.of(clip, step: "transcribe")
        let said = try goldText(paths[clip.key] ?? "")
        let errors = WordErrors(reference: said, hypothesis: transcript.text)
        try evaluation.add(errors, of: clip, by: transcript.model)
        let texts: JSON = [
          "recording": .string(clip.key), "reference": .string(said),
          "hypothesis": .string(transcript.text),
        ]
        return Outcome(
          document: texts.members + errors.members, events: [], note: errors.summary)
      }
      guard let model = evaluation.model else {
        throw Failure(
          .input, "gold", "No transcript has a text in \(gold). Name the folder of the texts.")
      }
      for speaker in evaluation.speakers {
        print("\(speaker)  \(evaluation.errors(of: speaker).summary)")
      }
      print("all  \(evaluation.errors(of: nil).summary)")
      if evaluation.notScored > 0 {
        Pipeline.report("\(evaluation.notScored) texts of \(gold) have no transcript.")
      }
      if let file = arguments.optional("--summary") {
        try OutputFolder.write(.object(evaluation.totals(by: model)), to: file)
      }
      try run.record(evaluation.events(by: model, limit))
      try limit?.check(evaluation)
    })

  private static func goldText(_ path: String) throws -> String {
    guard let text = try? String(contentsOf: URL(filePath: path), encoding: .utf8) else {
      throw Failure(.input, "gold", "\(path) cannot be read as UTF-8.")
    }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// The word error rate that a speaker's transcripts have to stay below.
private struct Limit {
  let speaker: String
  let ppm: Int

  init(_ text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1)
    guard parts.count == 2, let percent = Double(parts[1]), (0...1000).contains(percent) else {
      throw Arguments.wrong("--max-wer takes a speaker and a rate, as speaker-01=45.")
    }
    speaker = String(parts[0])
    ppm = Int((percent * 10_000).rounded())
  }

  /// Nil when nothing is known.
  func isMet(_ evaluation: Evaluation) -> Bool? {
    evaluation.errors(of: speaker).ratePpm.map { $0 < ppm }
  }

  func check(_ evaluation: Evaluation) throws {
    guard let isMet = isMet(evaluation) else {
      throw Failure(.no, "limit", "Nothing of \(speaker) was scored: whether it holds is unknown.")
    }
    guard isMet else {
      throw Failure(
        .no, "limit",
        "The word error rate of \(speaker) is not below \(Ppm.percent(ppm)). Try another "
          + "segmentation.")
    }
  }
}

/// How well a model did, by speaker and in total.
private struct Evaluation {
  let goldCount: Int
  let speakers: [String]
  private(set) var model: SpeechModel.Name?
  private var scored: [(clip: Clip, errors: WordErrors)] = []

  init(goldCount: Int, speakers: [String]) {
    self.goldCount = goldCount
    self.speakers = speakers
  }

  var notScored: Int { goldCount - scored.count }

  mutating func add(_ errors: WordErrors, of clip: Clip, by model: SpeechModel.Name) throws {
    guard self.model == nil || self.model == model else {
      throw Failure(
        .input, "models",
        "it was made with another model than those before. Run voice transcribe "
          + "on all recordings.")
    }
    self.model = model
    scored.append((clip, errors))
  }

  /// - Parameter speaker: nil for everyone.
  func errors(of speaker: String?) -> WordErrors {
    scored(of: speaker).reduce(into: WordErrors()) { $0 += $1.errors }
  }

  private func scored(of speaker: String?) -> [(clip: Clip, errors: WordErrors)] {
    scored.filter { speaker == nil || $0.clip.speaker == speaker }
  }

  /// What is about nobody.
  func totals(by model: SpeechModel.Name) -> [JSON.Member] {
    head(model).members + tail(of: nil)
  }

  private func head(_ model: SpeechModel.Name) -> JSON {
    [
      "model": model.json, "metric": "wordErrorRate",
      "normalization": "lower case, no punctuation, mister = mr",
    ]
  }

  private func tail(of speaker: String?) -> [JSON.Member] {
    [.init(name: "recordings", value: .integer(scored(of: speaker).count))]
      + errors(of: speaker).members + [.init(name: "evidence", value: "measured")]
  }

  /// One for each speaker, under her own key, and one of the totals.
  func events(by model: SpeechModel.Name, _ limit: Limit?) -> [Event] {
    let stream = "model/\(model.name)"
    let bySpeaker = speakers.filter { !scored(of: $0).isEmpty }.map { speaker in
      let clips = scored(of: speaker).map { clip, errors in
        JSON.object([.init(name: "recording", value: .string(clip.key))] + errors.members)
      }
      let limits: JSON =
        limit?.speaker == speaker
        ? ["belowPpm": JSON(limit?.ppm), "met": limit?.isMet(self).map { .bool($0) } ?? .null]
        : [:]
      return Event(
        type: "model.evaluated", stream: stream, speaker: speaker,
        content: .object(
          head(model).members + tail(of: speaker) + limits.members
            + [.init(name: "scored", value: .array(clips))]))
    }
    return bySpeaker
      + [
        Event(
          type: "model.evaluated", stream: stream, speaker: nil,
          content: .object(totals(by: model)))
      ]
  }
}

extension WordErrors {
  fileprivate var summary: String {
    let rate = ratePpm.map { "\(Ppm.percent($0)) of" } ?? "unknown:"
    return "word error rate \(rate) \(referenceWords) words"
      + " (\(substitutions) other, \(deletions) missing, \(insertions) too many)"
  }
}
