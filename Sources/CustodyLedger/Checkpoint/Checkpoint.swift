/// What a ledger signs: its origin, how many events it has, and their tree root.
///
/// C2SP tlog-checkpoint: three lines and, in Custody, no extension lines.
public struct Checkpoint: Hashable, Sendable {
  /// Which life of which ledger it is about; also the name of the key that signs it.
  public let origin: Origin
  /// How many events it covers, positions 0 to `size - 1`; 0 for an empty ledger.
  public let size: Int
  /// The tree root over the leaves of those events; ``Digest/emptyTree`` when there are none.
  public let root: Digest

  /// What somebody says of a ledger, signed by nobody yet; `size` is not negative.
  public init(origin: Origin, size: Int, root: Digest) {
    self.origin = origin
    self.size = size
    self.root = root
  }

  /// The text that is signed.
  public var text: String { "\(origin)\n\(size)\n\(Base64.encode(root.bytes))\n" }

  /// Reads the text of a note; nothing is verified.
  ///
  /// Whoever needs a checkpoint to trust makes a ``SignedCheckpoint``.
  ///
  /// - Throws: ``CheckpointError`` at the first line that is not exactly as the format says.
  public init(text: String) throws(CheckpointError) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 4, lines.popLast() == "" else { throw .malformed }
    guard lines.count == 3 else { throw .extensionLines }
    guard let origin = Origin(lines[0]) else { throw .origin }
    guard let size = Decimal.parse(lines[1].utf8) else { throw .size }
    guard let bytes = Base64.decode(lines[2]), let root = Digest(bytes) else { throw .root }
    self.init(origin: origin, size: size, root: root)
  }

  /// What a note says, whoever signed it; nil when it says something else than a checkpoint.
  package init?(unverified note: String) {
    guard let parsed = try? SignedNote(parsing: note) else { return nil }
    try? self.init(text: parsed.text)
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
///
/// Get the note again from whoever keeps it: nothing in such a text is worth believing in part.
public enum CheckpointError: Error, Equatable {
  /// Fewer than three lines, or the last one without its newline.
  case malformed
  /// More than three lines: another kind of log's, for Custody signs no extension lines.
  case extensionLines
  /// The first line is no ``Origin``.
  case origin
  /// The second line is no number below 2⁶³, or one with a sign or a leading zero.
  case size
  /// The third line is not the canonical base64 of 32 bytes.
  case root
}

/// A checkpoint whose ledger's signature was verified. There is no other way to make one.
public struct SignedCheckpoint: Hashable, Sendable {
  /// What the ledger vouches for.
  public let checkpoint: Checkpoint
  /// The note it was read from, with every signature line, to be stored or passed on.
  public let note: SignedNote

  /// Verifies `text` as a checkpoint signed by one of `keys`.
  ///
  /// A key given for one incarnation is trusted for its public key under every incarnation of the
  /// same ledger. Lines by keys that are not given are ignored; a line by a given key that does not
  /// verify, a witness's too, refuses the note, whatever its other lines are.
  ///
  /// - Throws: ``SignedCheckpointError``, whose cases say what to do.
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
    guard Cosignature.verified(on: note, witnesses: keys) != nil else { throw .wrongSignature }
    self.checkpoint = checkpoint
    self.note = note
  }
}

/// Why a note does not prove a checkpoint.
public enum SignedCheckpointError: Error, Equatable {
  /// The text is not a signed note; get it again.
  case note(NoteError)
  /// The note says something else than a checkpoint; get the right one.
  case checkpoint(CheckpointError)
  /// None of the given keys is this ledger's; ask its owner for the verifier key.
  case unknownLedger(Origin)
  /// No line by a given key: another key of the ledger signed, or nobody did.
  case notSigned
  /// A line by a given key, over another text: the note was changed. Do not trust its source.
  case wrongSignature
}
