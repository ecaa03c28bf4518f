import CustodyLedger
import CustodyModel
import Foundation
import GRDB

/// What a key backup holds: enough to open every content and to sign again.
///
/// A JSON object: `custody` (the kind and version), `ledger`, `created`, `expires`, `signing` (the
/// seed), `epochs` (`id`, `key`), `keys` (rows of data_key) and `subjects` (rows of subject_key),
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
    writer.member("signing", json: try provider.signingSeed().withUnsafeBytes { quoted($0) })
    let epochs = try Set(rows.keys.map(\.epoch)).sorted().map { id in
      guard let key = try provider.epochKey(id) else {
        throw CustodyError(.keyDestroyed, "Epoch key \(id) is gone; there is nothing to back up.")
      }
      return #"{"id":"\#(id)","key":\#(key.withUnsafeBytes { quoted($0) })}"#
    }
    writer.member("epochs", json: "[\(epochs.joined(separator: ","))]")
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
      object.member("hash", subject.hash.hex)
      object.member("class", subject.dataClass)
      object.member("key", subject.keyID.hex)
      object.member("subject", subject.subjectID.hex)
      return object.object
    }
    writer.member("subjects", json: "[\(subjects.joined(separator: ","))]")
    return Array(writer.object.utf8)
  }

  private func quoted(_ secret: UnsafeRawBufferPointer) -> String { "\"\(Hex.encode(secret))\"" }
}

extension Keyring {
  /// The rows of keys.sqlite, as a backup keeps them: still wrapped.
  struct Rows {
    struct Key {
      let id: KeyID
      let purpose: String
      let dataClass: String?
      let epoch: KeyID
      let nonce: Nonce
      let wrapped: [UInt8]
    }
    struct Subject {
      let hash: Digest
      let dataClass: String
      let keyID: KeyID
      let subjectID: KeyID
    }
    let keys: [Key]
    let subjects: [Subject]
  }

  func rows() throws -> Rows {
    try connection.read { db in
      let keys = try Row.fetchAll(
        db, sql: "SELECT id, purpose, class, epoch, nonce, wrapped FROM data_key ORDER BY id"
      ).map { row in
        Rows.Key(
          id: try Self.column(row, 0), purpose: row[1], dataClass: row[2],
          epoch: try Self.column(row, 3), nonce: try Self.column(row, 4),
          wrapped: [UInt8](row[5] as Data))
      }
      let subjects = try Row.fetchAll(
        db,
        sql: """
          SELECT subject_hash, class, key_id, subject_id FROM subject_key
          ORDER BY subject_hash, class
          """
      ).map { row in
        Rows.Subject(
          hash: try Self.column(row, 0), dataClass: row[1], keyID: try Self.column(row, 2),
          subjectID: try Self.column(row, 3))
      }
      return Rows(keys: keys, subjects: subjects)
    }
  }
}
