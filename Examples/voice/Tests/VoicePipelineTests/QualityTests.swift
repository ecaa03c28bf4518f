import Testing

@testable import VoicePipeline

@Suite("Quality")
struct QualityTests {
  private func quality(_ samples: [Int16]) -> Quality {
    Quality(Recording(samples: samples), of: "s/c")
  }

  @Test("of a full sine is 3 dB below full scale, and peaks at it")
  func sine() {
    let found = quality(Sound.tone(ms: 1000, amplitude: 1))
    #expect(abs(found.loudnessDbfs + 3.01) < 0.01)
    #expect(abs(found.peakDbfs) < 0.01)
    #expect(found.silencePpm == 0)
    #expect(found.durationMs == 1000)
  }

  @Test("falls 20 dB with a tenth of the amplitude")
  func tenth() {
    #expect(abs(quality(Sound.tone(ms: 1000, amplitude: 0.1)).loudnessDbfs + 23.01) < 0.02)
  }

  @Test("counts samples at either end of the scale")
  func clipping() {
    #expect(quality([.max, .min, -.max, 0, 1, 2, 3, 4]).clippingPpm == 375_000)
  }

  @Test("takes signal to noise from what is loud and what is quiet")
  func snr() throws {
    // 0.1 against 0.01: 20 dB.
    let samples = Sound.tone(ms: 800, amplitude: 0.1) + Sound.tone(ms: 800, amplitude: 0.01)
    #expect(abs(try #require(quality(samples).snrDb) - 20) < 0.1)
  }

  @Test("of silence is silence, and its signal to noise unknown")
  func silence() {
    let found = quality(Sound.silence(ms: 500))
    #expect(found.snrDb == nil)
    #expect(found.silencePpm == 1_000_000)
    #expect(found.loudnessDbfs == FrameLevels.lowest)
    #expect(found.peakDbfs == FrameLevels.lowest)
  }

  @Test("of one sample is a number")
  func oneSample() {
    #expect(quality([1000]).durationMs == 0)
    #expect(quality([1000]).snrDb == 0)
  }

  @Test("percentiles are nearest ranks")
  func percentiles() {
    // 99 frames of a staircase of ten levels: of the fifth, the 45th has nothing else in it.
    let stairs = (1...10).flatMap { Sound.tone(ms: 100, amplitude: Double($0) / 10) }
    let levels = FrameLevels(Recording(samples: stairs))
    #expect(levels.percentile(100) == levels.levels.max())
    #expect(abs(levels.percentile(45) - (levels.percentile(100) - 6.02)) < 0.2)
  }
}
