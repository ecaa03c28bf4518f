import CustodyModel
import CustodyProjections
import CustodyStore

extension Datasets {
  /// A record that differs.
  public struct Change: Sendable {
    /// How it differs.
    public enum Kind: String, Sendable, CaseIterable {
      /// Only the newer side has it.
      case added
      /// Both have it, with other bytes.
      case changed
      /// Only the older side has it.
      case removed
      /// A file whose name alone differs, or a row that stands elsewhere.
      case moved
      /// It differs, and one side of it is gone with a person who was erased.
      case erased
      /// No record: what a table has around its rows differs. The key says what.
      case frame
    }

    /// How it differs.
    public let kind: Kind
    /// Its natural key, as the newer side has it if it has; empty when that is erased.
    public let key: String
    /// What a file was called before it moved.
    public var oldKey: String?
    /// Where a row that moved stood among the older side's, from 1.
    public var oldPlace: Int?
    /// Where it stands among the newer side's, from 1.
    public var newPlace: Int?
    /// How its content differs; nil when nobody asked, and of what moved.
    public var content: ContentDifference?

    init(_ kind: Kind, _ key: String) {
      self.kind = kind
      self.key = key
    }
  }

  /// Lists the records that differ between two versions, by the order in which they first came.
  ///
  /// - Parameters:
  ///   - name: the dataset.
  ///   - old: the older version.
  ///   - new: the newer one.
  ///   - filter: which records; one that either side's record passes.
  ///   - withContent: whether contents are compared too.
  ///   - ground: on which ground restricted contents are compared too; they are not without one.
  ///   - each: called with every record that differs.
  /// - Returns: how many records that differ are gone so that the filter can no longer tell whether
  ///   it chose them.
  /// - Throws: `notFound`.
  ///
  /// Last comes what a table has around its rows, unless records were chosen.
  ///
  /// A file has moved when the newer side alone has its name, the older side alone has another, and
  /// their bytes and people are the same; empty files never. A row has moved when it stands
  /// elsewhere, its content the same: of the rows that both sides have, the fewest that explain the
  /// new order.
  ///
  /// Cost: a pass over the dataset's intervals, and the objects of each record that differs; of a
  /// table whose order differs, about 20 bytes of memory a row. Files that may have moved are read.
  @discardableResult
  public func diff(
    _ name: String, _ old: String, _ new: String, matching filter: Filter? = nil,
    withContent: Bool = false, on ground: RestrictionGround? = nil,
    _ each: (Change) throws -> Void
  ) throws -> Int {
    let row = try existing(name)
    let comparison = VersionComparison(
      store: store, dataset: row, old: try version(row, old), new: try version(row, new),
      leavingOut: try withContent ? store.restrictions.restricted(unless: ground) : nil)
    let filter = try filter.map { try RecordFilter($0, store) }
    return try comparison.forEach(matching: filter, withContent: withContent, each)
  }
}

/// Two versions of a dataset, beside each other.
struct VersionComparison {
  private let store: Store
  private let dataset: DatasetRow
  private let versions: (old: VersionRow, new: VersionRow)
  private let scans: (old: RecordScan, new: RecordScan)
  private let leftOut: RestrictedKeys?

  /// - Parameter leftOut: whose contents are not compared.
  init(
    store: Store, dataset: DatasetRow, old: VersionRow, new: VersionRow,
    leavingOut leftOut: RestrictedKeys?
  ) {
    self.leftOut = leftOut
    self.store = store
    self.dataset = dataset
    versions = (old, new)
    scans = (
      RecordScan(store: store, dataset: dataset, version: old),
      RecordScan(store: store, dataset: dataset, version: new)
    )
  }

  func forEach(
    matching filter: RecordFilter?, withContent: Bool, _ each: (Datasets.Change) throws -> Void
  ) throws -> Int {
    let ordinals = try store.engine.read(DatasetProjection.kind) {
      try DatasetReader($0).changed(
        in: dataset.id, between: min(versions.old.number, versions.new.number),
        and: max(versions.old.number, versions.new.number))
    }
    let renames = try dataset.kind == Datasets.Kind.files.rawValue ? renames(ordinals) : [:]
    let renamed = Set(renames.values)
    let moves = try orderMoves()
    let contents =
      try withContent ? ContentComparison(store, dataset, versions.old, versions.new) : nil
    var undecided = 0
    func emit(
      _ change: Datasets.Change, _ one: RecordScan.Entry?, _ other: RecordScan.Entry?
    ) throws {
      var change = change
      if let filter {
        let answers = [one, other].compactMap { $0 }.map(filter.chooses)
        guard answers.contains(.yes) else {
          if answers.contains(.unknown) { undecided += 1 }
          return
        }
      }
      if let contents, change.kind != .moved {
        change.content =
          try isLeftOut([one, other]) ? .restricted : contents.difference(one, other)
      }
      try each(change)
    }
    // Both lists ascend: a row that moved is told among those that changed.
    let all = Self.merged(ordinals, moves?.ordinals ?? [])
    for start in stride(from: 0, to: all.count, by: RecordScan.pageSize) {
      let page = all[start..<min(start + RecordScan.pageSize, all.count)]
      let (older, newer) = (try scans.old.entries(page), try scans.new.entries(page))
      for (ordinal, (one, other)) in zip(page, zip(older, newer)) {
        switch (one, other) {
        case (let one?, let other?) where one.row.address != other.row.address:
          let isGone = one.content == nil || other.content == nil
          try emit(.init(isGone ? .erased : .changed, other.key ?? one.key ?? ""), one, other)
        case (let one?, let other?):
          // What changed and changed back is the same.
          guard let moves, moves.hasMoved(ordinal) else { continue }
          var change = Datasets.Change(.moved, other.key ?? "")
          change.oldPlace = moves.old[ordinal]
          change.newPlace = moves.new[ordinal]
          try emit(change, one, other)
        case (nil, let other?):
          guard let old = renames[ordinal], let one = try scans.old.entries([old])[0] else {
            try emit(.init(.added, other.key ?? ""), nil, other)
            continue
          }
          var change = Datasets.Change(.moved, other.key ?? "")
          change.oldKey = one.key
          try emit(change, one, other)
        case (let one?, nil):
          if !renamed.contains(ordinal) { try emit(.init(.removed, one.key ?? ""), one, nil) }
        case (nil, nil): break
        }
      }
    }
    if filter == nil, let change = try frameChange() { try each(change) }
    return undecided
  }

  private func isLeftOut(_ sides: [RecordScan.Entry?]) throws -> Bool {
    guard let leftOut, !leftOut.isEmpty else { return false }
    return try sides.contains {
      try $0.map { leftOut.restricts(try scans.new.keyIDs(of: $0.row)) } ?? false
    }
  }

  private func frameChange() throws -> Datasets.Change? {
    guard versions.old.frame != versions.new.frame,
      let old = try ContentComparison.Side(store, dataset, versions.old).frame,
      let new = try ContentComparison.Side(store, dataset, versions.new).frame
    else { return nil }
    return FrameDifference.text(old, new).map { Datasets.Change(.frame, $0) }
  }

  private static func merged(_ left: [Int], _ right: [Int]) -> [Int] {
    guard !right.isEmpty else { return left }
    var all: [Int] = []
    all.reserveCapacity(left.count + right.count)
    var (left, right) = (left[...], right[...])
    while let one = left.first ?? right.first {
      let next = min(one, right.first ?? one)
      all.append(next)
      if left.first == next { left.removeFirst() }
      if right.first == next { right.removeFirst() }
    }
    return all
  }

  // MARK: - What moved

  /// New ordinals of files that were renamed, with their old ones.
  private func renames(_ ordinals: [Int]) throws -> [Int: Int] {
    var (removed, added): ([RenameFinder.File], [RenameFinder.File]) = ([], [])
    var digests: [Int: Digest] = [:]
    for start in stride(from: 0, to: ordinals.count, by: RecordScan.pageSize) {
      let page = ordinals[start..<min(start + RecordScan.pageSize, ordinals.count)]
      let (older, newer) = (try scans.old.entries(page), try scans.new.entries(page))
      for (ordinal, (one, other)) in zip(page, zip(older, newer)) {
        guard (one == nil) != (other == nil), let entry = one ?? other,
          let content = entry.content, let size = entry.size
        else { continue }
        let file = RenameFinder.File(
          id: ordinal, key: content.naturalKey, size: size,
          keyIDs: try scans.new.keyIDs(of: entry.row))
        if one == nil { added.append(file) } else { removed.append(file) }
        // A small file's bytes are at hand.
        if case .whole(let bytes) = content.bytes { digests[ordinal] = SHA256.hash(bytes) }
      }
    }
    let finder = RenameFinder(removed: removed, added: added)
    let suspects = finder.suspects
    for (version, ordinals) in [
      (versions.old, suspects.removed), (versions.new, suspects.added),
    ] {
      let contents = try VersionContents(store: store, dataset: dataset, version: version)
      for ordinal in ordinals where digests[ordinal] == nil {
        digests[ordinal] = try contents.digest(of: ordinal)
      }
    }
    return finder.renames(removed: digests, added: digests)
  }

  /// Rows that stand elsewhere; nil when the order is that of the ordinals in both versions, or the
  /// same.
  private func orderMoves() throws -> OrderMoves? {
    guard dataset.kind != Datasets.Kind.files.rawValue, versions.old.orders != versions.new.orders
    else { return nil }
    return OrderMoves(old: try scans.old.places(), new: try scans.new.places())
  }
}

extension VersionContents {
  /// SHA-256 of a record's bytes; nil when it is gone.
  func digest(of ordinal: Int) throws -> Digest? {
    let sha256 = SHA256()
    var found: Digest?
    try forEach([ordinal]) { record in
      sha256.begin()
      try record.forEachPiece { piece in piece.withUnsafeBytes { sha256.update($0) } }
      found = sha256.end()
    }
    return found
  }
}
