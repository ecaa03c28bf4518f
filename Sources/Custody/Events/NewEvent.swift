/// An event before it has a position.
public struct NewEvent: Sendable {
  /// Makes appending it twice harmless; Custody makes one when nil.
  public var id: EventID?
  /// What the event belongs to, for example `conversation/17`. No personal data.
  public var stream: String
  /// What happened, `noun.verbed`. Not one that Custody writes itself (`ledger.*`, `key.*`).
  public var type: String
  /// The version of the type's content.
  public var typeVersion: UInt16
  /// When the fact was so; the time of appending when nil.
  public var occurredAt: Timestamp?
  /// Whom the content is about: at most eight people, whose keys seal it together. Empty for a
  /// content about nobody, which the ledger's operations key seals.
  public var subjects: [Subject]
  /// The class of data, which chooses the subjects' keys.
  public var dataClass: String
  /// What this event has in common with others.
  public var correlationID: EventID?
  /// The event that this one follows from.
  public var causationID: EventID?
  /// What the stream has to be like.
  public var expectedRevision: ExpectedRevision
  /// Who acts; the store's actor when nil. No personal data of subjects.
  public var actor: String?
  /// Any bytes, at most 16 MiB.
  public var content: [UInt8]
  /// The key of a run, which seals its texts; then nobody is named.
  var runKey: KeyID?

  /// An event of these parts; nothing is checked before it is appended.
  public init(
    id: EventID? = nil, stream: String, type: String, typeVersion: UInt16 = 1,
    occurredAt: Timestamp? = nil, subjects: [Subject] = [],
    dataClass: String = Subject.defaultClass,
    correlationID: EventID? = nil, causationID: EventID? = nil,
    expectedRevision: ExpectedRevision = .any, actor: String? = nil, content: [UInt8]
  ) {
    self.id = id
    self.stream = stream
    self.type = type
    self.typeVersion = typeVersion
    self.occurredAt = occurredAt
    self.subjects = subjects
    self.dataClass = dataClass
    self.correlationID = correlationID
    self.causationID = causationID
    self.expectedRevision = expectedRevision
    self.actor = actor
    self.content = content
  }
}

/// A person that data is about.
public enum Subject: Hashable, Sendable {
  /// By what the pipeline calls her. Kept only as a keyed hash and inside sealed content.
  case identifier(String)
  /// By the id of her first key, which names her in Custody and says nothing about her.
  case key(KeyID)

  /// The class of data when nobody says otherwise.
  public static let defaultClass = "default"

  /// The class of data of what people allowed, which an erasure of other classes keeps.
  public static let consentClass = "consent-record"

  /// Compares identifiers by their bytes: Swift's `==` takes canonically equivalent ones as equal,
  /// their hashes in the keyring are not.
  public static func == (left: Subject, right: Subject) -> Bool {
    switch (left, right) {
    case (.identifier(let left), .identifier(let right)):
      left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
    case (.key(let left), .key(let right)): left == right
    default: false
    }
  }
}
