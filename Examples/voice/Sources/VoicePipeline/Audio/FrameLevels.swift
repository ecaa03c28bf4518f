import Foundation

/// How loud a recording is from moment to moment: levels of frames of 20 ms, one every 10 ms, in dB
/// relative to full scale (dBFS), where a constant sample of the greatest value is 0.
struct FrameLevels: Sendable {
  /// 20 ms.
  static let length = 320
  /// 10 ms.
  static let step = 160
  /// The level of digital silence, and of whatever is below a half of the least bit.
  static let lowest = -96.0

  /// At least one; the last whole frame is the last.
  let levels: [Double]
  private let sorted: [Double]

  init(_ recording: Recording) {
    let samples = recording.samples
    let starts = stride(
      from: 0, through: max(0, samples.count - Self.length), by: Self.step)
    levels = starts.map { Self.level(samples[$0..<min($0 + Self.length, samples.count)]) }
    sorted = levels.sorted()
  }

  /// The level that this share of the frames does not exceed: the nearest rank.
  func percentile(_ percent: Int) -> Double {
    sorted[max(0, (percent * sorted.count + 99) / 100 - 1)]
  }

  /// 10 log10 of the mean square.
  static func level(_ samples: some Collection<Int16>) -> Double {
    guard !samples.isEmpty else { return lowest }
    // Squares of 16 bits: sums of them are exact.
    let energy = samples.reduce(0) { $0 + Int($1) * Int($1) }
    let mean = Double(energy) / Double(samples.count) / (32_768.0 * 32_768.0)
    return max(lowest, 10 * log10(mean))
  }
}
