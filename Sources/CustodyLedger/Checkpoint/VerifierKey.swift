/// The public half of a note's key: `name+hex(key id)+base64(type ‖ public key)`.
public struct VerifierKey: Hashable, Sendable, CustomStringConvertible {
  /// Signature types of C2SP signed-note that Custody verifies.
  public enum Algorithm: UInt8, Sendable {
    /// A log's signature over the note's text.
    case ed25519 = 0x01
    /// A witness's cosignature, with the time at which it was made.
    case cosignature = 0x04
  }

  /// Whose key it is: an origin for a ledger, a name of its own for a witness. No space, no `+`.
  public let name: String
  /// Which kind of signature the key verifies.
  public let algorithm: Algorithm
  package let publicKey: PublicKey

  package init(name: String, algorithm: Algorithm, publicKey: PublicKey) {
    self.name = name
    self.algorithm = algorithm
    self.publicKey = publicKey
  }

  /// Reads a key as ``description`` writes it, for example from `custody.yaml` or `--vkey`.
  ///
  /// - Throws: ``VerifierKeyError``.
  public init(_ text: String) throws(VerifierKeyError) {
    let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, SignedNote.isKeyName(parts[0]), parts[1].utf8.count == 8,
      let keyID = UInt32(parts[1], radix: 16), let material = Base64.decode(parts[2])
    else { throw .malformed }
    guard let type = material.first, let algorithm = Algorithm(rawValue: type) else {
      throw .unknownAlgorithm
    }
    guard let key = Digest(material.dropFirst()) else { throw .malformed }
    self.init(name: String(parts[0]), algorithm: algorithm, publicKey: PublicKey(key))
    guard self.keyID == keyID else { throw .wrongKeyID }
  }

  /// "key ID = SHA-256(<key name> || 0x0A || <signature type> || <public key>)[:4]".
  public var keyID: UInt32 {
    var writer = ByteWriter()
    writer.write(Array(name.utf8))
    writer.write(UInt8(0x0a))
    writer.write(algorithm.rawValue)
    writer.write(publicKey.bytes)
    return SHA256.hash(writer.bytes).bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// `<name>+<key id, 8 hexadecimal digits>+<base64(type ‖ public key)>`, to be handed to others.
  public var description: String {
    let id = Hex.encode(withUnsafeBytes(of: keyID.bigEndian) { Array($0) })
    return "\(name)+\(id)+\(Base64.encode([algorithm.rawValue] + publicKey.bytes.bytes))"
  }
}

/// Why a text is not a verifier key.
public enum VerifierKeyError: Error, Equatable {
  /// Not `name+hex+base64` with a key of 32 bytes; ask for the whole line again.
  case malformed
  /// A type of signature that this version does not verify.
  case unknownAlgorithm
  /// The key id is not the one of this name and key: mistyped, or put together by someone.
  case wrongKeyID
}
