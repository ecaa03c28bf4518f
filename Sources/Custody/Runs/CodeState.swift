import CustodyStore
import Foundation

/// Which code ran: the repository that the current folder is in.
struct GitState: Sendable {
  let commit: String
  /// Whether files that git knows differ from the commit.
  let isDirty: Bool

  /// Nil outside of a repository, and where there is no git or no commit.
  static func ofCurrentFolder() async -> GitState? {
    var folder = FileManager.default.currentDirectoryPath
    // Asking git costs more than looking.
    while !FileIO.exists("\(folder)/.git") {
      // The path of a folder that was removed has no root.
      guard folder.hasPrefix("/"), folder != "/" else { return nil }
      folder = (folder as NSString).deletingLastPathComponent
    }
    guard let commit = await git(["rev-parse", "HEAD"])?.split(separator: "\n").first,
      let changes = await git(["status", "--porcelain", "--untracked-files=no"])
    else { return nil }
    return GitState(commit: String(commit), isDirty: !changes.isEmpty)
  }

  private static func git(_ arguments: [String]) async -> String? {
    guard let path = try? RunProcess.executable("git", in: "/") else { return nil }
    let said = try? await RunProcess.run(
      path, ["git"] + arguments, environment: ProcessInfo.processInfo.environment, isQuiet: true)
    return said?.end == .status(0) ? said?.output : nil
  }
}

/// The digest of a file of code.
enum CodeDigest {
  /// - Returns: `sha256:` and 64 hexadecimal digits.
  static func digest(of path: String) throws -> String {
    "sha256:\(SHA256.hash(try FileIO.read(path)).hex)"
  }
}
