import Foundation

/// The samples of a WAV file: PCM of 16 bits, one channel, 16,000 a second, which is what the model
/// of Debian's pocketsphinx-en-us was trained with.
struct Recording: Equatable, Sendable {
  static let sampleRate = 16_000
  /// Two hours and twenty minutes; a recording is read whole.
  static let byteCountMax = 256 << 20

  let samples: [Int16]

  var durationMs: Int { Self.milliseconds(samples.count) }

  static func milliseconds(_ samples: Int) -> Int { samples * 1000 / sampleRate }
  static func samples(_ milliseconds: Int) -> Int { milliseconds * sampleRate / 1000 }
}

extension Recording {
  /// The bytes of a file.
  static func bytes(of path: String) throws -> Data {
    let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
    guard size <= byteCountMax else {
      throw Failure(
        .input, "tooLong", "it has \(size) bytes; the most is \(byteCountMax). Cut it in pieces.")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(.input, "unreadable", "it cannot be read. Check its permissions.")
    }
    return data
  }

  init(path: String) throws { try self.init(wave: Self.bytes(of: path)) }

  /// Reads a RIFF file: "WAVE", then chunks of a name, a length and that many bytes, of which
  /// `fmt ` and `data` matter.
  init(wave data: Data) throws {
    let bytes = [UInt8](data)
    guard !bytes.isEmpty else { throw Self.empty }
    guard bytes.count >= 12, Self.text(bytes, 0) == "RIFF", Self.text(bytes, 8) == "WAVE" else {
      throw Failure(
        .input, "notWave",
        "it is not a WAV file. For samples without a header: "
          + "sox -t raw -r 16000 -e signed -b 16 -c 1 FILE FILE.wav")
    }
    var hasFormat = false
    var at = 12
    while at + 8 <= bytes.count {
      let name = Self.text(bytes, at)
      let count = Self.integer(bytes, at + 4, 4)
      let start = at + 8
      // The length in a header may be anything: it is held against what is there.
      guard count <= bytes.count - start else { throw Self.truncated }
      if name == "fmt " {
        try Self.checkFormat(bytes[start..<start + count])
        hasFormat = true
      } else if name == "data" {
        guard hasFormat else { throw Self.truncated }
        guard count >= 2 else { throw Self.empty }
        samples = stride(from: start, to: start + count - 1, by: 2).map {
          Int16(truncatingIfNeeded: Self.integer(bytes, $0, 2))
        }
        return
      }
      at = start + count + count % 2  // Chunks begin at even places.
    }
    throw Self.truncated
  }

  private static func checkFormat(_ chunk: ArraySlice<UInt8>) throws {
    let bytes = Array(chunk)
    guard bytes.count >= 16 else { throw truncated }
    var encoding = integer(bytes, 0, 2)
    // WAVE_FORMAT_EXTENSIBLE says what it is in the first two bytes of a GUID.
    if encoding == 0xfffe, bytes.count >= 26 { encoding = integer(bytes, 24, 2) }
    let channels = integer(bytes, 2, 2)
    let rate = integer(bytes, 4, 4)
    let bits = integer(bytes, 14, 2)
    guard encoding == 1, channels == 1, rate == sampleRate, bits == 16 else {
      throw Failure(
        .input, "format",
        "it has \(channels) channels, \(rate) samples a second, \(bits) bits, encoding \(encoding);"
          + " needed are 1, 16000, 16 and PCM (1). Convert it: "
          + "sox FILE -r 16000 -c 1 -b 16 -e signed NEW.wav")
    }
  }

  private static let truncated = Failure(
    .input, "truncated", "it ends before its header says so. Copy it again from where it is whole.")
  private static let empty = Failure(
    .input, "empty", "there is no sample in it. Remove it, or record it again.")

  private static func text(_ bytes: [UInt8], _ at: Int) -> String {
    String(decoding: bytes[at..<at + 4], as: UTF8.self)
  }

  /// Little-endian, as all of RIFF.
  private static func integer(_ bytes: [UInt8], _ at: Int, _ count: Int) -> Int {
    (0..<count).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
  }
}
