/// What a ledger signs: its origin, how many events it has, and their tree root.
///
/// C2SP tlog-checkpoint: three lines and, in Custody, no extension lines.
public struct Checkpoint: Hashable, Sendable {
  public let origin: Origin
  public let size: Int
  public let root: Digest

  public init(origin: Origin, size: Int, root: Digest) {
    self.origin = origin
    self.size = size
    self.root = root
  }

  /// The text that is signed.
  public var text: String { "\(origin)\n\(size)\n\(Base64.encode(root.bytes))\n" }

  /// - Throws: ``CheckpointError`` when the text of a note is no checkpoint.
  public init(text: String) throws(CheckpointError) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 4, lines.popLast() == "" else { throw .malformed }
    guard lines.count == 3 else { throw .extensionLines }
    guard let origin = Origin(lines[0]) else { throw .origin }
    guard let size = Decimal.parse(lines[1].utf8) else { throw .size }
    guard let bytes = Base64.decode(lines[2]), let root = Digest(bytes) else { throw .root }
    self.init(origin: origin, size: size, root: root)
  }

  /// A note of this checkpoint, signed under its origin's name.
  package func signed(by key: SigningKey) -> SignedNote {
    let verifier = VerifierKey(
      name: origin.description, algorithm: .ed25519, publicKey: key.publicKey)
    let signature = SignedNote.Signature(
      name: verifier.name, keyID: verifier.keyID, bytes: key.sign(Array(text.utf8)))
    return SignedNote(text: text, signatures: [signature])
  }
}

/// Why a note's text is not a checkpoint of a Custody ledger.
public enum CheckpointError: Error, Equatable {
  case malformed
  case extensionLines
  case origin
  case size
  case root
}

/// A checkpoint whose ledger's signature was verified. There is no other way to make one.
public struct SignedCheckpoint: Hashable, Sendable {
  public let checkpoint: Checkpoint
  public let note: SignedNote

  /// Verifies `text` as a checkpoint signed by one of `keys`.
  ///
  /// A key given for one incarnation is trusted for its public key under every incarnation of the
  /// same ledger.
  ///
  /// - Throws: ``SignedCheckpointError``.
  public init(verifying text: String, keys: [VerifierKey]) throws(SignedCheckpointError) {
    let note: SignedNote
    let checkpoint: Checkpoint
    do { note = try SignedNote(parsing: text) } catch { throw .note(error) }
    do { checkpoint = try Checkpoint(text: note.text) } catch { throw .checkpoint(error) }
    try self.init(verifying: note, checkpoint, keys: keys)
  }

  init(
    verifying note: SignedNote, _ checkpoint: Checkpoint, keys: [VerifierKey]
  ) throws(SignedCheckpointError) {
    let trusted = keys.filter { key in
      key.algorithm == .ed25519
        && Origin(key.name).map { $0.isSameLedger(as: checkpoint.origin) } == true
    }
    guard !trusted.isEmpty else { throw .unknownLedger(checkpoint.origin) }
    let message = Array(note.text.utf8)
    var isSigned = false
    for key in trusted {
      let named = VerifierKey(
        name: checkpoint.origin.description, algorithm: .ed25519, publicKey: key.publicKey)
      for signature in note.signatures(by: named) {
        // signed-note: a known key whose signature does not verify rejects the whole note.
        guard key.publicKey.verifies(signature.bytes, over: message) else { throw .wrongSignature }
        isSigned = true
      }
    }
    guard isSigned else { throw .notSigned }
    self.checkpoint = checkpoint
    self.note = note
  }
}

/// Why a note does not prove a checkpoint.
public enum SignedCheckpointError: Error, Equatable {
  case note(NoteError)
  case checkpoint(CheckpointError)
  /// None of the given keys is this ledger's.
  case unknownLedger(Origin)
  /// No line by a given key.
  case notSigned
  /// A line by a given key, over another text.
  case wrongSignature
}
