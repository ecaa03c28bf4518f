import Foundation

extension Step {
  static let ingest = Step(
    name: "ingest", help: "Checks the recordings and says what they are.",
    options: [
      .needed("--in", "DIR", "recordings: SPEAKER/CLIP.wav"),
      .needed("--out", "DIR", "what each one is: SPEAKER/CLIP.json"),
    ],
    run: { arguments in
      let clips = try Clip.all(in: arguments.text("--in"), ending: "wav")
      var run = try StepRun(
        "ingest", out: arguments.text("--out"), inputs: [arguments.text("--in")])
      try run.over(clips) { clip in
        let bytes = try Recording.bytes(of: clip.path)
        let recording = try Recording(wave: bytes)
        let document: JSON = [
          "recording": .string(clip.key),
          "format": "wav",
          "encoding": "pcm_s16le",
          "sampleRateHz": .integer(Recording.sampleRate),
          "channels": 1,
          "bitsPerSample": 16,
          "durationMs": .integer(recording.durationMs),
          "sizeBytes": .integer(bytes.count),
          "digest": .string("sha256:" + Digest.sha256(bytes)),
        ]
        return Outcome(
          document.members, of: clip, as: "recording.ingested",
          note: "\(recording.durationMs) ms, \(bytes.count) bytes")
      }
    })
}
