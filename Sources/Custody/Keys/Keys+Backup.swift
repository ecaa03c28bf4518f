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
    let parsed = try recipients.map { text in
      do {
        return try AgeRecipient(text)
      } catch {
        throw CustodyError(
          .usage, "A recipient is no age recipient (age1...). Make one with: age-keygen",
          cause: error)
      }
    }
    guard !parsed.isEmpty else { throw CustodyError(.usage, "Name at least one recipient.") }
    var plain = try folder.keyBackup(expires: expires)
    defer { plain.wipe() }
    let sealed: [UInt8]
    do {
      sealed = try AgeFile.seal(plain, to: parsed) { folder.environment.random($0) }
    } catch {
      throw CustodyError(.usage, "A recipient cannot be sealed to.", cause: error)
    }
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
