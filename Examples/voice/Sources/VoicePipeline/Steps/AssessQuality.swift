extension Step {
  static let quality = Step(
    name: "quality", help: "Measures loudness, clipping, silence and signal to noise.",
    options: [
      .needed("--in", "DIR", "recordings: SPEAKER/CLIP.wav"),
      .needed("--out", "DIR", "how good each one is: SPEAKER/CLIP.json"),
    ],
    run: { arguments in
      let clips = try Clip.all(in: arguments.text("--in"), ending: "wav")
      var run = try StepRun(
        "quality", out: arguments.text("--out"), inputs: [arguments.text("--in")])
      try run.over(clips) { clip in
        let quality = Quality(try Recording(path: clip.path), of: clip.key)
        let snr = quality.snrDb.map { "SNR \(JSON.hundredths($0).line) dB" } ?? "nothing to hear"
        return Outcome(
          quality.members, of: clip, as: "audio.assessed",
          note: "\(JSON.hundredths(quality.loudnessDbfs).line) dBFS, \(snr), "
            + "\(Ppm.percent(quality.silencePpm)) silence, "
            + "\(Ppm.percent(quality.clippingPpm)) clipped")
      }
    })
}
