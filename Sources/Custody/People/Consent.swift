import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// That data about a person may be used for one purpose, from a time on.
public struct Consent: Sendable {
  /// What holds at a time.
  public enum State: String, Sendable, CaseIterable {
    /// It is granted from later on.
    case notYet = "not-yet"
    /// The purpose is allowed.
    case inForce = "in-force"
    /// It has ended by itself.
    case expired
    /// It was taken back.
    case withdrawn
  }

  /// The key id that names her.
  public let subject: KeyID
  /// What for.
  public let purpose: String
  /// The id of the event that granted it.
  public let grant: EventID
  /// Where that event stands.
  public let position: Position
  /// When that was recorded, by the writer's clock.
  public let recordedAt: Timestamp
  /// What allows it.
  public let basis: LegalBasis
  /// Which version of the text she agreed to.
  public let textVersion: String
  /// The SHA-256 of that text, `sha256:<hex>`; nil when nobody gave it.
  public let textDigest: String?
  /// Who may use the data; empty for whoever keeps the ledger.
  public let recipients: [String]
  /// Who granted it.
  public let giver: ConsentGiver
  /// From when on.
  public let from: Timestamp
  /// The last moment, when it ends by itself; nil when it does not.
  public let expires: Timestamp?
  /// From when on it is taken back; nil when it is not.
  public internal(set) var withdrawn: Timestamp?

  init(_ granted: ConsentGranted, purpose: String, _ row: ConsentRow) {
    subject = row.subject
    self.purpose = purpose
    grant = row.id
    position = row.position
    recordedAt = row.recordedAt
    basis = granted.basis
    textVersion = granted.textVersion
    textDigest = granted.textDigest
    recipients = granted.recipients
    giver = granted.giver
    from = granted.from
    expires = granted.expires
  }

  /// When it ends, whatever ends it; nil when nothing does.
  public var end: Timestamp? {
    guard let expires, let withdrawn else { return expires ?? withdrawn }
    return min(expires, withdrawn)
  }

  /// What holds at a time: in force from ``from`` to ``expires``, both included, and before
  /// ``withdrawn``.
  public func state(at time: Timestamp) -> State {
    // Nothing is withdrawn after it has ended.
    if let withdrawn, withdrawn <= time { return .withdrawn }
    if let expires, expires < time { return .expired }
    return time < from ? .notYet : .inForce
  }

  /// What several grants of one purpose come to at a time: one that is in force, else the one that
  /// ended last, else one that is yet to begin.
  static func standing(_ consents: [Consent], at time: Timestamp) -> Consent? {
    func rank(_ consent: Consent) -> (Int, Int64) {
      switch consent.state(at: time) {
      case .inForce: (2, consent.end?.microseconds ?? .max)
      case .expired, .withdrawn: (1, consent.end?.microseconds ?? .max)
      case .notYet: (0, -consent.from.microseconds)
      }
    }
    return consents.max { rank($0) < rank($1) }
  }

  /// What was said, in the order of the ledger for each person, and what it came to.
  static func consents(_ rows: [ConsentRow]) -> [Consent] {
    var found: [Consent] = []
    var places: [EventID: Range<Int>] = [:]
    for row in rows {
      switch row.said {
      case .granted(let granted):
        places[row.id] = found.count..<found.count + granted.purposes.count
        found += granted.purposes.map { Consent(granted, purpose: $0, row) }
      case .withdrawn(let withdrawn):
        for index in withdrawn.grants.compactMap({ places[$0] }).joined()
        where withdrawn.purposes.isEmpty || withdrawn.purposes.contains(found[index].purpose) {
          found[index].withdrawn = min(found[index].withdrawn ?? withdrawn.from, withdrawn.from)
        }
      }
    }
    return found
  }
}
