import CustodyLedger

extension StoreFolder {
  /// The content of an event, or nil when its body or one of its keys is gone.
  ///
  /// - Throws: `usage` without secrets, `damaged` when the body is not the one that was sealed.
  package func openedContent(of event: StoredEvent) throws -> [UInt8]? {
    // A key that another process has destroyed opens nothing here either.
    if event.body != nil, !event.header.claim.keyIDs.isEmpty { try keyring?.refresh() }
    return try openedContent(of: event, with: ContentSealer())
  }

  /// The same for many events in a row: the caller refreshes the keyring before the first.
  package func openedContent(
    of event: StoredEvent, with sealer: ContentSealer
  ) throws -> [UInt8]? {
    try opened(event, with: sealer)?.content
  }

  /// The content of an event with the salt of its commitment, for a reader who has no key.
  package func disclosure(of event: StoredEvent) throws -> (salt: Digest, content: [UInt8])? {
    try keyring?.refresh()
    return try opened(event, with: ContentSealer())
  }

  private func opened(
    _ event: StoredEvent, with sealer: ContentSealer
  ) throws -> (salt: Digest, content: [UInt8])? {
    let claim = event.header.claim
    guard let body = event.body else { return nil }
    if claim.keyIDs.isEmpty { return (Digest(), body) }
    guard keyring != nil else {
      throw CustodyError(.usage, "Contents are sealed: open the store with its secrets.")
    }
    guard let keys = try JointKey.secrets(of: claim.keyIDs, dataKeys) else { return nil }
    do {
      return try body.withUnsafeBytes { body in
        try claim.bytes.withUnsafeBytes { claimBytes in
          try sealer.opened(
            body, nonce: claim.nonce, aad: claimBytes, keyIDs: claim.keyIDs,
            isCompressed: claim.flags.contains(.compressed),
            commitment: event.header.seal.commitment, keys: keys)
        }
      }
    } catch {
      throw CustodyError(
        .damaged,
        "The content at position \(event.position) does not open: it is not what was sealed. "
          + "Run: custody verify --level contents", cause: error)
    }
  }
}
