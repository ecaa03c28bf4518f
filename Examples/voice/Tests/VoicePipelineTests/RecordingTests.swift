import Foundation
import Testing

@testable import VoicePipeline

@Suite("WAV files")
struct RecordingTests {
  @Test("come back sample by sample")
  func samples() throws {
    let samples: [Int16] = [0, 1, -1, .max, .min, 12_345]
    #expect(try Recording(wave: Sound.wave(samples)).samples == samples)
  }

  @Test("may have other chunks, of odd lengths too, before the samples")
  func otherChunks() throws {
    let whole = Sound.wave([7, 8])
    let format = Array(whole[20..<36])
    let file = Sound.riff([
      ("LIST", [1, 2, 3]), ("fmt ", format), ("fact", []), ("data", [7, 0, 8, 0]),
    ])
    #expect(try Recording(wave: file).samples == [7, 8])
  }

  @Test("may say PCM in the extensible way")
  func extensible() throws {
    let format = Array(Sound.wave([], encoding: 0xfffe)[20..<36])
    let extra = Sound.number(22, 2) + Sound.number(16, 2) + Sound.number(4, 4)
    let guid = Sound.number(1, 2) + [UInt8](repeating: 0, count: 14)
    let file = Sound.riff([("fmt ", format + extra + guid), ("data", [9, 0])])
    #expect(try Recording(wave: file).samples == [9])
  }

  static let bad: [(code: String, file: Data)] = [
    ("empty", Data()),
    ("notWave", Data("hello".utf8)),
    ("notWave", Data("RIFF____AVI ________".utf8)),
    ("truncated", Sound.wave([1, 2, 3]).prefix(30)),
    ("truncated", Sound.wave([1, 2, 3]).dropLast()),
    ("truncated", Sound.riff([("data", [1, 0])])),
    ("truncated", Sound.riff([("fmt ", [1, 0])])),
    ("truncated", Sound.riff([])),
    ("empty", Sound.wave([])),
    ("format", Sound.wave([1], channels: 2)),
    ("format", Sound.wave([1], rate: 44_100)),
    ("format", Sound.wave([1], bits: 8)),
    ("format", Sound.wave([1], encoding: 3)),
  ]

  @Test("that are bad are refused with a reason", arguments: bad)
  func refused(code: String, file: Data) throws {
    let failure = try #require(throws: Failure.self) { try Recording(wave: file) }
    #expect(failure.code == code)
    #expect(failure.status == .input)
  }

  @Test("with a length beyond the file are refused, cut anywhere they do not crash")
  func cut() throws {
    let file = Sound.wave([1, 2, 3, 4])
    for count in 0..<file.count {
      #expect(throws: Failure.self) { try Recording(wave: file.prefix(count)) }
    }
    var long = [UInt8](file)
    long.replaceSubrange(40..<44, with: [0xff, 0xff, 0xff, 0xff])
    #expect(throws: Failure.self) { try Recording(wave: Data(long)) }
  }
}
