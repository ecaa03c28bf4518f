/// Why an age file could not be sealed or opened, or the text of a key not be read.
///
/// Nothing of the plaintext comes out beside an error: a file opens whole or not at all.
package enum AgeError: Error, Hashable, Sendable {
  /// The text is not Bech32; ask for it again, it was mistyped or cut.
  case malformedKey(Bech32Error)

  /// The text is sound Bech32 of another kind: a recipient where an identity belongs, the other way
  /// round, a plugin's key, or a key in the wrong case. Ask for an `age1…` or `AGE-SECRET-KEY-1…`.
  case otherKindOfKey

  /// A key has this many bytes, not `AgeIdentity.byteCount`; ask for another one.
  case keyByteCount(Int)

  /// A file cannot be sealed to so few or so many recipients; name between one and
  /// `AgeFile.recipientCountMax`.
  case recipientCount(Int)

  /// The random source answered with another number of bytes than it was asked for; mend the
  /// source.
  case randomByteCount(wanted: Int, got: Int)

  /// A public key or an ephemeral share lets anybody compute the shared secret; trust neither it
  /// nor where it comes from.
  case lowOrderPoint

  /// The file does not begin as a binary age file does; it is something else, or in ASCII armor,
  /// which `age` can take off.
  case notAge

  /// The file is of a later version of the format; open it with a newer `age`.
  case unsupportedVersion

  /// This line of the header, counted from 1, breaks the format's grammar or limits; fetch the file
  /// again.
  case malformedHeader(line: Int)

  /// No stanza of the header is sealed to this identity; try another identity.
  case noMatch

  /// The header is not the one that the file was sealed with; fetch the file again.
  case headerMismatch

  /// The file ends before its header or payload does; fetch the file again.
  case truncated

  /// This chunk of the payload, counted from 0, was changed, moved, added, or is wrongly the last;
  /// fetch the file again.
  case damagedChunk(Int)

  /// OpenSSL failed with this code (`openssl errstr` explains it): it is out of memory, or built or
  /// configured without X25519, ChaCha20-Poly1305 or HMAC.
  case openSSL(code: UInt)
}
