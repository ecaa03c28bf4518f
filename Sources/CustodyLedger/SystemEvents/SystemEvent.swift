/// What the library itself records on stream `ledger`: section 4 of <doc:Format>.
///
/// Contents are never sealed, so that a stranger can tell an erasure from a deletion. They hold
/// codes, random ids, numbers and hashes only.
public enum SystemEvent: Hashable, Sendable {
  /// `ledger.created`: the event at position 0, and at no other.
  case created(organization: String)
  /// `key.created`: a key that is not a person's.
  case keyCreated(KeyCreated)
  /// `key.destroyed`: what these keys sealed cannot be read any more.
  case keyDestroyed(KeyDestroyed)
  /// `ledger.purged`: bodies were removed, and this says why they are missing.
  case purged(Purged)
  /// `ledger.restored`: the ledger goes on from an older state, as another life of itself.
  case restored(Restored)

  /// A key that the ledger began to use and that is nobody's.
  ///
  /// A person's key is recorded by `subject.registered`, which is sealed under it.
  public struct KeyCreated: Hashable, Sendable {
    /// What a key is for.
    public enum Purpose: String, Sendable, CaseIterable {
      /// Seals contents about nobody.
      case operations
      /// Wraps the other keys in the keyring; replaced by each rotation.
      case epoch
      /// Signs checkpoints; the event names its public half.
      case signing
      /// Seals the texts of one run.
      case run
      /// Seals a record about more than eight people.
      case group
    }
    /// What the key is for.
    public let purpose: Purpose
    /// A key id, or the 32 bytes of the public key when the purpose is `signing`.
    public let key: [UInt8]

    /// A key that is named by its random id; `signing`, which is named by a public key, traps.
    public init(purpose: Purpose, key: KeyID) {
      precondition(purpose != .signing)
      self.purpose = purpose
      self.key = key.bytes
    }

    package init(signing key: PublicKey) {
      purpose = .signing
      self.key = key.bytes.bytes
    }
  }

  /// Keys that are gone for good. Nothing may be sealed under them afterwards.
  public struct KeyDestroyed: Hashable, Sendable {
    /// Why a key is destroyed: a person's request, the end of retention, or a newer epoch key.
    public enum Reason: String, Sendable, CaseIterable { case erasure, expiry, rotation }
    /// Which keys, at least one, in any order.
    public let keys: [KeyID]
    /// Why.
    public let reason: Reason
    /// The position of the `erasure.requested` that this answers, below the event's own; or nil.
    public let request: Position?

    /// The event's content in parts.
    public init(keys: [KeyID], reason: Reason, request: Position?) {
      self.keys = keys
      self.reason = reason
      self.request = request
    }
  }

  /// Bodies and objects that were removed. Headers stay, so every hash still verifies.
  public struct Purged: Hashable, Sendable {
    /// Why something is removed: a person's request, or the end of retention.
    public enum Reason: String, Sendable, CaseIterable { case erasure, expiry }
    /// Why.
    public let reason: Reason
    /// The position of the `erasure.requested` that this answers, below the event's own; or nil.
    public let request: Position?
    /// Ascending, neither touching nor overlapping, all below the event's own position.
    public let positions: [ClosedRange<Int>]
    /// The tree root over the leaves of those positions.
    public let leaves: Digest
    /// The tree root over SHA-256(0x00 ‖ address) of the removed objects.
    public let objects: Digest

    /// The event's content in parts.
    public init(
      reason: Reason, request: Position?, positions: [ClosedRange<Int>], leaves: Digest,
      objects: Digest
    ) {
      self.reason = reason
      self.request = request
      self.positions = positions
      self.leaves = leaves
      self.objects = objects
    }
  }

  /// A new life of the ledger, begun where an older copy of it ended.
  public struct Restored: Hashable, Sendable {
    /// The newest checkpoint known of the life that was lost.
    public struct Lost: Hashable, Sendable {
      /// The origin it was signed under, of an older incarnation.
      public let origin: Origin
      /// How many events that life is known to have had.
      public let size: Int
      /// The tree root over them.
      public let root: Digest

      /// The checkpoint of these parts.
      public init(origin: Origin, size: Int, root: Digest) {
        self.origin = origin
        self.size = size
        self.root = root
      }
    }
    /// The event's own position: how many events were kept.
    public let size: Int
    /// The tree root over the events that were kept.
    public let root: Digest
    /// The new life: at least 2, and above every incarnation known of.
    public let incarnation: Int
    /// The newest checkpoint known of what is gone.
    public let lost: Lost?

    /// The event's content in parts.
    public init(size: Int, root: Digest, incarnation: Int, lost: Lost?) {
      self.size = size
      self.root = root
      self.incarnation = incarnation
      self.lost = lost
    }
  }

  /// The stream of all of them.
  public static let stream = "ledger"
  /// Their types; the first one is that of position 0.
  package static let types = [
    "ledger.created", "key.created", "key.destroyed", "ledger.purged", "ledger.restored",
  ]
  /// The version of all of their contents.
  public static let typeVersion: UInt16 = 1

  /// The type as a claim names it, for example `key.created`.
  public var type: String {
    switch self {
    case .created: "ledger.created"
    case .keyCreated: "key.created"
    case .keyDestroyed: "key.destroyed"
    case .purged: "ledger.purged"
    case .restored: "ledger.restored"
    }
  }

  /// Whether a type's bodies are stored as they are, and so refused from callers.
  package static func isReserved(type: some Collection<UInt8>) -> Bool {
    // Asked of every event: most are told apart by their first letter.
    guard let first = type.first, "lkc".utf8.contains(first) else { return false }
    return type.starts(with: "ledger.".utf8) || type.starts(with: "key.".utf8)
      || type.elementsEqual("checkpoint.timestamped".utf8)
  }

  /// The content: exactly the JSON that the format allows, with nothing left to choose.
  public var content: [UInt8] {
    func number(_ position: Position?) -> String { position.map(\.description) ?? "null" }
    let text: String
    switch self {
    case .created(let organization):
      text = #"{"organization":"\#(organization)"}"#
    case .keyCreated(let event):
      text = #"{"key":"\#(Hex.encode(event.key))","purpose":"\#(event.purpose.rawValue)"}"#
    case .keyDestroyed(let event):
      let keys = event.keys.map { #""\#($0.hex)""# }.joined(separator: ",")
      text =
        #"{"keys":[\#(keys)],"reason":"\#(event.reason.rawValue)","request":\#(number(event.request))}"#
    case .purged(let event):
      let ranges = event.positions.map { "[\($0.lowerBound),\($0.upperBound)]" }
      text =
        #"{"reason":"\#(event.reason.rawValue)","request":\#(number(event.request)),"#
        + #""positions":[\#(ranges.joined(separator: ","))],"#
        + #""leaves":"\#(event.leaves)","objects":"\#(event.objects)"}"#
    case .restored(let event):
      let lost =
        event.lost.map {
          #"{"origin":"\#($0.origin)","size":\#($0.size),"root":"\#($0.root)"}"#
        } ?? "null"
      text =
        #"{"size":\#(event.size),"root":"\#(event.root)","incarnation":\#(event.incarnation),"#
        + #""lost":\#(lost)}"#
    }
    return Array(text.utf8)
  }
}
