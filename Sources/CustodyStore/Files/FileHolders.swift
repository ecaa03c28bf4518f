import Foundation

/// Which processes of this machine have a file open, as far as the kernel tells whoever asks.
enum FileHolders {
  /// Process numbers and names of commands, for example `4711 (custody)`; this process is left out.
  static func names(of paths: [String]) -> [String] {
    let wanted = Set(paths.compactMap { realpath($0) })
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.compactMap { Int32($0) }.sorted().filter { $0 != getpid() }.compactMap { id in
      let folder = "/proc/\(id)/fd"
      let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      guard files.contains(where: { realpath("\(folder)/\($0)").map(wanted.contains) ?? false })
      else { return nil }
      // Files of the kernel have no size: they are read to their end.
      let command = FileHandle(forReadingAtPath: "/proc/\(id)/comm").flatMap {
        try? $0.readToEnd()
      }
      let name = command.map {
        String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      }
      return name.map { "\(id) (\($0))" } ?? "\(id)"
    }
  }

  private static func realpath(_ path: String) -> String? {
    guard let found = Foundation.realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
  }
}
