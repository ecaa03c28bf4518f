extension Step {
  static let features = Step(
    name: "features", help: "Measures the rate of speech, pauses and pleasant words.",
    options: [
      .needed("--in", "DIR", "transcripts: SPEAKER/CLIP.json"),
      .needed("--out", "DIR", "features of each one: SPEAKER/CLIP.json"),
    ],
    run: { arguments in
      let clips = try Clip.all(in: arguments.text("--in"), ending: "json")
      var run = try StepRun(
        "features", out: arguments.text("--out"), inputs: [arguments.text("--in")])
      try run.over(clips) { clip in
        let features = Features(try Transcript.of(clip, step: "transcribe"))
        let rate = features.wordsPerMinute.map { "\($0) words a minute" } ?? "no words"
        return Outcome(
          features.members, of: clip, as: "features.extracted",
          note: "\(rate), pauses: \(features.pauseCount)")
      }
    })
}
