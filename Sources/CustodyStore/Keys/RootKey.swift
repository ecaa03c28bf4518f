import CustodyLedger
import Foundation

/// The key under which secret files are sealed: a file of its own, or made from a passphrase.
package enum RootKey {
  /// scrypt with N = 2¹⁷, r = 8, p = 1: 128 MiB and about a third of a second.
  static let cost: UInt64 = 1 << 17
  static let blockSize: UInt64 = 8
  static let parallelism: UInt64 = 1

  static func keyFile(_ folder: String) -> String { "\(folder)/root.key" }
  static func scryptFile(_ folder: String) -> String { "\(folder)/root.scrypt" }

  /// Makes the root key of a new secrets folder.
  static func create(
    in folder: String, passphrase: SecretBytes?, environment: Environment
  ) throws -> SecretBytes {
    guard let passphrase else {
      let key = environment.secret()
      var text = key.withUnsafeBytes { Array(Hex.encode($0).utf8) } + [0x0a]
      defer { text.wipe() }
      try FileIO.create(keyFile(folder), text, mode: 0o600)
      return key
    }
    guard passphrase.count > 0 else {
      throw CustodyError(.usage, "The passphrase is empty. Give one of at least a few words.")
    }
    let salt = environment.random(32)
    let text = "scrypt \(cost) \(blockSize) \(parallelism) \(Hex.encode(salt))\n"
    try FileIO.create(scryptFile(folder), Array(text.utf8), mode: 0o600)
    return try KeyDerivation.scrypt(
      passphrase: passphrase, salt: salt, cost: cost, blockSize: blockSize,
      parallelism: parallelism)
  }

  /// Reads the root key, asking `passphrase` only when the folder is sealed under one.
  static func read(
    in folder: String, passphrase: () throws -> SecretBytes
  ) throws -> SecretBytes {
    if FileIO.exists(keyFile(folder)) {
      var file = try FileIO.readSecret(keyFile(folder))
      defer { file.bytes.wipe() }
      guard file.bytes.last == 0x0a, var key = Hex.decode(file.bytes.dropLast()), key.count == 32
      else {
        throw CustodyError(.wrongPassphrase, "\(keyFile(folder)) does not hold a root key.")
      }
      return SecretBytes(wiping: &key)
    }
    guard FileIO.exists(scryptFile(folder)) else {
      throw CustodyError(
        .needsRecovery,
        "There is no root key in \(folder). Put it back, or run: custody recover --keys BACKUP "
          + "--identity FILE")
    }
    let file = try FileIO.readSecret(scryptFile(folder))
    let parts = String(decoding: file.bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    // Only our own parameters: a changed file must not make us take gigabytes or one round.
    guard parts.count == 5, parts[0] == "scrypt", UInt64(parts[1]) == cost,
      UInt64(parts[2]) == blockSize, UInt64(parts[3]) == parallelism,
      let salt = Hex.decode(parts[4].utf8), salt.count == 32
    else {
      throw CustodyError(
        .wrongPassphrase, "\(scryptFile(folder)) does not hold the parameters of this version.")
    }
    return try KeyDerivation.scrypt(
      passphrase: try passphrase(), salt: salt, cost: cost, blockSize: blockSize,
      parallelism: parallelism)
  }
}
