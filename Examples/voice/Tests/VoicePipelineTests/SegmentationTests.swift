import Testing

@testable import VoicePipeline

@Suite("Segmentation")
struct SegmentationTests {
  private func segments(
    _ samples: [Int16], minPauseMs: Int = 300, minSpeechMs: Int = 100, paddingMs: Int = 0
  ) -> [Segmentation.Segment] {
    let parameters = Segmentation.Parameters(
      marginDb: 10, minPauseMs: minPauseMs, minSpeechMs: minSpeechMs, paddingMs: paddingMs)
    return Segmentation(Recording(samples: samples), of: "s/c", parameters).segments
  }

  /// Two tones of 400 ms with 500 ms of faint noise before, between and after.
  private let twoTones =
    Sound.noise(ms: 500) + Sound.tone(ms: 400, amplitude: 0.3) + Sound.noise(ms: 500)
    + Sound.tone(ms: 400, amplitude: 0.3) + Sound.noise(ms: 500)

  private func expect(
    _ found: [Segmentation.Segment], near expected: [(Int, Int)],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found.count == expected.count, "\(found)", sourceLocation: sourceLocation)
    for (found, expected) in zip(found, expected) {
      // A frame that is speech in part counts.
      #expect(abs(found.startMs - expected.0) <= 20, sourceLocation: sourceLocation)
      #expect(abs(found.endMs - expected.1) <= 20, sourceLocation: sourceLocation)
    }
  }

  @Test("finds two tones where they are")
  func tones() {
    expect(segments(twoTones), near: [(500, 900), (1400, 1800)])
  }

  @Test("bridges a pause that is too short")
  func bridged() {
    expect(segments(twoTones, minPauseMs: 600), near: [(500, 1800)])
  }

  @Test("pads segments, within the recording")
  func padded() {
    expect(segments(twoTones, paddingMs: 100), near: [(400, 1000), (1300, 1900)])
    expect(segments(twoTones, paddingMs: 5000), near: [(0, 2300)])
  }

  @Test("joins what padding makes touch")
  func joined() {
    expect(segments(twoTones, paddingMs: 260), near: [(240, 2060)])
  }

  @Test("drops bursts too short for a word")
  func burst() {
    let click =
      Sound.noise(ms: 500) + Sound.tone(ms: 50, amplitude: 0.3) + Sound.noise(ms: 500)
      + Sound.tone(ms: 300, amplitude: 0.3) + Sound.noise(ms: 500)
    expect(segments(click), near: [(1050, 1350)])
    #expect(segments(click, minSpeechMs: 10).count == 2)
  }

  @Test("finds nothing in silence and in what is too faint")
  func silence() {
    #expect(segments(Sound.silence(ms: 1000)).isEmpty)
    #expect(segments(Sound.tone(ms: 1000, amplitude: 0.001)).isEmpty)
    #expect(segments([0]).isEmpty)
  }

  @Test("takes all of a sound without pauses")
  func steady() {
    #expect(segments(Sound.tone(ms: 1000, amplitude: 0.3)) == [.init(startMs: 0, endMs: 1000)])
  }

  @Test("gives segments in order, apart and within the recording", arguments: 0..<50)
  func law(seed: UInt64) {
    var state = seed &* 6_364_136_223_846_793_005 &+ 1
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let samples = (0..<12).flatMap { _ in
      next(2) == 0
        ? Sound.noise(ms: next(400))
        : Sound.tone(ms: next(400), amplitude: Double(next(100)) / 100)
    }
    let found = segments(
      samples + [0], minPauseMs: next(300), minSpeechMs: next(200), paddingMs: next(200))
    for segment in found {
      #expect(0 <= segment.startMs && segment.startMs < segment.endMs)
      #expect(segment.endMs <= Recording.milliseconds(samples.count + 1))
    }
    for (next, last) in zip(found.dropFirst(), found) { #expect(next.startMs > last.endMs) }
  }
}
