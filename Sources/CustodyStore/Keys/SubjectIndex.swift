import CustodyLedger

/// How people are looked up in keys.sqlite: by a keyed hash of what they are called outside, in rows
/// that only who has the index key can make. For one thread at a time.
final class SubjectIndex {
  /// Whose key it is: a row of subject, and one of subject_key when an identifier leads there.
  struct Row: Sendable {
    /// Nil for a key that no identifier leads to, because another has its place.
    let hash: Digest?
    let dataClass: String
    let keyID: KeyID
    let subjectID: KeyID
  }

  /// The first byte of what the index key hashes: an identifier is never taken for a row.
  private enum Purpose {
    static let identifier: UInt8 = 0
    static let subjectKeyRow: UInt8 = 1
    static let subjectRow: UInt8 = 2
  }

  private let hmac: RepeatedHMAC

  init(key: SecretBytes) { hmac = RepeatedHMAC(key: key) }

  /// HMAC-SHA-256 of an outside identifier under the ledger's random index key.
  func hash(_ identifier: String) -> Digest {
    code([Purpose.identifier] + Array(identifier.utf8))
  }

  /// Binds a row of subject_key, or of subject without a hash: whoever can write keys.sqlite but
  /// lacks the keys cannot give one person another's key, which would be destroyed in its stead.
  func tag(_ row: Row) -> Digest {
    guard let hash = row.hash else { return tag(row.subjectID, row.dataClass, row.keyID) }
    return code(
      [Purpose.subjectKeyRow] + hash.bytes + row.keyID.bytes + row.subjectID.bytes
        + Array(row.dataClass.utf8))
  }

  func tag(_ subjectID: KeyID, _ dataClass: String, _ keyID: KeyID) -> Digest {
    code([Purpose.subjectRow] + subjectID.bytes + keyID.bytes + Array(dataClass.utf8))
  }

  func check(_ stored: Digest, _ expected: Digest) throws {
    guard stored.equalsInConstantTime(expected) else {
      throw CustodyError(
        .damaged, "A row of keys.sqlite was changed: it gives a person another's key.")
    }
  }

  private func code(_ bytes: [UInt8]) -> Digest { bytes.withUnsafeBytes { hmac.code($0) } }
}
