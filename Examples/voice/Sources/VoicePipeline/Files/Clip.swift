import Foundation

/// One recording of one speaker, and whatever was made of it: files that are called
/// `SPEAKER/CLIP.wav`, `SPEAKER/CLIP.json` in the folder of each step.
struct Clip: Hashable, Sendable {
  let speaker: String
  let name: String
  /// Where the file is.
  let path: String

  /// `SPEAKER/CLIP`: what the files of one recording have in common.
  var key: String { "\(speaker)/\(name)" }

  /// The files `SPEAKER/CLIP.ending` of a folder, ordered by speaker and clip.
  ///
  /// Whatever else is in it is reported and left alone, but for what begins with a point.
  ///
  /// - Throws: when there are none, or when names are of no use for the steps that follow.
  static func all(in folder: String, ending: String) throws -> [Clip] {
    var clips: [Clip] = []
    for speaker in try contents(of: folder) {
      let path = "\(folder)/\(speaker)"
      guard isFolder(path) else {
        Pipeline.report("\(path) is left out: it is not in the folder of a speaker.")
        continue
      }
      for file in try contents(of: path) {
        let name = String(file.dropLast(ending.count + 1))
        guard file.lowercased().hasSuffix(".\(ending)"), !isFolder("\(path)/\(file)") else {
          Pipeline.report("\(path)/\(file) is left out: it is not a file that ends in .\(ending).")
          continue
        }
        clips.append(Clip(speaker: speaker, name: name, path: "\(path)/\(file)"))
      }
    }
    guard !clips.isEmpty else {
      throw Failure(
        .input, "nothing", "There is no \(folder)/SPEAKER/CLIP.\(ending). Name another folder.")
    }
    try check(clips)
    return clips
  }

  /// Clips' names become names of streams of events, which are readable to everyone and for ever:
  /// plain letters, and no two of the same name.
  private static func check(_ clips: [Clip]) throws {
    var seen: [String: String] = [:]
    for clip in clips {
      for name in [clip.speaker, clip.name] where !isPlain(name) {
        throw Failure(
          .input, "name",
          "\(clip.path): names of speakers and clips are 1 to 100 letters, digits, points, "
            + "hyphens and underscores, ASCII. Rename it.")
      }
      if let other = seen.updateValue(clip.path, forKey: clip.name) {
        throw Failure(
          .input, "sameName",
          "\(clip.path) and \(other) have the same name. Rename one: clips are told apart by it.")
      }
    }
  }

  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 100
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
          UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  private static func contents(of folder: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { !$0.hasPrefix(".") }
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
      throw Failure(
        .input, "folder", "\(folder) cannot be listed. Name a folder that exists and is readable.")
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }
}
