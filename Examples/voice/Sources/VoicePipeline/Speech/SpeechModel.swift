import Foundation

/// A model of a language as Debian's pocketsphinx-en-us brings it: acoustics, language, dictionary.
struct SpeechModel: Sendable {
  /// Which model: part of every transcript, so that nobody has to guess afterwards.
  struct Name: Decodable, Equatable, Sendable {
    let engine: String
    let name: String
    /// Of what `sha256sum` prints for its files, ordered by path.
    let digest: String

    var json: JSON {
      ["engine": .string(engine), "name": .string(name), "digest": .string(digest)]
    }
  }

  let name: Name
  let acoustics: String
  let language: String
  let dictionary: String

  /// The model of a folder that is named after it: `en-us/en-us`, `en-us/en-us.lm.bin`,
  /// `en-us/cmudict-en-us.dict`.
  init(folder: String) throws {
    let name = URL(filePath: folder).lastPathComponent
    acoustics = "\(folder)/\(name)"
    language = "\(folder)/\(name).lm.bin"
    dictionary = "\(folder)/cmudict-\(name).dict"
    let parts =
      ((try? FileManager.default.contentsOfDirectory(atPath: acoustics)) ?? [])
      .map { "\(name)/\($0)" } + ["\(name).lm.bin", "cmudict-\(name).dict"]
    for needed in ["mdef", "means", "variances", "transition_matrices"] {
      guard parts.contains("\(name)/\(needed)") else {
        throw Self.missing("\(acoustics)/\(needed)")
      }
    }
    var sums = ""
    for part in parts.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      let path = "\(folder)/\(part)"
      guard let data = FileManager.default.contents(atPath: path), !data.isEmpty else {
        throw Self.missing(path)
      }
      sums += "\(Digest.sha256(data))  \(part)\n"
    }
    self.name = Name(
      engine: "pocketsphinx", name: name, digest: "sha256:" + Digest.sha256(Data(sums.utf8)))
  }

  private static func missing(_ path: String) -> Failure {
    Failure(
      .surroundings, "model",
      "The model is not whole: \(path) is missing, empty or unreadable. Install Debian's "
        + "pocketsphinx-en-us, or name the folder of a model with --model.")
  }
}
