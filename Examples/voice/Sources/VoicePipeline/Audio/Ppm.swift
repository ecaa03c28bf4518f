/// Parts per million.
enum Ppm {
  static func share(_ part: Int, of whole: Int) -> Int {
    whole == 0 ? 0 : Int((Double(part) / Double(whole) * 1_000_000).rounded())
  }

  /// Of a number from 0 to 1.
  static func of(_ share: Double) -> Int { Int((min(1, max(0, share)) * 1_000_000).rounded()) }

  static func percent(_ ppm: Int) -> String {
    JSON.hundredths(Double(ppm) / 10_000).line + " %"
  }
}
