import CustodyLedger
import CustodyModel
import CustodyStore

extension ErasurePlanning {
  /// What left the store of some people, and what may have: an event about a copy that cannot be read any
  /// more says of nobody that she was not in it.
  ///
  /// - Parameters:
  ///   - touched: what their records are in.
  ///   - positions: where events about them stand.
  func copies(
    of people: [KeyID], _ touched: TouchedData, _ positions: Set<Int>
  ) throws -> [ErasurePlan.Copy] {
    let keys = Set(try people.flatMap { try keyring.subjectKeys(of: $0).map(\.keyID) })
    let restored = try copies(DatasetRestored.self) { restored, position in
      guard touched.records[.init(dataset: restored.dataset, number: restored.number)] != nil,
        restored.keys.map({ chosen in keys.contains { chosen.contains($0.hex) } }) ?? true,
        try restored.restricted == 0 || !isRestricted(keys, at: position)
      else { return nil }
      return ("\(restored.dataset)@v\(restored.number)", restored.target)
    }
    let disclosed = try copies(DisclosureMade.self) { disclosed, _ in
      positions.contains(disclosed.position) ? ("event \(disclosed.position)", nil) : nil
    }
    let exported = try copies(SubjectExported.self) { exported, _ in
      people.contains { $0.hex == exported.subject }
        ? ("everything about \(exported.subject)", exported.target) : nil
    }
    return (restored + disclosed + exported).sorted { $0.position < $1.position }
  }

  private func copies<Event: ModelEvent>(
    _ type: Event.Type, _ describe: (Event, Position) throws -> (what: String, path: String?)?
  ) throws -> [ErasurePlan.Copy] {
    try contents(of: type.type).compactMap { event, content in
      var copy: (what: String, path: String?)? = ("\(type.type), which cannot be read", nil)
      if let content {
        copy = try Event(content: content, version: event.header.claim.typeVersion).flatMap {
          try describe($0, event.position)
        }
      }
      return copy.map {
        ErasurePlan.Copy(
          position: event.position, recordedAt: event.header.place.recordedAt, what: $0.what,
          path: $0.path)
      }
    }
  }

  /// Whether a run left out what some keys seal, because all of it was restricted then.
  func leavesOut(_ keys: Set<KeyID>, _ story: RunStory?) throws -> Bool {
    guard let story, story.started.inputs.contains(where: { $0.restricted > 0 }) else {
      return false
    }
    return try isRestricted(keys, at: story.position)
  }

  /// Whether all of some keys were restricted when an event was recorded: what they seal was left out.
  private func isRestricted(_ keys: Set<KeyID>, at position: Position) throws -> Bool {
    let restrictions = try store.restrictions.list(at: .position(position))
    return try keys.isSubset(of: RestrictedKeys.keys(of: restrictions, keyring))
  }

  /// When the last key backup is due to be deleted, as far as events can be read.
  func backupsExpire() throws -> String? {
    try contents(of: BackupTaken.type)
      .compactMap { $0.content.flatMap(BackupTaken.init(content:))?.expires }.max()
  }

  /// - Returns: nil for a content that is damaged; those are left out of which a key is gone.
  private func contents(
    of type: String
  ) throws -> [(event: StoredEvent, content: [UInt8]?)] {
    try positions(of: type).compactMap { position in
      guard let event = try store.event(at: position) else { return nil }
      do {
        return try store.folder.openedContent(of: event).map { (event, $0) }
      } catch let error as CustodyError where error.code == .damaged {
        return (event, nil)
      }
    }
  }
}
