import Custody
import CustodyStore
import CustodyTesting

extension Attack {
  /// What only whoever has the keys can tell: every hash and signature is in order.
  static let contents: [Attack] = [
    .owner(
      "a body of another event, its hash made to fit", found: .contents, [.contentUnreadable],
      at: 9,
      """
      UPDATE event SET (body, body_length, body_hash) =
        (SELECT body, body_length, body_hash FROM event WHERE position = 10) WHERE position = 9
      """),
    .owner(
      "two bodies swapped with all that goes along", found: .contents, [.contentUnreadable], at: 9,
      exchanging(["body", "body_length", "body_hash", "commitment"], 9, 12)),
    .owner(
      "two people swapped", found: .contents, [.contentUnreadable], at: 4,
      exchanging(["key_ids"], 4, 5)),
    .owner(
      "another stream", found: .contents, [.contentUnreadable], at: count - 1,
      """
      INSERT INTO name (text) VALUES ('elsewhere');
      UPDATE event SET stream = last_insert_rowid(), revision = 0 WHERE position = \(count - 1)
      """),
    .owner(
      "another commitment", found: .contents, [.contentUnreadable], at: 30,
      "UPDATE event SET commitment = zeroblob(32) WHERE position = 30"),
    .owner(
      "a body that is no sealed content", found: .contents, [.contentUnreadable], at: 30,
      """
      UPDATE event SET body = x'00', body_length = 1, body_hash = x'\(SHA256.hash([0]))'
      WHERE position = 30
      """),
    .owner(
      "a content sealed for another ledger", found: .contents, [.contentUnreadable], at: count
    ) { copy in
      let key = copy.sample.key(of: 30)
      try copy.forger.append(
        copy.sealed(
          "in another ledger", under: key, ledgerID: LedgerID([UInt8](repeating: 7, count: 16))!))
    },
    .owner("a content that opens under two keys", found: .contents, [.contentUnreadable], at: count)
    {
      copy in
      let keys = (copy.sample.key(of: 4), copy.sample.key(of: 5))
      try copy.forger.append(copy.openingUnderTwo(keys))
    },
    .owner("a nonce used twice", found: .contents, [.nonceRepeated], at: count + 1) { copy in
      let (key, nonce) = (copy.sample.key(of: 30), Nonce([UInt8](repeating: 5, count: 24))!)
      for text in ["one", "another"] {
        try copy.forger.append(copy.sealed(text, under: key, nonce: nonce))
      }
    },
    .owner("a key that nobody has", found: .contents, [.keyMissing], at: count) { copy in
      let key = (KeyID([UInt8](repeating: 5, count: 16))!, copy.sample.key(of: 30).1)
      try copy.forger.append(copy.sealed("for nobody", under: key))
    },
  ]
}

extension SampleLedger {
  /// Id and bytes of the key that sealed an event of one.
  fileprivate func key(of position: Int) -> (KeyID, SecretBytes) {
    guard let id = keyIDs[position], let key = dataKeys[id] else {
      preconditionFailure("position \(position) has no key")
    }
    return (id, key)
  }
}

extension TamperedCopy {
  private func claim(_ keyID: KeyID, _ nonce: Nonce, ledgerID: LedgerID? = nil) throws -> Claim {
    let environment = Environment.system
    let now = environment.now()
    return try Claim(
      ledgerID: ledgerID ?? sample.ledgerID, eventID: environment.eventID(at: now), occurredAt: now,
      stream: Name("forged"), type: Name("content.forged"), typeVersion: 1, actor: Name("uid:1"),
      keyIDs: [keyID], nonce: nonce)
  }

  /// A content that its owner sealed by hand.
  ///
  /// - Parameter ledgerID: the ledger that it was sealed for.
  fileprivate func sealed(
    _ text: String, under key: (id: KeyID, bytes: SecretBytes), nonce: Nonce? = nil,
    ledgerID: LedgerID? = nil
  ) throws -> PendingEvent {
    let environment = Environment.system
    let content = Array(text.utf8)
    let claim = try claim(key.id, nonce ?? environment.value(Nonce.self), ledgerID: ledgerID)
    let (seal, body) = content.withUnsafeBytes {
      ContentSealer().seal(
        $0, stored: .init($0, compressing: false), claim: claim, claimBytes: claim.bytes,
        keys: [key.bytes], salt: environment.value(Digest.self))
    }
    return pending(claim, seal, body)
  }

  /// A content that is committed to under the first key and recorded as the second one's.
  fileprivate func openingUnderTwo(
    _ keys: ((id: KeyID, bytes: SecretBytes), (id: KeyID, bytes: SecretBytes))
  ) throws -> PendingEvent {
    let content = Array("what she never said about him..".utf8)
    var claim = try claim(keys.1.id, Nonce([UInt8](repeating: 1, count: 24))!)
    let forged = TwoKeyCiphertext(
      of: content, keys: (keys.0.bytes, keys.1.bytes), random: Environment.system.random
    ) { nonce in
      claim.nonce = nonce
      return claim.bytes
    }
    let seal = Seal(
      bodyLength: forged.body.count, bodyHash: SHA256.hash(forged.body),
      commitment: SHA256.hash([0] + forged.plaintext[..<63]))
    return pending(claim, seal, forged.body)
  }

  private func pending(_ claim: Claim, _ seal: Seal, _ body: [UInt8]) -> PendingEvent {
    var own = claim
    own.ledgerID = sample.ledgerID
    return PendingEvent(
      claim: own, claimBytes: own.bytes, seal: seal, body: body, content: [], expected: .any,
      isIDGiven: false, isOccurredAtGiven: false)
  }
}
