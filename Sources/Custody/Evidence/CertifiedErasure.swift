import CustodyLedger
import CustodyModel

/// What a certificate says of an erasure, once every step of its verification holds.
public struct CertifiedErasure: Sendable {
  /// The id of the request.
  public let request: EventID
  /// When it was recorded.
  public let requestedAt: Timestamp
  /// When it was done.
  public let completedAt: Timestamp
  /// Why, as one of `ErasureReason`.
  public let reason: String
  /// The ids by which the people were named.
  public let subjects: [String]
  /// Keys that were destroyed.
  public let keyCount: Int
  /// Keys of classes of data that stay, by class.
  public let keptClasses: [String]
  /// Keys that stay because matters hold what they seal.
  public let heldKeyCount: Int
  /// Events whose bodies were removed.
  public let eventCount: Int
  /// Objects that were removed, and their bytes.
  public let objectCount: Int
  /// Bytes of these objects.
  public let objectByteCount: Int
  /// Pieces of what was removed that were searched for.
  public let needleCount: Int
  /// Files that were searched.
  public let fileCount: Int
  /// Pieces that were left.
  public let remnantCount: Int
  /// Positions of the events that say what had left the store.
  public let copies: [Int]
  /// Versions of models that may have learned from the data.
  public let models: [String]
  /// Records that were made from theirs and stay.
  public let derivedCount: Int
  /// Runs without records, whose texts were not searched.
  public let unsearchedRunCount: Int
  /// Imported events that nobody could attribute, which were not searched.
  public let unsearchedImportCount: Int
  /// When the last key backup made before is due to be deleted, as its maker said; nil without one.
  public let backupsExpire: String?

  init(_ requested: ErasureRequested, _ completed: ErasureCompleted, _ events: [Header]) {
    request = events[0].claim.eventID
    requestedAt = events[0].place.recordedAt
    completedAt = events.last!.place.recordedAt
    reason = requested.reason
    subjects = requested.subjects
    keyCount = requested.keys.count
    keptClasses = requested.kept.filter { $0.ground == "class" }.map(\.dataClass)
    heldKeyCount = requested.kept.count { $0.ground == "hold" }
    eventCount = requested.events
    objectCount = requested.objects
    objectByteCount = requested.bytes
    needleCount = completed.needles
    fileCount = completed.files
    remnantCount = completed.remnants
    copies = requested.notReached.copies
    models = requested.notReached.models
    derivedCount = requested.notReached.derivedRecords
    unsearchedRunCount = requested.notReached.unsearchedRuns
    unsearchedImportCount = requested.notReached.unsearchedImports
    backupsExpire = requested.notReached.backupsExpire
  }
}
