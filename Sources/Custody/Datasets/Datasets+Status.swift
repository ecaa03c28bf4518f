import CustodyModel
import CustodyProjections
import CustodyStore

extension Datasets {
  /// Compares a folder or file with the newest version. Writes nothing.
  ///
  /// - Parameters:
  ///   - name: the dataset.
  ///   - path: what to compare.
  ///   - subjectFile: for a dataset whose people a file names: that file.
  ///   - progress: called as bytes are read.
  ///   - each: called with every record that differs: added and changed ones in the order of the
  ///     source, and files that moved among them; then rows that moved, then what was removed.
  /// - Throws: what ``commit(_:_:message:subjectFile:registersUnknown:progress:)`` would throw.
  ///
  /// What has moved is said as ``diff(_:_:_:matching:withContent:on:_:)`` says it. People who are not
  /// registered are no error: their records are new.
  ///
  /// Cost: reads the source twice, and once more what may have moved.
  public func status(
    _ name: String, _ path: String, subjectFile: String? = nil, progress: Progress? = nil,
    _ each: (Change) throws -> Void
  ) async throws {
    let row = try existing(name)
    let source = try await Self.source(row, path, subjectFile: subjectFile, in: store)
    let last = try read { try $0.newest(of: row.id, below: end) }
    let survey = try await SourceSurvey.run(source, of: row, since: last, in: store)
    let sealing = try RecordSealing(
      folder: store.folder, people: survey.people, count: survey.ordinals.count, isTrial: true)
    var comparison = SourceComparison(store: store, dataset: row, version: last, survey: survey)
    var done = 0
    let known = last.map { KnownRecords(store, row, $0) }
    try await sealing.seal(source, survey, since: known) { sealed, batch in
      try comparison.take(batch, sealed, each)
      done += sealed.reduce(0) { $0 + $1.size }
      progress?(done, source.size)
    }
    try await comparison.finish(each)
    if let last, let old = try ContentComparison.Side(store, row, last).frame,
      let frame = source.frame, let new = try? TableFrame(parsing: frame),
      let text = FrameDifference.text(old, new)
    {
      try each(.init(.frame, text))
    }
  }
}

/// A source beside the newest version.
private struct SourceComparison {
  private let store: Store
  private let dataset: DatasetRow
  private let version: VersionRow?
  private let survey: SourceSurvey
  private let isFiles: Bool
  private var changed: Set<Int> = []
  private var order = OrderMoves.Places()
  /// Files that differ, in the order of the source: which of them moved is known at the end.
  private var files: [(kind: Datasets.Change.Kind, record: SourceRecord, keyIDs: [KeyID])] = []

  init(store: Store, dataset: DatasetRow, version: VersionRow?, survey: SourceSurvey) {
    self.store = store
    self.dataset = dataset
    self.version = version
    self.survey = survey
    isFiles = dataset.kind == Datasets.Kind.files.rawValue
  }

  mutating func take(
    _ batch: SourceBatch, _ sealed: [SealedRecord], _ each: (Datasets.Change) throws -> Void
  ) throws {
    for (index, sealed) in sealed.enumerated() {
      if sealed.before == nil { order.addForeign() } else { order.add(sealed.ordinal) }
      guard sealed.before != sealed.address else { continue }
      let kind: Datasets.Change.Kind = sealed.before == nil ? .added : .changed
      let record = try batch.record(index)
      if isFiles {
        files.append((kind, record, sealed.keyIDs))
      } else {
        if kind == .changed { changed.insert(sealed.ordinal) }
        try each(.init(kind, Self.key(record)))
      }
    }
  }

  mutating func finish(_ each: (Datasets.Change) throws -> Void) async throws {
    guard let version else {
      for file in files { try each(.init(file.kind, Self.key(file.record))) }
      return
    }
    let scan = RecordScan(store: store, dataset: dataset, version: version)
    let renames = try await renames(scan, version)
    for (index, file) in files.enumerated() {
      var change = Datasets.Change(
        renames[index] == nil ? file.kind : .moved, Self.key(file.record))
      if let old = renames[index] { change.oldKey = try scan.entries([old])[0]?.key }
      try each(change)
    }
    try tellMoves(scan, version, each)
    let renamed = Set(renames.values)
    try forEachUnseen(scan) { entry in
      guard !renamed.contains(entry.row.ordinal) else { return }
      try each(.init(.removed, entry.key ?? ""))
    }
  }

  private static func key(_ record: SourceRecord) -> String {
    String(decoding: record.key, as: UTF8.self)
  }

  /// Records of the version that the source has no more.
  private func forEachUnseen(
    _ scan: RecordScan, _ body: (RecordScan.Entry) throws -> Void
  ) throws {
    try scan.forEachPage { page in
      for entry in try scan.open(page.filter { !survey.has($0.ordinal) }) { try body(entry) }
    }
  }

  private func tellMoves(
    _ scan: RecordScan, _ version: VersionRow, _ each: (Datasets.Change) throws -> Void
  ) throws {
    guard !isFiles, !(order.isAscending && version.orders.isEmpty) else { return }
    let moves = OrderMoves(old: try scan.places(), new: order)
    let ordinals = moves.ordinals.filter { !changed.contains($0) }
    for start in stride(from: 0, to: ordinals.count, by: RecordScan.pageSize) {
      let page = ordinals[start..<min(start + RecordScan.pageSize, ordinals.count)]
      for (ordinal, entry) in zip(page, try scan.entries(page)) {
        var change = Datasets.Change(.moved, entry?.key ?? "")
        change.oldPlace = moves.old[ordinal]
        change.newPlace = moves.new[ordinal]
        try each(change)
      }
    }
  }

  /// Places in `files` of those that were renamed, with their old ordinals.
  private func renames(_ scan: RecordScan, _ version: VersionRow) async throws -> [Int: Int] {
    guard isFiles, files.contains(where: { $0.kind == .added }) else { return [:] }
    var removed: [RenameFinder.File] = []
    try forEachUnseen(scan) { entry in
      guard let content = entry.content, let size = entry.size else { return }
      removed.append(
        .init(
          id: entry.row.ordinal, key: content.naturalKey, size: size,
          keyIDs: try scan.keyIDs(of: entry.row)))
    }
    let added = files.enumerated().filter { $0.element.kind == .added }.map { index, file in
      RenameFinder.File(
        id: index, key: file.record.key, size: file.record.size, keyIDs: file.keyIDs)
    }
    let finder = RenameFinder(removed: removed, added: added)
    let suspects = finder.suspects
    let contents = try VersionContents(store: store, dataset: dataset, version: version)
    var (older, newer): ([Int: Digest], [Int: Digest]) = ([:], [:])
    for ordinal in suspects.removed { older[ordinal] = try contents.digest(of: ordinal) }
    for index in suspects.added {
      guard case .file(let file) = files[index].record.content else { continue }
      let sha256 = SHA256()
      sha256.begin()
      try await file.read(pieceSize: RecordContent.pieceSize) { sha256.update($0) }
      newer[index] = sha256.end()
    }
    return finder.renames(removed: older, added: newer)
  }
}
