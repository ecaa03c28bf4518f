extension Step {
  static let segment = Step(
    name: "segment", help: "Finds where somebody speaks.",
    options: [
      .needed("--in", "DIR", "recordings: SPEAKER/CLIP.wav"),
      .needed("--out", "DIR", "segments of each one: SPEAKER/CLIP.json"),
      .usual("--margin", "DB", "10", "how much louder than the noise speech is"),
      .usual("--min-pause", "MS", "300", "a pause at least this long ends a segment"),
      .usual("--min-speech", "MS", "100", "what is shorter is no speech"),
      .usual("--padding", "MS", "100", "added before and after a segment"),
    ],
    run: { arguments in
      let parameters = Segmentation.Parameters(
        marginDb: try arguments.number("--margin", in: 0...96),
        minPauseMs: try arguments.integer("--min-pause", in: 0...60_000),
        minSpeechMs: try arguments.integer("--min-speech", in: 0...60_000),
        paddingMs: try arguments.integer("--padding", in: 0...60_000))
      let clips = try Clip.all(in: arguments.text("--in"), ending: "wav")
      var run = try StepRun(
        "segment", out: arguments.text("--out"), inputs: [arguments.text("--in")])
      try run.over(clips) { clip in
        let found = Segmentation(try Recording(path: clip.path), of: clip.key, parameters)
        if found.segments.isEmpty {
          Pipeline.report("\(clip.key): nothing in it is loud enough to be speech.")
        }
        return Outcome(
          found.members, of: clip, as: "recording.segmented",
          note:
            "segments: \(found.segments.count), speech: \(found.speechMs) of \(found.durationMs) ms"
        )
      }
    })
}
