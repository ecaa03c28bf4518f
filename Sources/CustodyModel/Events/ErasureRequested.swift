/// Somebody's data is to be erased: which keys go, why, what stays and what is not reached.
///
/// No personal data: people and keys by random ids, what left the store by the events that say so.
package struct ErasureRequested: VersionedEvent {
  package static let type = "erasure.requested"
  package static let version: UInt16 = 2
  /// The stream of an erasure is this and the id of its request.
  package static let streamPrefix = "erasure/"

  /// A key that stays, and why.
  package struct Kept: Equatable, Sendable {
    package let key: String
    package let dataClass: String
    /// `class`: nobody asked for this class of data to go; `hold`: a matter holds what it seals.
    package let ground: String

    package init(key: String, dataClass: String, ground: String) {
      self.key = key
      self.dataClass = dataClass
      self.ground = ground
    }
  }

  /// What several keys make together, under which what they sealed together stays when one of them goes.
  package struct Joint: Equatable, Sendable {
    package let key: String
    /// The ids of the keys that it is made of, ascending.
    package let members: [String]

    package init(key: String, members: [String]) {
      self.key = key
      self.members = members
    }
  }

  /// What is not reached.
  package struct NotReached: Equatable, Sendable {
    /// Positions of the events that say what left the store.
    package let copies: [Int]
    /// Versions of models that may have learned from the data.
    package let models: [String]
    /// Records that were made from theirs and are sealed under no key of theirs.
    package let derivedRecords: Int
    /// Runs without records, whose texts are not searched.
    package let unsearchedRuns: Int
    /// Imported events of runs that touched no such record, which are not searched.
    package let unsearchedImports: Int
    /// When the last key backup made so far is due to be deleted, RFC 3339; nil when there is none.
    package let backupsExpire: String?

    package init(
      copies: [Int], models: [String], derivedRecords: Int, unsearchedRuns: Int,
      unsearchedImports: Int, backupsExpire: String?
    ) {
      self.copies = copies
      self.models = models
      self.derivedRecords = derivedRecords
      self.unsearchedRuns = unsearchedRuns
      self.unsearchedImports = unsearchedImports
      self.backupsExpire = backupsExpire
    }
  }

  /// The key ids by which the people are named.
  package let subjects: [String]
  /// The classes of data that go; none for all.
  package let classes: [String]
  /// One of ``ErasureReason``.
  package let reason: String
  /// The ids of all keys that are destroyed, those of runs and joint ones included.
  package let keys: [String]
  package let kept: [Kept]
  /// What the joint keys among `keys` and `kept` are made of.
  package let joint: [Joint]
  /// Events whose bodies go.
  package let events: Int
  /// Objects that go, and their bytes.
  package let objects: Int
  package let bytes: Int
  /// Runs whose texts go.
  package let runs: Int
  package let notReached: NotReached

  package init(
    subjects: [String], classes: [String], reason: String, keys: [String], kept: [Kept],
    joint: [Joint], events: Int, objects: Int, bytes: Int, runs: Int, notReached: NotReached
  ) {
    self.subjects = subjects
    self.classes = classes
    self.reason = reason
    self.keys = keys
    self.kept = kept
    self.joint = joint
    self.events = events
    self.objects = objects
    self.bytes = bytes
    self.runs = runs
    self.notReached = notReached
  }

  /// Written before there were joint keys, version 1 does not speak of them.
  package func content(version: UInt16) -> [UInt8] {
    var writer = JSONWriter()
    writer.member("subjects", strings: subjects)
    writer.member("classes", strings: classes)
    writer.member("reason", reason)
    writer.member("keys", strings: keys)
    writer.member("kept", kept) { kept, object in
      object.member("key", kept.key)
      object.member("class", kept.dataClass)
      object.member("ground", kept.ground)
    }
    if version > 1 {
      writer.member("joint", joint) { joint, object in
        object.member("key", joint.key)
        object.member("members", strings: joint.members)
      }
    }
    writer.member("events", events)
    writer.member("objects", objects)
    writer.member("bytes", bytes)
    writer.member("runs", runs)
    writer.member("copies", integers: notReached.copies)
    writer.member("models", strings: notReached.models)
    writer.member("derivedRecords", notReached.derivedRecords)
    writer.member("unsearchedRuns", notReached.unsearchedRuns)
    writer.member("unsearchedImports", notReached.unsearchedImports)
    writer.member("backupsExpire", notReached.backupsExpire)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8], version: UInt16) {
    guard (1...Self.version).contains(version), let reader = MemberReader(content),
      let subjects = reader.strings("subjects"),
      let classes = reader.strings("classes"), let reason = reader.string("reason"),
      let keys = reader.strings("keys"), let kept = reader.objects("kept"),
      let events = reader.integer("events"), let objects = reader.integer("objects"),
      let bytes = reader.integer("bytes"), let runs = reader.integer("runs"),
      let copies = reader.integers("copies"), let models = reader.strings("models"),
      let derivedRecords = reader.integer("derivedRecords"),
      let unsearchedRuns = reader.integer("unsearchedRuns"),
      let unsearchedImports = reader.integer("unsearchedImports")
    else { return nil }
    let keptKeys = kept.compactMap { reader -> Kept? in
      guard let key = reader.string("key"), let dataClass = reader.string("class"),
        let ground = reader.string("ground")
      else { return nil }
      return Kept(key: key, dataClass: dataClass, ground: ground)
    }
    guard keptKeys.count == kept.count, let joint = version > 1 ? Self.joint(reader) : [] else {
      return nil
    }
    self.init(
      subjects: subjects, classes: classes, reason: reason, keys: keys, kept: keptKeys,
      joint: joint, events: events, objects: objects, bytes: bytes, runs: runs,
      notReached: NotReached(
        copies: copies, models: models, derivedRecords: derivedRecords,
        unsearchedRuns: unsearchedRuns, unsearchedImports: unsearchedImports,
        backupsExpire: reader.string("backupsExpire")))
  }

  private static func joint(_ reader: MemberReader) -> [Joint]? {
    guard let readers = reader.objects("joint") else { return nil }
    let joint = readers.compactMap { reader -> Joint? in
      guard let key = reader.string("key"), let members = reader.strings("members") else {
        return nil
      }
      return Joint(key: key, members: members)
    }
    return joint.count == readers.count ? joint : nil
  }

  package static let example = ErasureRequested(
    subjects: [String(repeating: "1", count: 32)], classes: ["default"], reason: "request",
    keys: [String(repeating: "1", count: 32), String(repeating: "2", count: 32)],
    kept: [.init(key: String(repeating: "3", count: 32), dataClass: "voiceprint", ground: "class")],
    joint: [
      .init(
        key: String(repeating: "4", count: 32),
        members: [String(repeating: "1", count: 32), String(repeating: "5", count: 32)])
    ], events: 41, objects: 10_000, bytes: 20_000_000, runs: 1,
    notReached: .init(
      copies: [17], models: ["emotion@1"], derivedRecords: 1, unsearchedRuns: 2,
      unsearchedImports: 3, backupsExpire: "2027-01-01T00:00:00Z"))
}
