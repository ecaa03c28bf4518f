import CustodyLedger
import Testing

/// The checks that both the shared vectors and the project's own examples go through.
extension FormatFile {
  // MARK: Keys and ciphers

  func checkJointKeys() {
    #expect(!jointKeys.isEmpty)
    for joint in jointKeys {
      #expect(JointKey.derive(keys(joint.keyIds)).bytes == joint.key.bytes, "\(joint.keyIds)")
    }
  }

  func checkCiphers() {
    #expect(!xaes.isEmpty)
    for example in xaes {
      let cipher = XAES256GCM(key: secret(example.key.bytes))
      let (nonce, aad) = (example.nonce.fixed(Nonce.self), example.aad.bytes)
      #expect(
        cipher.seal(secret(example.plaintext.bytes), nonce: nonce, aad: aad)
          == example.ciphertext.bytes)
      #expect(
        cipher.open(example.ciphertext.bytes, nonce: nonce, aad: aad)?.bytes
          == example.plaintext.bytes)
      if let key = example.messageKey {
        #expect(
          AES256GCM().seal(
            example.plaintext.bytes, key: key.bytes, nonce: Array(nonce.bytes[12...]), aad: aad)
            == example.ciphertext.bytes)
      }
    }
  }

  // MARK: Events

  func checkEvents() throws {
    let sealer = ContentSealer()
    var previous = Leaf()
    var recordedAt = Timestamp(microseconds: .min)
    var revisions: [String: Int] = [:]
    for (position, event) in events.enumerated() {
      let comment = Comment("position \(position)")
      let claim = try event.makeClaim(in: ledgerId.fixed())
      #expect(claim.bytes == event.claim.bytes, comment)

      let (seal, body) = event.content.bytes.withUnsafeBytes { content in
        if event.isOpen { return (sealer.sealOpenly(Array(content)), Array(content)) }
        let stored =
          event.compressed.map { ContentSealer.Stored(compressed: $0.bytes) }
          ?? ContentSealer.Stored(content, compressing: false)
        return sealer.seal(
          content, stored: stored, claim: claim, claimBytes: claim.bytes,
          keys: keys(event.keyIds), salt: event.salt.fixed())
      }
      #expect(body == event.body.bytes, comment)
      #expect(seal.bodyLength == event.body.bytes.count, comment)
      #expect(seal.bodyHash == event.bodyHash.fixed(), comment)
      #expect(seal.commitment == event.commitment.fixed(), comment)

      let header = Header(
        claim: claim, seal: seal,
        place: Place(
          position: Position(position), previousLeaf: previous,
          recordedAt: Timestamp(microseconds: event.recordedAt),
          revision: Revision(event.revision)))
      #expect(event.position == position && previous == event.previous.fixed(), comment)
      #expect(header.bytes == event.header.bytes, comment)
      #expect(header.leaf == event.leaf.fixed(), comment)
      #expect(LeafHasher().leaf(headerBytes: event.header.bytes) == header.leaf, comment)

      let read = try Header(parsing: event.header.bytes)
      #expect(read == header && read.bytes == event.header.bytes, comment)

      #expect(header.place.recordedAt >= recordedAt, comment)
      #expect(event.revision == revisions[event.stream, default: 0], comment)
      previous = header.leaf
      recordedAt = header.place.recordedAt
      revisions[event.stream, default: 0] += 1
    }
    #expect(Set(events.map(\.eventId.bytes)).count == events.count)
  }

  func checkOpening() throws {
    for event in events where !event.isOpen {
      let comment = Comment("position \(event.position)")
      let opened = try event.open(event.body.bytes, keys: keys(event.keyIds)).get()
      #expect(opened.content == event.content.bytes, comment)
      #expect(opened.salt == event.salt.fixed(), comment)
      if let plaintext = event.plaintext {
        let (keys, cipher) = (keys(event.keyIds), event.nonce.fixed(Nonce.self))
        let opened = XAES256GCM(key: keys.count == 1 ? keys[0] : JointKey.derive(keys)).open(
          event.body.bytes, nonce: cipher, aad: event.claim.bytes)
        #expect(opened?.bytes == plaintext.bytes, comment)
      }
      if let compressed = event.compressed {
        let expanded = compressed.bytes.withUnsafeBytes {
          Deflate.expand($0, limit: ContentSealer.contentSizeMax)
        }
        #expect(expanded == event.content.bytes, comment)
      }
    }
  }

  func checkSystemEvents() throws {
    let explaining = events.filter(\.isOpen)
    var destroyed: Set<KeyID> = []
    #expect(Set(explaining.map(\.type)).count > 3)
    for event in explaining {
      let comment = Comment("position \(event.position)")
      let explained = try #require(
        SystemEvent(
          type: event.type.utf8, version: event.typeVersion, content: event.content.bytes,
          at: Position(event.position)), comment)
      #expect(explained.content == event.content.bytes, comment)
      #expect(explained.type == event.type && event.stream == SystemEvent.stream, comment)
      #expect(SystemEvent.isReserved(type: event.type.utf8), comment)
      switch explained {
      case .keyDestroyed(let event): destroyed.formUnion(event.keys)
      case .purged(let purged):
        let positions = purged.positions.flatMap { $0 }
        #expect(
          positions
            == events.filter { !destroyed.isDisjoint(with: $0.keyIds.map { KeyID(hex: $0)! }) }
            .map(\.position), comment)
        #expect(TreeFrontier.root(over: positions.map { leaves[$0] }) == purged.leaves, comment)
        let objects = try objects.map { try SealedObject(parsing: $0.object.bytes) }
          .filter { !destroyed.isDisjoint(with: $0.keyIDs) }.map(\.address)
        #expect(
          TreeFrontier.root(over: objects.sorted().map { SHA256.hash([0] + $0.bytes) })
            == purged.objects, comment)
      case .restored(let restored):
        #expect(reader.root(size: event.position) == restored.root, comment)
      case .created: #expect(event.position == 0)
      default: break
      }
    }
    for event in events where !event.isOpen {
      #expect(!SystemEvent.isReserved(type: event.type.utf8))
    }
  }

  // MARK: Objects

  func checkObjects() throws {
    #expect(objects.count == objectContents.count && !objects.isEmpty)
    for (example, content) in zip(objects, objectContents) {
      let object = try SealedObject(parsing: example.object.bytes)
      let comment = Comment("object \(object.address)")
      let keys = keys(object.keyIDs.map(\.hex))
      #expect(object.address == example.address.fixed(), comment)
      #expect(object.ledgerID == ledgerId.fixed(), comment)
      #expect(try object.open(keys: keys, with: ContentSealer()) == content.bytes, comment)
      let isList = object.flags.contains(.list)
      let record = try #require(RecordContent(parsing: content.bytes, isList: isList), comment)
      #expect(record.encoded == content.bytes, comment)

      // Sealed again from what it holds: its own compressed bytes, since encoders differ.
      let plaintext = try #require(
        XAES256GCM(key: keys.count == 1 ? keys[0] : JointKey.derive(keys)).open(
          Array(object.bytes[(79 + 16 * keys.count)...]), nonce: object.nonce,
          aad: Array(object.bytes[..<(79 + 16 * keys.count)]))?.bytes, comment)
      let end = try #require(plaintext.lastIndex(of: 0x80))
      let again = SealedObject(
        sealing: content.bytes,
        stored: object.flags.contains(.compressed)
          ? ContentSealer.Stored(compressed: Array(plaintext[32..<end]))
          : content.bytes.withUnsafeBytes { ContentSealer.Stored($0, compressing: false) },
        isList: isList, ledgerID: object.ledgerID, keyIDs: object.keyIDs, keys: keys,
        nonce: object.nonce, salt: Digest(plaintext.prefix(32))!, with: ContentSealer())
      #expect(again.bytes == example.object.bytes, comment)
    }
  }

  /// The record in pieces and the list that names them.
  func checkPieces() throws {
    let example = try #require(pieces)
    let sealer = ContentSealer()
    let record = (0..<example.totalBytes).map { UInt8($0 * $0 % 251) }
    func sealed(
      _ content: [UInt8], isList: Bool, _ nonce: Bytes, _ salt: Bytes
    ) -> SealedObject {
      SealedObject(
        sealing: content,
        stored: content.withUnsafeBytes { ContentSealer.Stored($0, compressing: false) },
        isList: isList, ledgerID: ledgerId.fixed(), keyIDs: [KeyID(hex: example.keyId)!],
        keys: [key(example.keyId)], nonce: nonce.fixed(), salt: salt.fixed(), with: sealer)
    }
    for (number, piece) in example.pieces.enumerated() {
      let start = number * RecordContent.pieceSize
      let bytes = record[start..<min(start + RecordContent.pieceSize, record.count)]
      let object = sealed(Array(bytes), isList: false, piece.nonce, piece.salt)
      #expect(object.address == piece.address.fixed(), "piece \(number)")
    }
    let content = RecordContent(
      naturalKey: example.naturalKey.bytes,
      bytes: .pieces(
        totalCount: record.count, addresses: example.pieces.map { $0.address.fixed() }))
    #expect(content.encoded == example.listContent.bytes)
    #expect(RecordContent(parsing: example.listContent.bytes, isList: true) == content)
    let list = sealed(content.encoded, isList: true, example.listNonce, example.listSalt)
    #expect(list.bytes == example.list.bytes)
    #expect(list.address == example.address.fixed())
    let read = try SealedObject(parsing: example.list.bytes)
    #expect(read.flags == .list)
    #expect(try read.open(keys: [key(example.keyId)], with: sealer) == content.encoded)
  }

  func checkVersionRoot() {
    let entries = versionRoot.entries.map {
      (ordinal: $0.ordinal, address: $0.address.fixed(Digest.self))
    }
    #expect(!entries.isEmpty)
    #expect(VersionRootBuilder.root(entries) == versionRoot.root.fixed())
  }

  // MARK: Tree, checkpoints, proofs

  func checkCheckpoints() throws {
    let signer = SigningKey(seed: secret(signingSeed.bytes))
    let witness = SigningKey(seed: secret(witnessSeed.bytes))
    let verifier = try VerifierKey(verifierKey)
    #expect(verifier.publicKey == signer.publicKey && verifier.description == verifierKey)
    let cosigner = VerifierKey(
      name: witnessName, algorithm: .cosignature, publicKey: witness.publicKey)
    if let witnessKey { #expect(cosigner.description == witnessKey) }
    #expect(checkpoints.map(\.size) == Array(0...events.count))
    for example in checkpoints {
      let comment = Comment("size \(example.size)")
      let origin = try #require(Origin(example.origin))
      let root = TreeFrontier.root(over: leaves.prefix(example.size))
      #expect(root == example.root.fixed(), comment)
      let checkpoint = Checkpoint(origin: origin, size: example.size, root: root)
      #expect(checkpoint.text == example.text, comment)
      #expect(try Checkpoint(text: example.text) == checkpoint, comment)
      #expect(checkpoint.signed(by: signer).encoded == example.note, comment)
      let signed = try SignedCheckpoint(verifying: example.note, keys: [verifier])
      #expect(signed.checkpoint == checkpoint && signed.note.encoded == example.note, comment)

      // The line alone, and under the note that it cosigns.
      let cosigned = example.note + example.cosignature
      let line = try #require(try SignedNote(parsing: cosigned).signatures.last)
      let time = line.bytes.prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      let again = Cosignature.sign(example.text, name: witnessName, time: time, key: witness)
      #expect(again.line == example.cosignature, comment)
      let found = Cosignature.verified(
        on: try SignedNote(parsing: cosigned), witnesses: [cosigner])
      #expect(found?.map(\.time) == [time], comment)
      #expect(try SignedCheckpoint(verifying: cosigned, keys: [verifier]).checkpoint == checkpoint)
    }
  }

  func checkInclusion() throws {
    let verifier = try VerifierKey(verifierKey)
    #expect(Set(inclusion.map(\.index)) == Set(events.indices))
    for example in inclusion {
      let comment = Comment("index \(example.index) of \(example.size)")
      let path = reader.inclusionPath(index: example.index, size: example.size)
      #expect(path == example.path.map { $0.fixed() }, comment)
      #expect(
        TreeProof.includes(
          leaves[example.index], index: example.index, size: example.size, path: path,
          root: reader.root(size: example.size)), comment)
      let header = try Header(parsing: events[example.index].header.bytes)
      let head = try #require(checkpoint(size: example.size), comment)
      let proof = ProofFile(
        header: header, index: example.index, path: path,
        checkpoint: head.note + head.cosignature)
      #expect(proof.encoded == example.proof, comment)
      let read = try ProofFile(parsing: example.proof)
      #expect(read.header == header && read.encoded == example.proof, comment)
      #expect(try read.verify(keys: [verifier]).checkpoint.size == example.size, comment)
    }
  }

  func checkConsistency() throws {
    #expect(!consistency.isEmpty)
    for example in consistency {
      let comment = Comment("\(example.old) to \(example.new)")
      let path = reader.consistencyPath(old: example.old, new: example.new)
      #expect(path == example.hashes.map { $0.fixed() }, comment)
      #expect(
        TreeProof.isConsistent(
          old: example.old, oldRoot: reader.root(size: example.old), new: example.new,
          newRoot: reader.root(size: example.new), path: path), comment)
      let file = ConsistencyFile(
        old: example.old, path: path,
        checkpoint: try #require(checkpoint(size: example.new), comment).note)
      #expect(ConsistencyFile(parsing: file.encoded) == file, comment)
      if let text = example.file { #expect(file.encoded == text, comment) }
    }
  }

  // MARK: What must be refused

  /// Each note, with the reason for which it is refused.
  func checkRefusedNotes() throws -> [String: SignedCheckpointError] {
    let verifier = try VerifierKey(verifierKey)
    #expect(!refuse.notes.isEmpty)
    var faults: [String: SignedCheckpointError] = [:]
    for (why, note) in refuse.notes {
      do {
        _ = try SignedCheckpoint(verifying: note, keys: [verifier])
        Issue.record("accepted: \(why)")
      } catch {
        faults[why] = error
      }
    }
    return faults
  }

  func checkRefusedSystemContent() {
    #expect(!refuse.systemContent.isEmpty)
    for (type, contents) in refuse.systemContent {
      for content in contents {
        #expect(
          SystemEvent(
            type: type.utf8, version: 1, content: content.utf8, at: Position(events.count)) == nil,
          "\(type): \(content)")
      }
    }
  }

  /// Each body, with the reason for which it does not open.
  func checkRefusedOpening() -> [String: OpeningError] {
    #expect(!refuse.opening.isEmpty)
    var faults: [String: OpeningError] = [:]
    for example in refuse.opening {
      let event = events[example.position]
      switch event.open(example.body.bytes, keys: [secret(example.key.bytes)]) {
      case .success: Issue.record("opened: \(example.why)")
      case .failure(let error): faults[example.why] = error
      }
    }
    return faults
  }

  func checkRefusedStrings() {
    #expect(!refuse.strings.isEmpty)
    for text in refuse.strings { #expect(throws: NameError.self) { try Name(text) } }
  }
}
