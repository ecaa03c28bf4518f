import CustodyLedger
import Foundation

/// The built-in key provider: files in the secrets folder, sealed under the root key.
///
/// `signing.key` and `epoch-<id>.key` hold 24 bytes of nonce and an XAES-256-GCM body whose
/// additional data names the ledger and the file, so that files cannot be exchanged.
package final class FileKeyProvider: KeyProvider {
  private static let signingFile = "signing.key"

  private let folder: String
  private let ledgerID: LedgerID
  private let root: SecretBytes
  private let environment: Environment

  private init(
    folder: String, ledgerID: LedgerID, root: SecretBytes, environment: Environment
  ) {
    self.folder = folder
    self.ledgerID = ledgerID
    self.root = root
    self.environment = environment
  }

  /// Whether a file of this name is one of a store's secrets.
  package static func owns(_ name: String) -> Bool {
    ["root.key", "root.scrypt", signingFile, SignerState.fileName].contains {
      name == $0 || name.hasPrefix("\($0).")
    } || name.hasPrefix("epoch-")
  }

  /// Whether a folder holds the secrets of a store.
  package static func isUsed(_ folder: String) -> Bool {
    FileIO.exists(RootKey.keyFile(folder)) || FileIO.exists(RootKey.scryptFile(folder))
  }

  /// Makes secrets in a folder that is there: root key and signing key.
  ///
  /// - Parameter seed: the signing key's, when it is not to be a new one.
  package static func create(
    in folder: String, ledgerID: LedgerID, passphrase: SecretBytes?, environment: Environment,
    seed: SecretBytes? = nil
  ) throws -> FileKeyProvider {
    let root = try RootKey.create(in: folder, passphrase: passphrase, environment: environment)
    let provider = FileKeyProvider(
      folder: folder, ledgerID: ledgerID, root: root, environment: environment)
    try provider.write(signingFile, seed ?? environment.secret())
    return provider
  }

  /// Secrets as a recovery finds them.
  struct Opened {
    let provider: FileKeyProvider
    /// Files that the root key does not open.
    let unopened: [String]

    func epochKey(_ id: KeyID) throws -> SecretBytes? {
      unopened.contains(FileKeyProvider.epochFile(id)) ? nil : try provider.epochKey(id)
    }
  }

  /// Opens what the root key file opens, without a question; nil when that is nothing.
  static func openWhatOpens(
    in folder: String, ledgerID: LedgerID, environment: Environment
  ) throws -> Opened? {
    func opens(_ body: () throws -> SecretBytes) throws -> SecretBytes? {
      do {
        return try body()
      } catch let error as CustodyError where error.code == .wrongPassphrase {
        return nil
      }
    }
    let found = try opens {
      try RootKey.read(in: folder) { throw CustodyError(.wrongPassphrase, "Nobody is asked.") }
    }
    guard let root = found else { return nil }
    let provider = FileKeyProvider(
      folder: folder, ledgerID: ledgerID, root: root, environment: environment)
    let sealed = try FileIO.names(in: folder).filter(isSealed)
    let unopened = try sealed.filter { name in try opens { try provider.read(name) } == nil }
    return unopened == sealed ? nil : Opened(provider: provider, unopened: unopened)
  }

  private static func isSealed(_ name: String) -> Bool {
    name == signingFile || name.hasPrefix("epoch-") && name.hasSuffix(".key")
  }

  /// Takes secrets out of the way of new ones: all of them, or those that are named.
  ///
  /// - Parameter setsAside: whether they get another name, rather than being destroyed.
  static func clear(_ folder: String, _ names: [String]? = nil, setsAside: Bool) throws {
    let found = try FileIO.names(in: folder).filter {
      ["root.key", "root.scrypt"].contains($0) || isSealed($0)
    }
    // The root key last: until then the next recovery finds what this one found.
    for name in (names ?? found).sorted(by: { isSealed($0) && !isSealed($1) }) {
      let path = "\(folder)/\(name)"
      try setsAside ? SetAside.move(path) : FileIO.destroy(path)
    }
  }

  /// Opens the secrets of a store.
  ///
  /// - Parameters:
  ///   - needsSigningKey: whether it is an error that there is none.
  ///   - passphrase: asked only when the secrets are sealed under one.
  package static func open(
    in folder: String, ledgerID: LedgerID, environment: Environment, needsSigningKey: Bool = true,
    passphrase: () throws -> SecretBytes
  ) throws -> FileKeyProvider {
    let root = try RootKey.read(in: folder, passphrase: passphrase)
    let provider = FileKeyProvider(
      folder: folder, ledgerID: ledgerID, root: root, environment: environment)
    if hasSigningKey(folder) {
      // A wrong passphrase shows here rather than at the first use.
      _ = try provider.signingKey()
    } else if needsSigningKey {
      throw CustodyError(
        .needsRecovery,
        "\(folder)/\(signingFile) is missing. Put it back, or run: custody recover --keys BACKUP "
          + "--identity FILE")
    }
    return provider
  }

  static func hasSigningKey(_ folder: String) -> Bool { FileIO.exists("\(folder)/\(signingFile)") }

  /// Puts the signing key where there is none.
  func restoreSigningKey(_ seed: SecretBytes) throws {
    if !Self.hasSigningKey(folder) { try write(Self.signingFile, seed) }
  }

  package func epochKeyIDs() throws -> [KeyID] { try Self.epochKeyIDs(in: folder) }

  /// The epoch keys in a folder of secrets, by their files' names.
  static func epochKeyIDs(in folder: String) throws -> [KeyID] {
    try FileIO.names(in: folder).compactMap { name in
      guard name.hasPrefix("epoch-"), name.hasSuffix(".key") else { return nil }
      return KeyID(hex: name.dropFirst(6).dropLast(4))
    }.sorted()
  }

  package func createEpochKey(_ id: KeyID) throws {
    try write(Self.epochFile(id), environment.secret())
  }

  package func epochKey(_ id: KeyID) throws -> SecretBytes? {
    guard FileIO.exists("\(folder)/\(Self.epochFile(id))") else { return nil }
    return try read(Self.epochFile(id))
  }

  package func destroyEpochKey(_ id: KeyID) throws {
    try FileIO.destroy("\(folder)/\(Self.epochFile(id))")
  }

  /// Keeps an epoch key under another name, where nothing uses it.
  func setAsideEpochKey(_ id: KeyID) throws {
    try SetAside.move("\(folder)/\(Self.epochFile(id))")
  }

  /// Whether the file of an epoch key is there, under its own name or set aside.
  func keeps(_ id: KeyID) throws -> Bool {
    try FileIO.names(in: folder).contains { $0.hasPrefix(Self.epochFile(id)) }
  }

  package func signingKey() throws -> SigningKey {
    SigningKey(seed: try signingSeed())
  }

  /// For key backups only.
  func signingSeed() throws -> SecretBytes { try read(Self.signingFile) }

  fileprivate static func epochFile(_ id: KeyID) -> String { "epoch-\(id).key" }

  private func aad(_ name: String) -> [UInt8] {
    Array("custody/secret-file/v1\n".utf8) + ledgerID.bytes + Array(name.utf8)
  }

  private func write(_ name: String, _ secret: SecretBytes) throws {
    let nonce = environment.value(Nonce.self)
    let sealed = XAES256GCM(key: root).seal(secret, nonce: nonce, aad: aad(name))
    try FileIO.create("\(folder)/\(name)", nonce.bytes + sealed, mode: 0o600)
  }

  private func read(_ name: String) throws -> SecretBytes {
    let path = "\(folder)/\(name)"
    let bytes = try FileIO.readSecret(path).bytes
    guard let nonce = Nonce(bytes.prefix(Nonce.byteCount)),
      let secret = XAES256GCM(key: root).open(
        Array(bytes.dropFirst(Nonce.byteCount)), nonce: nonce, aad: aad(name)),
      secret.count == 32
    else {
      throw CustodyError(
        .wrongPassphrase,
        "\(path) does not open: the passphrase or the root key is another one, or the file is "
          + "damaged or from another store.")
    }
    return secret
  }
}
