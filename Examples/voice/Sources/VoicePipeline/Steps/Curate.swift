extension Step {
  static let curate = Step(
    name: "curate", help: "Keeps the transcripts that pass every gate.",
    options: [
      .needed("--in", "DIR", "transcripts: SPEAKER/CLIP.json"),
      .needed("--quality", "DIR", "what voice quality wrote"),
      .needed("--features", "DIR", "what voice features wrote"),
      .needed("--out", "DIR", "transcripts that passed: SPEAKER/CLIP.json"),
      .usual("--min-snr", "DB", "15", "signal to noise"),
      .usual("--max-clipping", "PERCENT", "0.1", "samples at either end of the scale"),
      .usual("--max-silence", "PERCENT", "60", "silent frames"),
      .usual("--min-words", "N", "2", "words"),
      .usual("--min-confidence", "PERCENT", "50", "mean posterior of the words"),
      .usual("--min-rate", "N", "60", "words a minute, at least"),
      .usual("--max-rate", "N", "300", "words a minute, at most"),
    ],
    run: { arguments in
      let gates = try Gates(arguments)
      let transcripts = arguments.text("--in")
      let qualities = arguments.text("--quality")
      let featured = arguments.text("--features")
      let clips = try Clip.all(in: transcripts, ending: "json")
      var run = try StepRun(
        "curate", out: arguments.text("--out"), inputs: [transcripts, qualities, featured])
      var kept = 0
      try run.over(clips) { clip in
        let transcript = try Transcript.of(clip, step: "transcribe")
        let quality = try Quality.of(clip, in: qualities, step: "quality")
        let features = try Features.of(clip, in: featured, step: "features")
        let decisions = gates.decisions(quality, transcript, features)
        guard decisions.allSatisfy(\.passed) else { return .rejected(clip, decisions) }
        kept += 1
        return .kept(transcript, decisions)
      }
      print("\(kept) of \(clips.count) transcripts passed the gates")
      guard kept > 0 else {
        throw Failure(.no, "gates", "No transcript passed the gates, as said above.")
      }
    })
}

extension Gates {
  fileprivate init(_ arguments: Arguments) throws {
    self.init(
      minSnrDb: try arguments.number("--min-snr", in: 0...96),
      maxClippingPpm: try arguments.percentAsPpm("--max-clipping"),
      maxSilencePpm: try arguments.percentAsPpm("--max-silence"),
      minWords: try arguments.integer("--min-words", in: 0...1_000_000),
      minConfidencePpm: try arguments.percentAsPpm("--min-confidence"),
      minWordsPerMinute: try arguments.integer("--min-rate", in: 0...10_000),
      maxWordsPerMinute: try arguments.integer("--max-rate", in: 0...10_000))
  }
}

extension Outcome {
  /// Nothing is written: what an earlier run wrote is removed at the end.
  fileprivate static func rejected(
    _ clip: Clip, _ decisions: [Gates.Decision]
  ) -> Outcome {
    let reasons = decisions.filter { !$0.passed }.map(\.gate).reduce(into: [String]()) {
      if $0.last != $1 { $0.append($1) }  // The rate has two gates.
    }
    let content: JSON = [
      "recording": .string(clip.key),
      "reasons": .array(reasons.map { .string($0) }),
      "gates": .array(decisions.map(\.json)),
    ]
    return Outcome(
      document: nil, events: [.about(clip, "conversation.rejected", content.members)],
      note: "rejected: \(reasons.joined(separator: ", "))")
  }

  /// No event: that it is in the set, the set itself says.
  fileprivate static func kept(
    _ transcript: Transcript, _ decisions: [Gates.Decision]
  ) -> Outcome {
    let document: JSON = [
      "recording": .string(transcript.recording),
      "durationMs": .integer(transcript.durationMs),
      "text": .string(transcript.text),
      "model": transcript.model.json,
      "gates": .array(decisions.map(\.json)),
    ]
    return Outcome(document: document.members, events: [], note: "kept")
  }
}
