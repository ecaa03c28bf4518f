/// A witness's word that it saw a checkpoint, consistent with every one it saw before.
///
/// C2SP tlog-cosignature: the signature line carries "a big-endian 64-bit POSIX time" and an
/// Ed25519 signature over "cosignature/v1\ntime <decimal>\n" and the checkpoint's text.
package struct Cosignature: Sendable {
  package let witness: VerifierKey
  /// Seconds since 1970.
  package let time: UInt64

  private static func message(_ text: String, time: UInt64) -> [UInt8] {
    Array("cosignature/v1\ntime \(time)\n\(text)".utf8)
  }

  /// The signature line of the witness `name` over a checkpoint's text.
  package static func sign(
    _ text: String, name: String, time: UInt64, key: SigningKey
  ) -> SignedNote.Signature {
    let verifier = VerifierKey(name: name, algorithm: .cosignature, publicKey: key.publicKey)
    var writer = ByteWriter(capacity: 72)
    writer.write(time)
    writer.write(key.sign(message(text, time: time)))
    return SignedNote.Signature(name: name, keyID: verifier.keyID, bytes: writer.bytes)
  }

  /// The cosignatures of `witnesses` on a note; nil when one of theirs does not verify.
  package static func verified(on note: SignedNote, witnesses: [VerifierKey]) -> [Cosignature]? {
    var found: [Cosignature] = []
    for witness in witnesses where witness.algorithm == .cosignature {
      for signature in note.signatures(by: witness) {
        var reader = ByteReader(signature.bytes)
        guard let time = reader.read(UInt64.self), time <= UInt64(Int64.max),
          witness.publicKey.verifies(
            Array(reader.remaining), over: message(note.text, time: time))
        else { return nil }
        found.append(Cosignature(witness: witness, time: time))
      }
    }
    return found
  }
}
