/// A C2SP tlog-proof: one event's inclusion under a signed checkpoint, as text.
///
/// The `extra` line carries the event's header. It is not authenticated by itself: the header's
/// leaf is what the path is checked for.
package struct ProofFile: Sendable {
  package static let firstLine = "c2sp.org/tlog-proof@v1"

  package let header: Header
  package let index: Int
  package let path: [Digest]
  /// The signed note, verbatim.
  package let checkpoint: String

  package init(header: Header, index: Int, path: [Digest], checkpoint: String) {
    self.header = header
    self.index = index
    self.path = path
    self.checkpoint = checkpoint
  }

  package var encoded: String {
    var text = "\(Self.firstLine)\nextra \(Base64.encode(header.bytes))\nindex \(index)\n"
    for hash in path { text += Base64.encode(hash.bytes) + "\n" }
    return text + "\n" + checkpoint
  }

  /// - Throws: ``ProofFileError`` when the text is no proof of this shape; nothing is verified.
  package init(parsing text: String) throws(ProofFileError) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count > 3, lines[0] == Self.firstLine else { throw .notAProof }
    guard lines[1].hasPrefix("extra "), let bytes = Base64.decode(lines[1].dropFirst(6)) else {
      throw .extra
    }
    do { header = try Header(parsing: bytes) } catch { throw .header(error) }
    guard lines[2].hasPrefix("index "), let index = Decimal.parse(lines[2].dropFirst(6).utf8) else {
      throw .index
    }
    self.index = index
    var path: [Digest] = []
    var at = 3
    while at < lines.count, !lines[at].isEmpty {
      guard path.count < TreeProof.hashCountMax, let bytes = Base64.decode(lines[at]),
        let hash = Digest(bytes)
      else { throw .hash }
      path.append(hash)
      at += 1
    }
    guard at < lines.count else { throw .noCheckpoint }
    self.path = path
    checkpoint = lines[(at + 1)...].joined(separator: "\n")
  }

  /// The checkpoint under which the event is proved to be in the ledger.
  package func verify(keys: [VerifierKey]) throws(ProofFileError) -> SignedCheckpoint {
    let signed: SignedCheckpoint
    do {
      signed = try SignedCheckpoint(verifying: checkpoint, keys: keys)
    } catch {
      throw .checkpoint(error)
    }
    try check(under: signed)
    return signed
  }

  /// The same under a checkpoint whose signature was verified.
  package func check(under signed: SignedCheckpoint) throws(ProofFileError) {
    guard header.place.position.value == index,
      header.claim.ledgerID == signed.checkpoint.origin.ledgerID
    else { throw .anotherEvent }
    var chain = HeaderChain(ledgerID: header.claim.ledgerID, from: index)
    do { _ = try chain.append(header) } catch { throw .fault(error) }
    guard
      TreeProof.includes(
        header.leaf, index: index, size: signed.checkpoint.size, path: path,
        root: signed.checkpoint.root)
    else { throw .notIncluded }
  }
}

/// Why a text proves nothing.
package enum ProofFileError: Error, Equatable {
  case notAProof
  case extra
  case header(HeaderError)
  case index
  case hash
  case noCheckpoint
  case checkpoint(SignedCheckpointError)
  /// The header is of another position or ledger than index and checkpoint say.
  case anotherEvent
  /// The header breaks a rule of the format.
  case fault(HeaderFault)
  case notIncluded
}
