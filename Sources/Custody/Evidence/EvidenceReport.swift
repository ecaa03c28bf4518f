import CustodyLedger
import CustodyStore

/// What a file for others proves, step by step: each says what was checked and what that rests on.
public struct EvidenceReport: Sendable {
  /// What a file is.
  public enum Kind: String, Sendable {
    /// A C2SP proof that one event is in the ledger.
    case proof
    /// A proof that one checkpoint begins with another.
    case consistency
    /// One event's content.
    case disclosure
    /// All headers of a range.
    case events
    /// The ledger as C2SP tiles.
    case tiles
    /// The events of an erasure.
    case certificate
  }

  /// One thing that was checked.
  public struct Step: Sendable {
    /// What has to hold.
    public let what: String
    /// What the answer rests on.
    public let basis: String
    /// Why it does not hold; nil when it does.
    public let fault: String?
  }

  /// What the file is.
  public let kind: Kind
  /// What was checked, in its order; nothing follows a step that does not hold.
  public internal(set) var steps: [Step] = []
  /// The checkpoint that it rests on, once its signature is verified.
  public internal(set) var checkpoint: Checkpoint?
  /// The event that it is about, where that is one.
  public internal(set) var event: Header?
  /// What a disclosure holds; nil unless everything holds.
  public internal(set) var content: [UInt8]?
  /// What a certificate says; nil unless everything holds.
  public internal(set) var erasure: CertifiedErasure?
  /// Events that it proves to be in the ledger.
  public internal(set) var eventCount = 0
  /// Of a range: positions of its first and its last event that was asked for; nil when there is none.
  public internal(set) var positions: ClosedRange<Int>?
  /// Of a range: the times it was asked for.
  public internal(set) var since: Timestamp?
  /// The same, the end.
  public internal(set) var until: Timestamp?
  /// Receipts that were compared with an event.
  var comparedReceipts = 0

  /// Whether every step holds.
  public var holds: Bool { steps.allSatisfy { $0.fault == nil } }

  init(_ kind: Kind) { self.kind = kind }

  /// What the verifier is given besides the file.
  struct Trust {
    let keys: [VerifierKey]
    let policy: WitnessPolicy?
    let receipts: [Receipt]
    let anchors: [(name: String, note: String)]
  }

  /// Ends a verification: the step that failed has been added.
  struct Failed: Error {}

  mutating func check(_ what: String, _ basis: String, _ fault: String? = nil) throws {
    steps.append(Step(what: what, basis: basis, fault: fault))
    if fault != nil { throw Failed() }
  }

  /// The checkpoint's own steps.
  mutating func check(_ note: String, _ trust: Trust) throws -> SignedCheckpoint {
    let what = "the checkpoint is signed by its ledger"
    let basis = "Ed25519 and the verifier key you gave"
    let signed: SignedCheckpoint
    do {
      signed = try SignedCheckpoint(verifying: note, keys: trust.keys)
    } catch {
      try check(what, basis, error.explanation)
      throw Failed()
    }
    checkpoint = signed.checkpoint
    try check("\(what), \(signed.checkpoint.origin)", basis)
    if ![.consistency, .tiles].contains(kind) {
      try check(signed.checkpoint, against: trust.anchors)
    }
    if let policy = trust.policy {
      let answer = policy.answer(on: signed.note)
      let names = (answer?.cosignatures ?? []).map(\.witness.name).joined(separator: ", ")
      try check(
        "enough witnesses saw it" + (names.isEmpty ? "" : ": \(names)"),
        "their cosignatures and your policy",
        answer == nil
          ? "a cosignature does not verify"
          : answer?.isEnough == true ? nil : "the policy asks for more")
    }
    return signed
  }

  /// Two checkpoints of one size are the same, or the ledger showed two faces.
  private mutating func check(
    _ checkpoint: Checkpoint, against anchors: [(name: String, note: String)]
  ) throws {
    for (name, note) in anchors {
      let anchor = try Self.checkpoint(of: note, name)
      guard anchor.origin.isSameLedger(as: checkpoint.origin), anchor.size == checkpoint.size else {
        throw CustodyError(
          .usage,
          "\(name) has \(anchor.size) events of \(anchor.origin), the file rests on a checkpoint of "
            + "\(checkpoint.size) of \(checkpoint.origin): ask for one under yours (prove --checkpoint)."
        )
      }
      try check(
        "it is the checkpoint \(name)", "the note you gave",
        anchor.root == checkpoint.root ? nil : "the ledger signed two of this size: it was forked")
    }
  }

  static func checkpoint(of note: String, _ name: String) throws -> Checkpoint {
    guard let note = try? SignedNote(parsing: note), let read = try? Checkpoint(text: note.text)
    else {
      throw CustodyError(.invalidInput, "\(name) is not a checkpoint note.")
    }
    return read
  }

  /// Whether receipts are of these headers.
  mutating func check(_ header: Header, against receipts: [Receipt]) throws {
    for receipt in receipts where receipt.position == header.place.position {
      comparedReceipts += 1
      try check(
        "the receipt for position \(receipt.position) is of this event", "the receipt you gave",
        receipt.ledgerID != header.claim.ledgerID
          ? "it is of another ledger, \(receipt.ledgerID)"
          : receipt.isOf(header)
            ? nil : "it is of another: the ledger was changed after the receipt was given")
    }
  }
}

extension SignedCheckpointError {
  var explanation: String {
    switch self {
    case .note: "it is no signed note"
    case .checkpoint: "the note is no checkpoint"
    case .unknownLedger(let origin): "it is of \(origin), for which you gave no key"
    case .notSigned: "no signature is by a key that you gave"
    case .wrongSignature: "the signature is over another text: the note was changed"
    }
  }
}

extension ProofFileError {
  var explanation: String {
    switch self {
    case .notAProof: "the file is no C2SP proof"
    case .extra: "its extra line has no header"
    case .header: "its header is none of format version 1"
    case .index: "its index is no number"
    case .hash: "it has a line that is no hash, or too many hashes"
    case .noCheckpoint: "it ends before its checkpoint"
    case .checkpoint(let error): error.explanation
    case .anotherEvent: "its header is of another position or ledger"
    case .fault(let fault): "its header \(fault.explanation)"
    case .notIncluded: "the hashes do not lead from its header to the checkpoint's root"
    }
  }
}

extension HeaderFault {
  /// To follow the header's name.
  var explanation: String {
    switch self {
    case .anotherEvent: "is another's"
    case .timeDecreases: "was recorded before the one before it"
    case .type: "has a type that does not go with its keys, stream, version or position"
    case .eventIDRepeated: "has the id of another event"
    case .revision: "has another revision than follows in its stream"
    }
  }
}
