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
    let restored = try copies(DatasetRestored.self) { restored in
      touched.records[.init(dataset: restored.dataset, number: restored.number)] == nil
        ? nil : ("\(restored.dataset)@v\(restored.number)", restored.target)
    }
    let disclosed = try copies(DisclosureMade.self) { disclosed in
      positions.contains(disclosed.position) ? ("event \(disclosed.position)", nil) : nil
    }
    let exported = try copies(SubjectExported.self) { exported in
      people.contains { $0.hex == exported.subject }
        ? ("everything about \(exported.subject)", exported.target) : nil
    }
    return (restored + disclosed + exported).sorted { $0.position < $1.position }
  }

  private func copies<Event: ModelEvent>(
    _ type: Event.Type, _ describe: (Event) -> (what: String, path: String?)?
  ) throws -> [ErasurePlan.Copy] {
    try contents(of: type.type).compactMap { event, content in
      var copy: (what: String, path: String?)? = ("\(type.type), which cannot be read", nil)
      if let content {
        copy = Event(content: content, version: event.header.claim.typeVersion).flatMap(describe)
      }
      return copy.map {
        ErasurePlan.Copy(
          position: event.position, recordedAt: event.header.place.recordedAt, what: $0.what,
          path: $0.path)
      }
    }
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
