import CPocketSphinx
import Foundation

/// PocketSphinx with a model: sound in, words out. The one place that sees its pointers.
final class Recognizer {
  struct Word: Equatable {
    let text: String
    /// From the beginning of the sound.
    let startMs: Int
    let endMs: Int
    let posteriorPpm: Int
  }

  private let decoder: OpaquePointer

  init(_ model: SpeechModel) throws {
    let log = Log()
    defer { log.close() }
    guard let config = voice_config(model.acoustics, model.language, model.dictionary),
      let decoder = ps_init(config)
    else { throw Log.failure(log.lastError) }
    cmd_ln_free_r(config)  // The decoder keeps it.
    self.decoder = decoder
  }

  deinit { ps_free(decoder) }

  /// The words of a stretch of sound. The same sound gives the same words, whatever came before.
  func words(in samples: ArraySlice<Int16>) throws -> [Word] {
    // "Channel parameters like noise-level are maintained for the stream and reused among
    // utterances": a stream of its own for each, or words would depend on the order of recordings.
    guard ps_start_stream(decoder) == 0, ps_start_utt(decoder) == 0 else { throw Self.failed }
    let count = samples.withUnsafeBufferPointer {
      // The whole utterance in one go: cepstral means are then of all of it.
      ps_process_raw(decoder, $0.baseAddress, $0.count, 0, 1)
    }
    guard count >= 0, ps_end_utt(decoder) == 0 else { throw Self.failed }
    return segments()
  }

  private func segments() -> [Word] {
    let logarithms = ps_get_logmath(decoder)
    var words: [Word] = []
    var next = ps_seg_iter(decoder)
    while let segment = next {
      let posterior = logmath_exp(logarithms, ps_seg_prob(segment, nil, nil, nil))
      var first: Int32 = 0
      var last: Int32 = 0
      ps_seg_frames(segment, &first, &last)
      let token = ps_seg_word(segment).map { String(cString: $0) } ?? ""
      if let text = Self.word(token) {
        // Frames of 10 ms, the last one included.
        words.append(
          Word(
            text: text, startMs: Int(first) * 10, endMs: (Int(last) + 1) * 10,
            posteriorPpm: Ppm.of(posterior)))
      }
      next = ps_seg_next(segment)
    }
    return words
  }

  /// `read(2)` is a pronunciation of `read`; `<sil>`, `[NOISE]` and `++BREATH++` are no words.
  static func word(_ token: String) -> String? {
    guard let first = token.first, !"<[+".contains(first) else { return nil }
    return token.prefix { $0 != "(" }.lowercased()
  }

  private static let failed = Failure(
    .surroundings, "recognizer", "PocketSphinx gave up on a segment. Try another segmentation.")
}

/// What PocketSphinx says while it loads a model. It ends the whole process at some faults, which
/// would be silent otherwise.
private final class Log {
  private nonisolated(unsafe) static var current: Log?
  private var text: UnsafeMutablePointer<CChar>?
  private var size = 0
  private var file: UnsafeMutablePointer<FILE>?

  init() {
    file = open_memstream(&text, &size)
    err_set_logfp(file)
    Log.current = self
    atexit {
      guard let log = Log.current else { return }
      let failure = Log.failure(log.lastError)
      fflush(nil)
      StepRun.record(failure, of: "transcribe")
      Pipeline.report(failure.message)
      _exit(failure.status.rawValue)
    }
  }

  /// Nothing is written from now on: what it says later may be about what was said.
  func close() {
    Log.current = nil
    err_set_logfp(nil)
    fclose(file)
    free(text)
  }

  var lastError: String? {
    fflush(file)
    guard let text else { return nil }
    return String(cString: text).split(separator: "\n")
      .last { $0.hasPrefix("ERROR") || $0.hasPrefix("FATAL") }
      // It quotes what it read, which may be anything.
      .map { line in String(line.unicodeScalars.filter { (0x20..<0x7f) ~= $0.value }.prefix(200)) }
  }

  static func failure(_ reason: String?) -> Failure {
    Failure(
      .surroundings, "model",
      "PocketSphinx cannot use the model (\(reason ?? "without saying why")). Install Debian's "
        + "pocketsphinx-en-us again, or name the folder of another model with --model.")
  }
}
