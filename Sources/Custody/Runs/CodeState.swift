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
      folder = PathParts.folder(of: folder)
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

/// The digest of a file that a run rests on, such as one of code.
enum CodeDigest {
  private static let pieceSize = 1 << 18

  /// Follows a link: what it leads to is what runs.
  ///
  /// - Returns: `sha256:` and 64 hexadecimal digits.
  /// - Throws: `invalidInput` for what is no file, `notFound`.
  static func digest(of path: String) throws -> String {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw CustodyError(SystemCallError("stat"), path: path)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw CustodyError(.invalidInput, "\(path) is no file.")
    }
    // Opening a pipe that has come there meanwhile would wait for someone who writes to it.
    let file = try FileIO.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    defer { close(file) }
    let sha256 = SHA256()
    sha256.begin()
    var buffer = [UInt8](repeating: 0, count: pieceSize)
    while true {
      let count = read(file, &buffer, pieceSize)
      if count < 0 {
        if errno == EINTR { continue }
        throw CustodyError(SystemCallError("read"), path: path)
      }
      guard count > 0 else { return "sha256:\(sha256.end().hex)" }
      buffer.withUnsafeBytes { sha256.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
  }
}
