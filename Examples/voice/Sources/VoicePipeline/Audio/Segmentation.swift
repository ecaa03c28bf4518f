/// Where somebody speaks: voice activity by energy.
///
/// A frame is speech when it is louder than the recording's noise by a margin. Pauses too short to
/// be the end of something are bridged, bursts too short to be a word are dropped, and what is left
/// is padded, because words begin and end quietly.
struct Segmentation: Document, Equatable {
  struct Parameters: Decodable, Equatable, Sendable {
    /// How much louder than the noise speech is, dB.
    let marginDb: Double
    /// A pause at least this long ends a segment.
    let minPauseMs: Int
    /// What is shorter is no speech.
    let minSpeechMs: Int
    /// Added before and after.
    let paddingMs: Int

    var json: JSON {
      [
        "marginDb": .hundredths(marginDb), "minPauseMs": .integer(minPauseMs),
        "minSpeechMs": .integer(minSpeechMs), "paddingMs": .integer(paddingMs),
      ]
    }
  }

  struct Segment: Decodable, Equatable, Sendable {
    let startMs: Int
    let endMs: Int
  }

  let recording: String
  let durationMs: Int
  let parameters: Parameters
  /// What a frame had to reach, dBFS.
  let thresholdDbfs: Double
  /// In order, apart from each other.
  let segments: [Segment]

  var speechMs: Int { segments.reduce(0) { $0 + $1.endMs - $1.startMs } }

  init(_ sound: Recording, of key: String, _ parameters: Parameters) {
    let frames = FrameLevels(sound)
    // Where there is no pause, the quietest tenth is speech too: hence no more than a bit below
    // what is loud. And what is very quiet is never speech.
    let threshold = max(
      Quality.nothingBelow,
      min(frames.percentile(10) + parameters.marginDb, frames.percentile(90) - 6))
    recording = key
    durationMs = sound.durationMs
    self.parameters = parameters
    thresholdDbfs = threshold
    segments = Self.segments(
      of: frames.levels.map { $0 >= threshold }, durationMs: sound.durationMs, parameters)
  }

  private static func segments(
    of isSpeech: [Bool], durationMs: Int, _ parameters: Parameters
  ) -> [Segment] {
    func isApart(_ next: Segment, from last: Segment) -> Bool {
      next.startMs - last.endMs >= parameters.minPauseMs
    }
    func padded(_ segment: Segment) -> Segment {
      Segment(
        startMs: max(0, segment.startMs - parameters.paddingMs),
        endMs: min(durationMs, segment.endMs + parameters.paddingMs))
    }
    let bridged = merged(runs(of: isSpeech, durationMs: durationMs), apart: isApart)
    let long = bridged.filter { $0.endMs - $0.startMs >= parameters.minSpeechMs }
    return merged(long.map(padded)) { $0.startMs > $1.endMs }
  }

  /// Stretches of frames that are speech.
  private static func runs(of isSpeech: [Bool], durationMs: Int) -> [Segment] {
    let stepMs = Recording.milliseconds(FrameLevels.step)
    let lengthMs = Recording.milliseconds(FrameLevels.length)
    var runs: [Segment] = []
    var start: Int?
    for (frame, speech) in (isSpeech + [false]).enumerated() {
      if speech {
        start = start ?? frame
      } else if let first = start {
        let end = (frame - 1) * stepMs + lengthMs
        runs.append(Segment(startMs: first * stepMs, endMs: min(durationMs, end)))
        start = nil
      }
    }
    return runs
  }

  /// Neighbors that are not apart, as one.
  private static func merged(
    _ segments: [Segment], apart: (_ next: Segment, _ last: Segment) -> Bool
  ) -> [Segment] {
    segments.reduce(into: []) { merged, next in
      if let last = merged.last, !apart(next, last) {
        merged[merged.count - 1] = Segment(
          startMs: last.startMs, endMs: max(last.endMs, next.endMs))
      } else {
        merged.append(next)
      }
    }
  }

  var members: [JSON.Member] {
    let json: JSON = [
      "recording": .string(recording),
      "durationMs": .integer(durationMs),
      "method": "energy",
      "parameters": parameters.json,
      "thresholdDbfs": .hundredths(thresholdDbfs),
      "speechMs": .integer(speechMs),
      "segments": .array(
        segments.map { ["startMs": .integer($0.startMs), "endMs": .integer($0.endMs)] }),
    ]
    return json.members
  }
}
