import CustodyStore
import Foundation

extension Passphrase {
  /// Reads the first line of a file that only its owner may read.
  package static func read(file path: String) throws -> Passphrase {
    // A secret that is mounted is often a symbolic link.
    var file = try FileIO.readSecret(path, followingLinks: true)
    defer { file.bytes.wipe() }
    var line = Array(file.bytes.prefix { $0 != 0x0a && $0 != 0x0d })
    guard !line.isEmpty else {
      throw CustodyError(.wrongPassphrase, "\(path) is empty. Its first line is the passphrase.")
    }
    return Passphrase(wiping: &line)
  }

  /// Asks on the terminal, without showing what is typed.
  package static func ask(_ prompt: String) throws -> Passphrase {
    guard isatty(STDERR_FILENO) == 1 || isatty(STDIN_FILENO) == 1, let typed = getpass(prompt)
    else {
      throw Passphrase.missing
    }
    let count = strlen(typed)
    defer { memset(typed, 0, count) }
    guard count > 0 else {
      throw CustodyError(.wrongPassphrase, "No passphrase was given.")
    }
    var bytes = UnsafeRawBufferPointer(start: typed, count: count).map { $0 }
    return Passphrase(wiping: &bytes)
  }
}
