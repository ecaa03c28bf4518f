import CustodyLedger
import CustodyModel

extension KeyBackup {
  /// A key backup as it was opened: wrapped keys, and what unwraps them.
  package struct Contents: Sendable {
    package let ledgerID: LedgerID
    package let created: Timestamp
    package let expires: Timestamp
    let rows: Keyring.Rows
    let signingSeed: SecretBytes
    let epochs: [KeyID: SecretBytes]

    /// Reads what an age file held; the caller wipes `plain`.
    ///
    /// - Throws: `invalidInput` when it is no key backup of this version.
    package init(_ plain: [UInt8]) throws {
      guard let reader = MemberReader(plain), reader.string("custody") == KeyBackup.kind else {
        throw CustodyError(
          .invalidInput, "The file is sealed to this identity, and is no key backup of Custody's.")
      }
      guard let ledger = reader.string("ledger").flatMap({ LedgerID(uuid: $0) }),
        let created = reader.string("created").flatMap({ Timestamp($0) }),
        let expires = reader.string("expires").flatMap({ Timestamp($0) }),
        let keys = try reader.objects("keys")?.map(Self.key),
        let subjects = try reader.objects("subjects")?.map(Self.subject)
      else { throw Self.malformed }
      ledgerID = ledger
      self.created = created
      self.expires = expires
      rows = Keyring.Rows(keys: keys, subjects: subjects)
      (signingSeed, epochs) = try plain.withUnsafeBytes { try Self.secrets($0) }
    }

    private static let malformed = CustodyError(
      .invalidInput, "The key backup is not as Custody writes one: it was changed, or cut short.")

    private static func key(_ row: MemberReader) throws -> Keyring.Rows.Key {
      guard let id = row.string("id").flatMap({ KeyID(hex: $0) }),
        let purpose = row.string("purpose"), Keyring.Purpose(rawValue: purpose) != nil,
        let epoch = row.string("epoch").flatMap({ KeyID(hex: $0) }),
        let nonce = row.string("nonce").flatMap({ Nonce(hex: $0) }),
        let wrapped = row.string("wrapped").flatMap({ Hex.decode($0.utf8) })
      else { throw malformed }
      return Keyring.Rows.Key(
        id: id, purpose: purpose, dataClass: row.string("class"), epoch: epoch, nonce: nonce,
        wrapped: wrapped)
    }

    private static func subject(_ row: MemberReader) throws -> SubjectIndex.Row {
      let text = row.string("hash")
      let hash = text.flatMap { Digest(hex: $0) }
      guard (hash == nil) == (text == nil), let dataClass = row.string("class"),
        let key = row.string("key").flatMap({ KeyID(hex: $0) }),
        let subject = row.string("subject").flatMap({ KeyID(hex: $0) })
      else { throw malformed }
      return SubjectIndex.Row(hash: hash, dataClass: dataClass, keyID: key, subjectID: subject)
    }

    // MARK: - Secrets

    /// Straight from the bytes that the caller wipes: no `String` ever holds a key.
    private static func secrets(
      _ plain: UnsafeRawBufferPointer
    ) throws -> (seed: SecretBytes, epochs: [KeyID: SecretBytes]) {
      let object = try members(plain)
      var epochs: [KeyID: SecretBytes] = [:]
      let list = try slice(object, "epochs", plain)
      guard let elements = try? JSONText.elements(list) else { throw malformed }
      for range in elements {
        let element = UnsafeRawBufferPointer(rebasing: list[range])
        let parts = try members(element)
        guard let text = JSONText.string(try slice(parts, "id", element)),
          let id = KeyID(hex: text)
        else { throw malformed }
        epochs[id] = try secret(slice(parts, "key", element))
      }
      return (try secret(slice(object, "signing", plain)), epochs)
    }

    private static func members(_ bytes: UnsafeRawBufferPointer) throws -> [JSONText.Member] {
      guard let members = try? JSONText.members(bytes) else { throw malformed }
      return members
    }

    private static func slice(
      _ members: [JSONText.Member], _ name: String, _ bytes: UnsafeRawBufferPointer
    ) throws -> UnsafeRawBufferPointer {
      guard let member = members.first(where: { $0.name == name }) else { throw malformed }
      return UnsafeRawBufferPointer(rebasing: bytes[member.range])
    }

    /// 64 hexadecimal digits in quotes.
    private static func secret(_ quoted: UnsafeRawBufferPointer) throws -> SecretBytes {
      guard quoted.count == 66,
        var bytes = Hex.decode(UnsafeRawBufferPointer(rebasing: quoted[1..<65]))
      else { throw malformed }
      return SecretBytes(wiping: &bytes)
    }
  }
}
