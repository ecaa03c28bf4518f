import CustodyLedger
import CustodyStore

/// Seals texts of rows and opens them again. For one thread at a time.
///
/// ```
/// value  ids ‖ nonce 24 ‖ XAES-256-GCM(K, nonce, aad = place ‖ ids,
///                                      text ‖ 0x80 ‖ zeros to a multiple of 32)
/// ids    u8 n ‖ n × key id 16
/// place  u16 length ‖ column ‖ u8 n ‖ n × i64 of the row
/// nonce  the first 24 bytes of HMAC-SHA-256(N, place ‖ ids ‖ text)
/// ```
///
/// K is made of the data keys as for events, N of K with HKDF. The nonce follows from what is sealed:
/// a projection is a function of its events, down to the bytes of its rows. Equal texts in one place
/// give equal bytes, and in different places different ones. Computing the nonce again binds a value
/// to its key, which GCM alone does not.
package final class SealedColumns: @unchecked Sendable {
  private static let paddingBlock = 32
  /// Ciphers kept: texts of a batch are about few people at a time.
  private static let cipherCountMax = 1024

  private struct Known {
    let keys: [SecretBytes]
    let cipher: XAES256GCM
    let nonces: RepeatedHMAC
  }

  private let keys: LedgerStore.Keys
  private var known: [[KeyID]: Known] = [:]
  /// Of people who come no more; going on under another key costs less than another cipher.
  private var spare: [(cipher: XAES256GCM, nonces: RepeatedHMAC)] = []

  package init(keys: @escaping LedgerStore.Keys) { self.keys = keys }

  /// The value for a column.
  ///
  /// - Parameters:
  ///   - keyIDs: the data keys that seal it, 1 to 8, ascending.
  ///   - column: table and column, without projection and version: versions seal alike.
  ///   - row: what tells the row from others of its table.
  /// - Returns: nil when one of the keys is gone.
  package func seal(
    _ text: [UInt8], under keyIDs: [KeyID], in column: String, _ row: [Int64]
  ) throws -> [UInt8]? {
    precondition((1...Claim.keyCountMax).contains(keyIDs.count))
    guard let known = try cipher(of: keyIDs) else { return nil }
    let ids = Self.ids(keyIDs)
    let place = Self.place(column, row)
    let nonce = Self.nonce(known.nonces, place, ids, text)
    var plaintext = text
    plaintext.append(0x80)
    while !plaintext.count.isMultiple(of: Self.paddingBlock) { plaintext.append(0) }
    let sealed = known.cipher.seal(
      SecretBytes(wiping: &plaintext), nonce: nonce, aad: place + ids)
    return ids + nonce.bytes + sealed
  }

  /// The text of a value.
  ///
  /// - Returns: nil when one of its keys is gone.
  /// - Throws: `damaged` when it is not what was sealed in that place.
  package func open(
    _ value: UnsafeRawBufferPointer, in column: String, _ row: [Int64]
  ) throws -> [UInt8]? {
    var reader = ByteReader(Array(value))
    guard let count = reader.read(UInt8.self), (1...Claim.keyCountMax).contains(Int(count)) else {
      throw Self.damaged
    }
    var keyIDs: [KeyID] = []
    for _ in 0..<count {
      guard let id = reader.read(KeyID.self) else { throw Self.damaged }
      keyIDs.append(id)
    }
    guard let nonce = reader.read(Nonce.self) else { throw Self.damaged }
    guard let known = try cipher(of: keyIDs) else { return nil }
    let ids = Self.ids(keyIDs)
    let place = Self.place(column, row)
    guard
      let plaintext = known.cipher.open(
        Array(reader.remaining), nonce: nonce, aad: place + ids)
    else { throw Self.damaged }
    let text: [UInt8]? = plaintext.withUnsafeBytes { bytes in
      guard let end = bytes.lastIndex(where: { $0 != 0 }), bytes[end] == 0x80 else { return nil }
      return Array(bytes[..<end])
    }
    guard let text, Self.nonce(known.nonces, place, ids, text).equalsInConstantTime(nonce) else {
      throw Self.damaged
    }
    return text
  }

  private static let damaged = CustodyError(
    .damaged, "projections.sqlite is not as Custody writes it. Run: custody projection rebuild")

  private static func ids(_ keyIDs: [KeyID]) -> [UInt8] {
    [UInt8(keyIDs.count)] + keyIDs.flatMap(\.bytes)
  }

  private static func place(_ column: String, _ row: [Int64]) -> [UInt8] {
    var writer = ByteWriter()
    writer.writeString(column)
    writer.write(UInt8(row.count))
    for part in row { writer.write(part) }
    return writer.bytes
  }

  private static func nonce(
    _ nonces: RepeatedHMAC, _ place: [UInt8], _ ids: [UInt8], _ text: [UInt8]
  ) -> Nonce {
    let code = place.withUnsafeBytes { place in
      ids.withUnsafeBytes { ids in
        text.withUnsafeBytes { nonces.code(place, ids, $0) }
      }
    }
    return code.withUnsafeBytes {
      Nonce(loading: UnsafeRawBufferPointer(rebasing: $0[..<Nonce.byteCount]))
    }
  }

  private func cipher(of keyIDs: [KeyID]) throws -> Known? {
    guard let secrets = try JointKey.secrets(of: keyIDs, keys) else {
      known[keyIDs] = nil
      return nil
    }
    if let known = known[keyIDs], known.keys.elementsEqual(secrets, by: ===) {
      return known
    }
    if known.count >= Self.cipherCountMax {
      spare = known.values.map { ($0.cipher, $0.nonces) }
      known.removeAll(keepingCapacity: true)
    }
    let base = secrets.count == 1 ? secrets[0] : JointKey.derive(secrets)
    let nonceKey = try base.withUnsafeBytes {
      try KeyDerivation.hkdf(
        $0, salt: [], info: Array("custody/sealed-column/v1".utf8), count: 32)
    }
    let made: Known
    if let (cipher, nonces) = spare.popLast() {
      cipher.rekey(base)
      nonces.rekey(nonceKey)
      made = Known(keys: secrets, cipher: cipher, nonces: nonces)
    } else {
      made = Known(
        keys: secrets, cipher: XAES256GCM(key: base), nonces: RepeatedHMAC(key: nonceKey))
    }
    known[keyIDs] = made
    return made
  }
}
