import CustodyLedger
import CustodyModel
import Foundation
import GRDB

/// What a key backup holds: enough to open every content and to sign again.
///
/// A JSON object: `custody` (the kind and version), `ledger`, `created`, `expires`, `keys` (rows of
/// data_key), `subjects` (rows of
/// subject_key, and with a null `hash` those of subject that it lacks), `signing` (the seed) and `epochs` (`id`, `key`),
/// bytes as hexadecimal digits. Only ever written sealed to an age recipient.
package enum KeyBackup {
  package static let kind = "key-backup/1"
}

extension StoreFolder {
  /// The keyring, the epoch keys in use and the signing key, as bytes to be sealed and wiped.
  package func keyBackup(expires: Timestamp) throws -> [UInt8] {
    guard let keyring, let provider else {
      throw CustodyError(.usage, "Backing up keys needs the store's secrets.")
    }
    let rows = try keyring.rows()
    var writer = JSONWriter()
    writer.member("custody", KeyBackup.kind)
    writer.member("ledger", ledgerID.uuid)
    writer.member("created", environment.now().description)
    writer.member("expires", expires.description)
    let keys = rows.keys.map { key in
      var object = JSONWriter()
      object.member("id", key.id.hex)
      object.member("purpose", key.purpose)
      object.member("class", key.dataClass)
      object.member("epoch", key.epoch.hex)
      object.member("nonce", key.nonce.hex)
      object.member("wrapped", Hex.encode(key.wrapped))
      return object.object
    }
    writer.member("keys", json: "[\(keys.joined(separator: ","))]")
    let subjects = rows.subjects.map { subject in
      var object = JSONWriter()
      object.member("hash", subject.hash?.hex)
      object.member("class", subject.dataClass)
      object.member("key", subject.keyID.hex)
      object.member("subject", subject.subjectID.hex)
      return object.object
    }
    writer.member("subjects", json: "[\(subjects.joined(separator: ","))]")
    return try Self.adding(
      try provider.signingSeed(),
      try Set(rows.keys.map(\.epoch)).sorted().map { id in
        guard let key = try provider.epochKey(id) else {
          throw CustodyError(.keyDestroyed, "Epoch key \(id) is gone; there is nothing to back up.")
        }
        return (id, key)
      }, to: writer.object)
  }

  /// Secrets go straight into the one buffer that the caller wipes, never into a `String`.
  private static func adding(
    _ seed: SecretBytes, _ epochs: [(id: KeyID, key: SecretBytes)], to object: String
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    // More than enough: a buffer that grows leaves a copy behind.
    bytes.reserveCapacity(object.utf8.count + 256 * (2 + epochs.count))
    func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
    func append(_ secret: SecretBytes) {
      append("\"")
      secret.withUnsafeBytes { Hex.append($0, to: &bytes) }
      append("\"")
    }
    append("\(object.dropLast()),\"signing\":")
    append(seed)
    append(",\"epochs\":[")
    for (index, epoch) in epochs.enumerated() {
      append("\(index == 0 ? "" : ","){\"id\":\"\(epoch.id)\",\"key\":")
      append(epoch.key)
      append("}")
    }
    append("]}")
    return bytes
  }
}

extension Keyring {
  /// The rows of keys.sqlite, as a backup keeps them: still wrapped.
  struct Rows: Sendable {
    struct Key: Sendable {
      let id: KeyID
      let purpose: String
      let dataClass: String?
      let epoch: KeyID
      let nonce: Nonce
      let wrapped: [UInt8]
    }
    var keys: [Key]
    var subjects: [SubjectIndex.Row]
  }

  func rows() throws -> Rows {
    try connection.read { db in
      let keys = try Row.fetchAll(
        db, sql: "SELECT id, purpose, class, epoch, nonce, wrapped FROM data_key ORDER BY id"
      ).map { row in
        Rows.Key(
          id: try row.bytes(0), purpose: try row.decode(atIndex: 1),
          dataClass: try row.decode(atIndex: 2),
          epoch: try row.bytes(3), nonce: try row.bytes(4),
          wrapped: [UInt8](try row.decode(Data.self, atIndex: 5)))
      }
      return Rows(keys: keys, subjects: try subjectRows(db))
    }
  }
}
