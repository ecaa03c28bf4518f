import CustodyStore

extension KeyBackup {
  /// Opens the age file of a key backup; the caller wipes what it gets.
  ///
  /// - Parameter identityFile: lines `AGE-SECRET-KEY-1…`, empty ones and comments, as age-keygen
  ///   writes them.
  static func open(_ file: [UInt8], identityFile: [UInt8]) throws -> [UInt8] {
    let identities = try identityFile.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d })
      .filter { $0.first != UInt8(ascii: "#") }
      .map { line in
        do {
          return try AgeIdentity(String(decoding: line, as: UTF8.self))
        } catch {
          throw CustodyError(
            .invalidInput,
            "The identity file is none of age's: lines AGE-SECRET-KEY-1... are expected. One that is "
              + "sealed under a passphrase is opened with age first.")
        }
      }
    guard !identities.isEmpty else {
      throw CustodyError(.invalidInput, "The identity file holds no identity.")
    }
    var failure = AgeError.noMatch
    for identity in identities {
      do {
        return try AgeFile.open(file, with: identity)
      } catch {
        failure = error
        guard error == .noMatch else { break }
      }
    }
    throw CustodyError(
      .invalidInput,
      failure == .noMatch
        ? "The key backup is sealed to somebody else: no identity given opens it."
        : "The key backup is no age file, or was changed or cut short.", cause: failure)
  }
}
