/// What the library itself records on stream `ledger`: `ledger-format` §4.
///
/// Contents are never sealed, so that a stranger can tell an erasure from a deletion. They hold
/// codes, random ids, numbers and hashes only.
public enum SystemEvent: Hashable, Sendable {
  /// `ledger.created`: the first event.
  case created(organization: String)
  case keyCreated(KeyCreated)
  case keyDestroyed(KeyDestroyed)
  case purged(Purged)
  case restored(Restored)

  public struct KeyCreated: Hashable, Sendable {
    public enum Purpose: String, Sendable, CaseIterable {
      case operations, epoch, signing, run, group
    }
    public let purpose: Purpose
    /// A key id, or the 32 bytes of the public key when the purpose is `signing`.
    public let key: [UInt8]

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

  public struct KeyDestroyed: Hashable, Sendable {
    public enum Reason: String, Sendable, CaseIterable { case erasure, expiry, rotation }
    public let keys: [KeyID]
    public let reason: Reason
    /// The position of `erasure.requested`.
    public let request: Position?

    public init(keys: [KeyID], reason: Reason, request: Position?) {
      self.keys = keys
      self.reason = reason
      self.request = request
    }
  }

  public struct Purged: Hashable, Sendable {
    public enum Reason: String, Sendable, CaseIterable { case erasure, expiry }
    public let reason: Reason
    public let request: Position?
    /// Ascending, neither touching nor overlapping.
    public let positions: [ClosedRange<Int>]
    /// The tree root over the leaves of those positions.
    public let leaves: Digest
    /// The tree root over SHA-256(0x00 ‖ address) of the removed objects.
    public let objects: Digest

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

  public struct Restored: Hashable, Sendable {
    public struct Lost: Hashable, Sendable {
      public let origin: Origin
      public let size: Int
      public let root: Digest

      public init(origin: Origin, size: Int, root: Digest) {
        self.origin = origin
        self.size = size
        self.root = root
      }
    }
    /// The event's own position.
    public let size: Int
    public let root: Digest
    public let incarnation: Int
    /// The newest checkpoint known of what is gone.
    public let lost: Lost?

    public init(size: Int, root: Digest, incarnation: Int, lost: Lost?) {
      self.size = size
      self.root = root
      self.incarnation = incarnation
      self.lost = lost
    }
  }

  /// The stream of all of them.
  public static let stream = "ledger"
  public static let typeVersion: UInt16 = 1

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

  /// Exactly the JSON of the format.
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
