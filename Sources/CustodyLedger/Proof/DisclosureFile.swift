/// One event's content with the salt that its commitment was made with, and the proof that the ledger
/// has it: for one reader, who needs no key.
package struct DisclosureFile: Sendable {
  package static let firstLine = "custody/disclosure@v1"

  package let salt: Digest
  package let content: [UInt8]
  package let proof: ProofFile

  package init(salt: Digest, content: [UInt8], proof: ProofFile) {
    self.salt = salt
    self.content = content
    self.proof = proof
  }

  package var encoded: String {
    "\(Self.firstLine)\nsalt \(Base64.encode(salt.bytes))\ncontent \(Base64.encode(content))\n\n"
      + proof.encoded
  }

  /// - Throws: ``DisclosureFileError`` when the text is no disclosure of this shape; nothing is
  ///   verified.
  package init(parsing text: String) throws(DisclosureFileError) {
    let lines = text.split(separator: "\n", maxSplits: 4, omittingEmptySubsequences: false)
    guard lines.count == 5, lines[0] == Self.firstLine else { throw .notADisclosure }
    guard lines[1].hasPrefix("salt "), let salt = Base64.decode(lines[1].dropFirst(5)),
      let salt = Digest(salt)
    else { throw .salt }
    guard lines[2].hasPrefix("content "), let content = Base64.decode(lines[2].dropFirst(8)) else {
      throw .content
    }
    guard lines[3].isEmpty else { throw .notADisclosure }
    do { proof = try ProofFile(parsing: String(lines[4])) } catch { throw .proof(error) }
    self.salt = salt
    self.content = content
  }

  /// The checkpoint under which the content is proved to be the one of the event.
  package func verify(keys: [VerifierKey]) throws(DisclosureFileError) -> SignedCheckpoint {
    let signed: SignedCheckpoint
    do { signed = try proof.verify(keys: keys) } catch { throw .proof(error) }
    guard isContent else { throw .anotherContent }
    return signed
  }

  /// Whether salt and content are what the header committed to.
  package var isContent: Bool {
    let commitment = content.withUnsafeBytes {
      ContentSealer().commitment(salt: salt, content: $0)
    }
    return commitment == proof.header.seal.commitment
      && (!proof.header.claim.keyIDs.isEmpty || salt == Digest())
  }
}

/// Why a text discloses nothing.
package enum DisclosureFileError: Error, Equatable {
  case notADisclosure
  case salt
  case content
  case proof(ProofFileError)
  /// Salt and content are not what the event committed to.
  case anotherContent
}
