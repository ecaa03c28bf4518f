extension Step {
  static let transcribe = Step(
    name: "transcribe", help: "Recognizes the words of each segment.",
    options: [
      .needed("--in", "DIR", "segments: SPEAKER/CLIP.json"),
      .needed("--recordings", "DIR", "what the segments are of: SPEAKER/CLIP.wav"),
      .needed("--out", "DIR", "words of each recording: SPEAKER/CLIP.json"),
      .usual(
        "--model", "DIR", "/usr/share/pocketsphinx/model/en-us", "a model that PocketSphinx reads"),
    ],
    run: { arguments in
      let segments = arguments.text("--in")
      let recordings = arguments.text("--recordings")
      let clips = try Clip.all(in: segments, ending: "json")
      let sounds = Dictionary(
        uniqueKeysWithValues: try Clip.all(in: recordings, ending: "wav").map { ($0.key, $0.path) })
      var run = try StepRun(
        "transcribe", out: arguments.text("--out"), inputs: [segments, recordings])
      let model = try SpeechModel(folder: arguments.text("--model"))
      let recognizer = try Recognizer(model)
      try run.over(clips) { clip in
        guard let sound = sounds[clip.key] else {
          throw Failure(
            .input, "missing",
            "there is no such recording in \(recordings). Run voice segment "
              + "again, on these recordings.")
        }
        let transcript = try Transcript(
          of: try Recording(path: sound), in: Segmentation.of(clip, step: "segment"),
          by: recognizer, model.name)
        let confidence = transcript.confidencePpm.map { ", confidence: " + Ppm.percent($0) } ?? ""
        return Outcome(
          document: transcript.members,
          events: transcript.segments.indices.map {
            .about(clip, "segment.transcribed", transcript.eventMembers(ofSegment: $0))
          },
          note: "segments: \(transcript.segments.count), words: \(transcript.words.count)"
            + confidence)
      }
    })
}

extension Transcript {
  init(
    of sound: Recording, in segmentation: Segmentation, by recognizer: Recognizer,
    _ model: SpeechModel.Name
  ) throws {
    guard segmentation.durationMs == sound.durationMs,
      segmentation.segments.allSatisfy({ 0 <= $0.startMs && $0.startMs < $0.endMs }),
      segmentation.segments.allSatisfy({ $0.endMs <= sound.durationMs })
    else {
      throw Failure(
        .input, "document", "its segments are of another recording. Run voice segment again.")
    }
    recording = segmentation.recording
    durationMs = sound.durationMs
    self.model = model
    segments = try segmentation.segments.map { segment in
      let range = Recording.samples(segment.startMs)..<Recording.samples(segment.endMs)
      let words = try recognizer.words(in: sound.samples[range]).map { word in
        Word(
          word: word.text, startMs: segment.startMs + word.startMs,
          endMs: min(segment.endMs, segment.startMs + word.endMs), posteriorPpm: word.posteriorPpm)
      }
      return Segment(startMs: segment.startMs, endMs: segment.endMs, words: words)
    }
  }
}
