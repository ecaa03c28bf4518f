import CustodyModel
import CustodyStore

extension Keys {
  /// Writes keyring, epoch keys and signing key, sealed in the age format.
  ///
  /// - Parameters:
  ///   - recipients: age recipients (`age1…`); any one of their identities opens the backup.
  ///   - expires: until when the file will be kept; recorded in the ledger.
  /// - Returns: the age file. The caller writes it to a place apart from data backups.
  /// - Throws: `usage` for a malformed recipient or a date that has passed.
  public func backup(to recipients: [String], expires: Timestamp) async throws -> [UInt8] {
    let now = folder.environment.now()
    guard expires > now else {
      throw CustodyError(.usage, "The backup would expire before it is made: \(expires).")
    }
    let recipients = try Recipients(recipients)
    var plain = try folder.keyBackup(expires: expires)
    defer { plain.wipe() }
    let sealed = try recipients.seal(plain, folder.environment)
    let event = BackupTaken(
      kind: "keys", expires: expires.description,
      digest: "sha256:\(SHA256.hash(sealed))", epoch: try epoch().hex)
    let sealing = SealingService(folder: folder, actor: actor)
    _ = try await folder.ledger().append(
      try sealing.seal(
        [
          NewEvent(
            stream: "backups", type: BackupTaken.type, typeVersion: BackupTaken.version,
            content: event.content)
        ]))
    return sealed
  }
}
