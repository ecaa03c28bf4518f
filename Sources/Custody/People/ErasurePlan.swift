import CustodyLedger
import CustodyModel
import CustodyStore

/// What an erasure takes away, what stays, and what it cannot reach.
public struct ErasurePlan: Sendable {
  /// A key that is destroyed, or kept.
  public struct Key: Hashable, Sendable {
    /// Whom it is a key of, by the id that names her.
    public let subject: KeyID
    /// The class of data.
    public let dataClass: String
    /// The key's own id.
    public let id: KeyID
  }

  /// A key that stays because a matter holds what it seals, until that is released.
  public struct Held: Sendable {
    /// What the key is for.
    public enum Use: String, Sendable {
      /// A class of data about one person.
      case data
      /// What several people are in together: theirs are gone, and only this opens it.
      case joint
      /// Texts of a run that read or wrote such records.
      case run
    }

    /// The key's own id.
    public let id: KeyID
    /// What for.
    public let use: Use
    /// Whose data; nil for joint keys and those of runs.
    public let subject: KeyID?
    /// The class of data; nil for joint keys and those of runs.
    public let dataClass: String?
    /// The matters.
    public let matters: [Matter]
  }

  /// Records of one dataset.
  public struct Records: Sendable {
    /// The dataset.
    public let dataset: String
    /// The versions that have such records, ascending.
    public let versions: [Int]
    /// The most that one version has.
    public let count: Int
  }

  /// Data that left the store.
  public struct Copy: Sendable {
    /// The event that says so.
    public let position: Position
    /// When.
    public let recordedAt: Timestamp
    /// What it was, as in `calls@v2`, `event 41` or `everything about` somebody, by the id that names her.
    public let what: String
    /// The path it was written to; nil where only the ledger's reader knows.
    public let path: String?
  }

  /// Whose data goes, by the ids that name them, ascending.
  public let subjects: [KeyID]
  /// Why.
  public let reason: ErasureReason
  /// The classes of data that go; empty for all.
  public let classes: [String]
  /// Their keys that are destroyed.
  public let keys: [Key]
  /// Their keys of other classes, which stay.
  public let keptKeys: [Key]
  /// Keys that stay because matters hold what they seal: they wait.
  public let held: [Held]
  /// Runs that read or wrote records about them: their command lines and outputs go.
  public let runs: [EventID]
  /// The keys of the texts of these runs.
  package let runKeys: [KeyID]
  /// Joint keys that had been kept and are held no more.
  let releasedJoint: [Keyring.KeptJointKey]
  /// Those that are kept from now on, or still.
  let keptJoint: [Keyring.KeptJointKey]
  /// Events whose bodies are removed; their headers stay.
  public let eventCount: Int
  /// Stored objects that are removed.
  public let objectCount: Int
  /// Bytes of these objects.
  public let objectByteCount: Int
  /// Records that go, by dataset.
  public let records: [Records]
  /// Records that were made from theirs and are sealed under no key of theirs: they stay.
  public let derivedCount: Int
  /// Versions that may have been made from theirs, because a run that read them wrote these and nobody
  /// said from which records: they stay, for example `report@v1`.
  public let possible: [String]
  /// Versions of models that may have learned from their data, for example `emotion@3`.
  public let models: [String]
  /// What left the store, and is not reached.
  public let copies: [Copy]
  /// Where versions with their records were committed from; nothing there is touched.
  public let sources: [Source]
  /// Texts of runs that read and wrote no records: they are not searched.
  public let unsearchedRunCount: Int
  /// Imported events of runs that nobody can be attributed to: they are not searched.
  public let unsearchedImportCount: Int
  /// When the last of the key backups made so far is due to be deleted: until then it opens what it
  /// holds. Nil when there are none.
  public let backupsExpire: String?
  /// Where events stand that a projection cannot read: what they say was not looked at. Empty unless a
  /// projection stands still. A certificate counts them among the runs that were not searched.
  public let skippedPositions: [Int]

  /// Those of the people of whom something goes.
  public var erasedSubjects: [KeyID] {
    keys.isEmpty ? subjects : Set(keys.map(\.subject)).sorted()
  }

  /// Whether nothing can go, because matters hold all of it.
  public var isBlocked: Bool { dying.keys.isEmpty }

  /// The matters that keep anything of it, in the order of their names.
  public var matters: [Matter] {
    var found: [EventID: Matter] = [:]
    for matter in held.flatMap(\.matters) { found[matter.id] = matter }
    return found.values.sorted { $0.name < $1.name }
  }

  /// Every key that is destroyed, and what stays all the same.
  var dying: DyingKeys {
    DyingKeys(
      keys.map(\.id) + runKeys + releasedJoint.map(\.id), keeping: keptJoint.map(\.members))
  }

  /// What the ledger says of it.
  var requested: ErasureRequested {
    ErasureRequested(
      subjects: erasedSubjects.map(\.hex), classes: classes, reason: reason.rawValue,
      keys: dying.keys.sorted().map(\.hex),
      kept: keptKeys.map { .init(key: $0.id.hex, dataClass: $0.dataClass, ground: "class") }
        + held.map { .init(key: $0.id.hex, dataClass: $0.dataClass ?? "", ground: "hold") },
      joint: (releasedJoint + keptJoint).map {
        .init(key: $0.id.hex, members: $0.members.map(\.hex))
      },
      events: eventCount, objects: objectCount, bytes: objectByteCount, runs: runs.count,
      notReached: .init(
        copies: copies.map(\.position.value), models: models, derivedRecords: derivedCount,
        unsearchedRuns: unsearchedRunCount + skippedPositions.count,
        unsearchedImports: unsearchedImportCount,
        backupsExpire: backupsExpire))
  }

  /// What the ledger says of what waits.
  var denied: ErasureDenied {
    // Of what several people share nobody says here whose it is.
    let isAllOfPeople = held.allSatisfy { $0.use == .data }
    let people = isAllOfPeople ? Set(held.compactMap(\.subject)).sorted() : subjects
    return ErasureDenied(
      subjects: people.map(\.hex), classes: classes, reason: reason.rawValue,
      keys: held.map(\.id.hex).sorted(), matters: matters.map { "\($0.id)" })
  }
}

/// What an erasure did.
public struct ErasureResult: Sendable {
  /// The id of the request; of the denial where all of it waits.
  public let request: EventID
  /// The id of the event that says what waits for matters to be released; nil when nothing does.
  public let waiting: EventID?
  /// Where `erasure.requested` stands; nil where the ledger has lost it since.
  public let requestPosition: Position?
  /// Where `erasure.completed` stands; nil while pieces are left, or may be: the next command that
  /// writes tries again. Also nil where all of it waits.
  public let completedPosition: Position?
  /// What was erased; nil of an erasure that was cut short before and is finished now.
  public let plan: ErasurePlan?
  /// Pieces of what was removed that every file of the store was searched for.
  public let needleCount: Int
  /// Files that were searched.
  public let fileCount: Int
  /// Bytes of these files.
  public let byteCount: Int
  /// How many pieces are left in each file that has any, by its path in the store; empty when the
  /// erasure is whole.
  public let remnants: [String: Int]
  /// Files and folders of the store that could not be read, so that nobody knows.
  public let unreadable: [String]
}
