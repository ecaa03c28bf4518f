import Foundation

/// What a step writes about one clip and a later one reads.
protocol Document: Decodable {
  /// `SPEAKER/CLIP`.
  var recording: String { get }
  /// The members, in the order in which they are written.
  var members: [JSON.Member] { get }
}

extension Document {
  /// Reads what an earlier step wrote in `folder` about this clip.
  static func of(_ clip: Clip, in folder: String, step: String) throws -> Self {
    try read("\(folder)/\(clip.key).json", clip, step: step)
  }

  /// Reads a clip of the folder of an earlier step.
  static func of(_ clip: Clip, step: String) throws -> Self {
    try read(clip.path, clip, step: step)
  }

  private static func read(_ path: String, _ clip: Clip, step: String) throws -> Self {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(
        .input, "missing", "\(path) cannot be read. Run voice \(step) first, on all recordings.")
    }
    guard (try? JSONDecoder().decode(Origin.self, from: data))?.step == step,
      let document = try? JSONDecoder().decode(Self.self, from: data),
      document.recording == clip.key
    else {
      throw Failure(
        .input, "document",
        "\(path) is not what voice \(step) writes about \(clip.key). Run that step again.")
    }
    return document
  }
}

private struct Origin: Decodable { let step: String }

extension JSON {
  /// The members of a literal, for documents.
  var members: [Member] {
    guard case .object(let members) = self else { return [] }
    return members
  }
}
