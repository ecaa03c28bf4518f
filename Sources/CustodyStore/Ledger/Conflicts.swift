import CustodyLedger

extension ExpectedRevision {
  /// Whether a stream whose next event gets the revision `next` is as expected.
  package func allows(next: Int) -> Bool {
    switch self {
    case .any: true
    case .none: next == 0
    case .exactly(let revision): next - 1 == revision.value
    }
  }
}

extension CustodyError {
  /// A stream whose next event would get the revision `next` is not as expected.
  package static func unexpectedRevision(
    stream: String, next: Int, expected: ExpectedRevision
  ) -> CustodyError {
    let actual = next == 0 ? "does not exist yet" : "is at revision \(next - 1)"
    let wanted =
      switch expected {
      case .exactly(let revision): "revision \(revision)"
      default: "no stream"
      }
    return CustodyError(
      .revisionConflict,
      "Stream \(stream) \(actual), but \(wanted) was expected. "
        + "Read the stream, decide again and append with the revision that you saw.")
  }

  /// An id that stands in the ledger with another claim or content; nil says in the same input.
  package static func idReused(_ id: EventID, at position: Position?) -> CustodyError {
    let place = position.map { "at position \($0)" } ?? "further up in the input"
    return CustodyError(
      .idReused,
      "Event id \(id) stands \(place) with another claim or content. Give a new event an id of its "
        + "own.")
  }
}

/// How an event compares with the one that stands in the ledger under its id.
package enum Repetition {
  case same
  /// The claim is equal; the content is gone and cannot be compared.
  case unverified
  case other
}

extension PendingEvent {
  /// Compares with the event that stands in the ledger under the same id.
  ///
  /// - Parameter keys: opens its body; nil for a key that is gone.
  package func compared(
    with stored: StoredEvent, sealer: ContentSealer, keys: (KeyID) throws -> SecretBytes?
  ) throws -> Repetition {
    var claim = claim
    // Chosen by Custody on each try, so they say nothing about whether it is the same event.
    claim.nonce = stored.header.claim.nonce
    claim.flags = stored.header.claim.flags
    if !isOccurredAtGiven { claim.occurredAt = stored.header.claim.occurredAt }
    guard claim == stored.header.claim else { return .other }
    guard let secrets = try JointKey.secrets(of: claim.keyIDs, keys) else { return .unverified }
    guard let body = stored.body else { return .unverified }
    guard !secrets.isEmpty else { return content == body ? .same : .other }
    let opened = try body.withUnsafeBytes { body in
      try claim.bytes.withUnsafeBytes { claimBytes in
        try sealer.open(
          body, claimBytes: claimBytes, keyIDs: claim.keyIDs, nonce: claim.nonce,
          isCompressed: claim.flags.contains(.compressed),
          commitment: stored.header.seal.commitment, keys: secrets)
      }
    }
    return opened == content ? .same : .other
  }
}
