import Foundation

@testable import VoicePipeline

/// Sounds that are made rather than recorded.
enum Sound {
  /// A sine of this amplitude, 0 to 1 of full scale.
  static func tone(ms: Int, amplitude: Double, hertz: Double = 400) -> [Int16] {
    (0..<Recording.samples(ms)).map {
      Int16((sin(2 * .pi * hertz * Double($0) / 16_000) * amplitude * 32_767).rounded())
    }
  }

  static func silence(ms: Int) -> [Int16] {
    [Int16](repeating: 0, count: Recording.samples(ms))
  }

  /// Faint noise, the same at every call: of -60 dBFS or so.
  static func noise(ms: Int) -> [Int16] {
    var state: UInt32 = 1
    return (0..<Recording.samples(ms)).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Int16(truncatingIfNeeded: state >> 16) % 56
    }
  }

  static func wave(
    _ samples: [Int16], encoding: Int = 1, channels: Int = 1, rate: Int = 16_000, bits: Int = 16
  ) -> Data {
    let format =
      number(encoding, 2) + number(channels, 2) + number(rate, 4) + number(rate * 2, 4)
      + number(2, 2) + number(bits, 2)
    return riff([
      ("fmt ", format), ("data", samples.flatMap { number(Int(UInt16(bitPattern: $0)), 2) }),
    ])
  }

  static func riff(_ chunks: [(name: String, content: [UInt8])]) -> Data {
    let body = chunks.flatMap { name, content in
      let padding: [UInt8] = content.count % 2 == 0 ? [] : [0]
      return Array(name.utf8) + number(content.count, 4) + content + padding
    }
    return Data(Array("RIFF".utf8) + number(body.count + 4, 4) + Array("WAVE".utf8) + body)
  }

  static func number(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
