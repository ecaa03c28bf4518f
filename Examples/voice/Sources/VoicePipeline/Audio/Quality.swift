import Foundation

/// How good a recording is.
struct Quality: Document, Equatable {
  let recording: String
  let durationMs: Int
  /// The mean over everything, dBFS.
  let loudnessDbfs: Double
  /// The greatest sample, dBFS.
  let peakDbfs: Double
  /// Samples at either end of the scale.
  let clippingPpm: Int
  /// Frames below ``silenceBelow``.
  let silencePpm: Int
  /// The 90th percentile of the frames' levels less the 10th: what is loud against what is quiet.
  /// Nil where nothing is loud enough to be speech.
  let snrDb: Double?

  /// dBFS. What is below is taken as silence, whatever the recording.
  static let silenceBelow = -45.0
  /// dBFS. A recording whose 90th percentile is below has nothing in it.
  static let nothingBelow = -60.0

  init(_ sound: Recording, of key: String) {
    let frames = FrameLevels(sound)
    let samples = sound.samples
    let peak = samples.map(\.magnitude).max() ?? 0
    let clipped = samples.count { $0 >= Int16.max || $0 <= -Int16.max }
    let silent = frames.levels.count { $0 < Self.silenceBelow }
    let loud = frames.percentile(90)
    recording = key
    durationMs = sound.durationMs
    loudnessDbfs = FrameLevels.level(samples)
    peakDbfs = peak == 0 ? FrameLevels.lowest : 20 * log10(Double(peak) / 32_768)
    clippingPpm = Ppm.share(clipped, of: samples.count)
    silencePpm = Ppm.share(silent, of: frames.levels.count)
    snrDb = loud < Self.nothingBelow ? nil : loud - frames.percentile(10)
  }

  var members: [JSON.Member] {
    let json: JSON = [
      "recording": .string(recording),
      "durationMs": .integer(durationMs),
      "loudnessDbfs": .hundredths(loudnessDbfs),
      "peakDbfs": .hundredths(peakDbfs),
      "clippingPpm": .integer(clippingPpm),
      "silencePpm": .integer(silencePpm),
      "snrDb": JSON(hundredths: snrDb),
      "evidence": "measured",
    ]
    return json.members
  }
}
