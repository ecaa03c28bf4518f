import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// Finds out what an erasure takes away. Changes nothing.
struct ErasurePlanning {
  let store: Store
  private let folder: StoreFolder
  let keyring: Keyring
  /// Where events stand that a projection cannot apply, by its name: what the answers lack.
  private let skipped: [String: Set<Int>]

  /// Finds out through the projections; where one stands still, through others that have read the ledger
  /// past what it cannot apply: nobody waits to be forgotten until that is mended.
  static func run<R>(_ store: Store, _ body: (ErasurePlanning) throws -> R) throws -> R {
    try store.engine.catchUp()
    guard try store.engine.isHalted() else { return try body(ErasurePlanning(store)) }
    return try store.engine.scanning { engine in
      try body(ErasurePlanning(Store(store, asking: engine), skipped: engine.skipped))
    }
  }

  init(_ store: Store, skipped: [String: Set<Int>] = [:]) throws {
    guard let keyring = store.folder.keyring else {
      throw CustodyError(.usage, "Erasing needs the store opened with its secrets.")
    }
    self.store = store
    folder = store.folder
    self.keyring = keyring
    self.skipped = skipped
  }

  /// What somebody wants to be erased.
  struct Wanted {
    let subjects: [KeyID]
    let classes: [String]
    let reason: ErasureReason
    /// Of one that waited, the keys that it waited for; nil for a new one.
    var waitedFor: Set<KeyID>?
  }

  /// A plan, what its keys seal, and keyed hashes of natural keys that go with them.
  typealias Found = (plan: ErasurePlan, sealed: KeyErasure.Sealed, hashes: [[UInt8]])

  func plan(_ wanted: Wanted) throws -> Found {
    try keyring.refresh()
    let matters = try store.holds.matters()
    try checkScopesAreKnown(matters)
    let heldKeys = try HeldKeys(matters, store)
    var (keys, kept) = try keys(of: wanted)
    var held = keys.compactMap { key -> ErasurePlan.Held? in
      let matters = heldKeys.matters(holding: [key.id])
      if matters.isEmpty { return nil }
      return .init(
        id: key.id, use: .data, subject: key.subject, dataClass: key.dataClass, matters: matters)
    }
    let waiting = Set(held.map(\.id))
    keys.removeAll { waiting.contains($0.id) }
    let keptJoint = try joint(keys.map(\.id), heldBy: heldKeys)
    let known = try keyring.keptJointKeys()
    // Those of others go with what waited for them.
    let own = Set(keys.map(\.id))
    let releasedJoint = known.filter { joint in
      !heldKeys.holdsAny(of: joint.members)
        && (wanted.waitedFor?.contains(joint.id) == true || !own.isDisjoint(with: joint.members))
    }
    let waitingJoint = known.filter { joint in
      wanted.waitedFor?.contains(joint.id) == true && heldKeys.holdsAny(of: joint.members)
    }

    held += (keptJoint + waitingJoint).map {
      .init(
        id: $0.id, use: .joint, subject: nil, dataClass: nil,
        matters: heldKeys.matters(holding: $0.members))
    }
    let keySets = try keySets(keys.map(\.id), keeping: keptJoint, releasing: releasedJoint)
    let touched = try touched(by: keySets)
    let texts = try runTexts(touched.runs)
    var runKeys = Set(texts.keys).union(
      try keyring.keys(among: wanted.waitedFor ?? [], for: [.run]))
    let heldRunKeys = try runKeys.isEmpty ? [] : textKeys(heldBy: heldKeys).intersection(runKeys)
    runKeys.subtract(heldRunKeys)
    held += heldRunKeys.sorted().map {
      .init(id: $0, use: .run, subject: nil, dataClass: nil, matters: heldKeys.active)
    }

    let dying = DyingKeys(
      keys.map(\.id) + runKeys + releasedJoint.map(\.id), keeping: keptJoint.map(\.members))
    let sealed = try KeyErasure.sealed(under: dying, in: folder)
    let plan = ErasurePlan(
      subjects: wanted.subjects.sorted(), reason: wanted.reason, classes: wanted.classes,
      keys: keys, keptKeys: kept, held: held, runs: touched.runs.sorted(),
      runKeys: runKeys.sorted(), releasedJoint: releasedJoint, keptJoint: keptJoint,
      eventCount: sealed.positions.count,
      objectCount: sealed.objectCount, objectByteCount: sealed.objectByteCount,
      records: Self.records(touched), derivedCount: touched.derived.count,
      possible: touched.possible.sorted(), models: touched.models.sorted(),
      copies: try copies(of: wanted.subjects, touched, Set(sealed.positions)),
      sources: try sources(of: Self.records(touched)),
      unsearchedRunCount: try unsearchedRunCount(touched.allRuns),
      unsearchedImportCount: try positions(of: LineageReceived.type).count - texts.importCount,
      backupsExpire: try backupsExpire(), skippedPositions: skippedPositions)
    return (plan, sealed, try hashes(keySets))
  }

  // MARK: - What cannot be read

  private var skippedPositions: [Int] {
    skipped.values.reduce(into: Set()) { $0.formUnion($1) }.sorted()
  }

  /// Whom a matter on a dataset holds is not known while a version of it cannot be read.
  private func checkScopesAreKnown(_ matters: [Matter]) throws {
    let lacking = [DatasetProjection.kind, AnonymityProjection.kind].compactMap {
      skipped[$0.declaration.name]?.min()
    }
    guard let position = lacking.min() else { return }
    let matter = matters.first { matter in
      matter.release == nil && matter.placements.contains { !$0.scope.datasets.isEmpty }
    }
    guard let matter else { return }
    throw CustodyError(
      .needsRecovery,
      "Whom the matter \(matter.name) holds cannot be told: the event at position \(position) cannot be "
        + "read (custody projection status). Nothing is destroyed before that is mended, or the matter is "
        + "released.")
  }

  /// Runs that used what cannot be read, or of which something cannot be read, may have used something of
  /// theirs.
  private func touched(by keySets: Set<Int64>) throws -> TouchedData {
    var touched = try store.lineage.touched(by: keySets, orUnknown: !skipped.isEmpty)
    for position in skippedPositions {
      guard let stream = try store.event(at: Position(position))?.header.claim.stream.text else {
        continue
      }
      for prefix in Self.runStreams.map(\.prefix) where stream.hasPrefix(prefix) {
        if let run = EventID(uuid: stream.dropFirst(prefix.count)) { touched.runs.insert(run) }
      }
    }
    return touched
  }

  // MARK: - Keys

  private func keys(
    of wanted: Wanted
  ) throws -> (gone: [ErasurePlan.Key], kept: [ErasurePlan.Key]) {
    let classes = wanted.classes
    var missing = wanted.waitedFor == nil ? Set(classes) : []
    var gone: [ErasurePlan.Key] = []
    var kept: [ErasurePlan.Key] = []
    for subject in wanted.subjects.sorted() {
      for (dataClass, id) in try keyring.subjectKeys(of: subject) {
        // Of one that waited, a class that she got since is not what was asked for.
        if wanted.waitedFor?.contains(id) == false { continue }
        let key = ErasurePlan.Key(subject: subject, dataClass: dataClass, id: id)
        missing.remove(dataClass)
        if classes.isEmpty || classes.contains(dataClass) {
          gone.append(key)
        } else {
          kept.append(key)
        }
      }
    }
    guard missing.isEmpty else {
      throw CustodyError(
        .notFound,
        "None of these people has a key of class \(missing.sorted().joined(separator: ", ")). "
          + "`custody subject show` lists the classes of a person.")
    }
    return (gone, kept)
  }

  /// The joint keys of what some keys seal together with keys that are held.
  private func joint(
    _ keys: [KeyID], heldBy held: HeldKeys
  ) throws -> [Keyring.KeptJointKey] {
    // A pass over everything, which the usual case does without.
    if held.isEmpty || keys.isEmpty { return [] }
    return try KeyErasure.sealed(under: DyingKeys(keys), in: folder).joint
      .filter { held.holdsAny(of: $0) }
      .map(Keyring.KeptJointKey.init)
      .sorted { $0.id < $1.id }
  }

  /// The keys of the texts of runs that read or wrote records which are held.
  private func textKeys(heldBy held: HeldKeys) throws -> Set<KeyID> {
    if held.isEmpty { return [] }
    let keySets = try keySets(held.all.sorted(), keeping: [], releasing: [])
    return Set(try runTexts(touched(by: keySets).runs).keys)
  }

  private func keySets(
    _ keys: [KeyID], keeping kept: [Keyring.KeptJointKey],
    releasing released: [Keyring.KeptJointKey]
  ) throws -> Set<Int64> {
    try store.engine.read(DatasetProjection.kind) { connection in
      let reader = DatasetReader(connection)
      return Set(try keys.flatMap { try reader.keySets(with: $0) })
        .subtracting(try kept.compactMap { try reader.keySet(of: $0.members) })
        .union(try released.compactMap { try reader.keySet(of: $0.members) })
    }
  }

  /// How the names of the streams of runs begin, and of which type the texts in them are.
  private static let runStreams = [
    (prefix: RunProjection.streamPrefix, type: RunAnnotated.type),
    (prefix: LineageProjection.streamPrefix, type: LineageReceived.type),
  ]

  /// The keys of the texts of runs, Custody's own and imported ones, that are there; and how many
  /// events of these runs were imported.
  private func runTexts(_ runs: Set<EventID>) throws -> (keys: [KeyID], importCount: Int) {
    var found: Set<KeyID> = []
    var importCount = 0
    try folder.read { reader in
      for run in runs {
        for (prefix, type) in Self.runStreams {
          let stream = "\(prefix)\(run)"
          guard try reader.nameID(stream) != nil else { continue }
          let events = try reader.events(
            EventFilter(stream: stream, type: type), ledgerID: folder.ledgerID, limit: .max >> 1,
            bodies: .of([], sizeMax: 1))
          for event in events { found.formUnion(event.header.claim.keyIDs) }
          if type == LineageReceived.type { importCount += events.count }
        }
      }
    }
    // A text that a caller appended under these names is sealed under keys of others.
    return (try keyring.keys(among: found, for: [.run]).sorted(), importCount)
  }

  // MARK: - Records

  private static func records(_ touched: TouchedData) -> [ErasurePlan.Records] {
    Dictionary(grouping: touched.records, by: \.key.dataset).sorted { $0.key < $1.key }.map {
      ErasurePlan.Records(
        dataset: $0.key, versions: $0.value.map(\.key.number).sorted(),
        count: $0.value.map(\.value).max() ?? 0)
    }
  }

  /// Keyed hashes of natural keys that projections hold and that go with what is destroyed.
  func hashes(goingWith tombstone: Tombstone) throws -> [[UInt8]] {
    let gone = Set(tombstone.keys)
    let kept = tombstone.kept.map(Keyring.KeptJointKey.init)
    let released = try keyring.keptJointKeys().filter { gone.contains($0.id) }
    return try hashes(keySets(tombstone.keys, keeping: kept, releasing: released))
  }

  private func hashes(_ keySets: Set<Int64>) throws -> [[UInt8]] {
    let datasets = try store.datasets.list { listing, _ in try listing.datasets() }.map(\.id)
    return try store.engine.read(DatasetProjection.kind) { connection in
      let reader = DatasetReader(connection)
      return try datasets.flatMap {
        try reader.names(goingWith: keySets, of: $0).map(\.bytes)
      }
    }
  }

  // MARK: - What is not reached

  func positions(of type: String) throws -> [Position] {
    try store.engine.read(EventIndex.kind) {
      try EventIndex.positions(
        $0, type: type, keys: nil, in: 0..<Int.max, reversed: false, limit: .max)
    }
  }

  private func unsearchedRunCount(_ used: Set<EventID>) throws -> Int {
    try store.engine.read(RunProjection.kind) { try RunReader($0).ids() }.subtracting(used).count
  }
}
