import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

extension ObjectContent {
  fileprivate var size: Int { if case .opened(let bytes, _) = self { bytes.count } else { 0 } }
}

extension Datasets {
  /// What a restore wrote.
  public struct Restored: Sendable {
    /// Which version it was.
    public let version: Int
    /// How many records were written.
    public let records: Int
    /// Records of the version whose keys or objects are gone: people were erased since. With a
    /// pattern, those are among them of which nobody can tell any more whether it matched.
    public let missing: Int
    /// Records that were left out because they are restricted.
    public let restricted: Int
  }

  /// Writes a version, or some records of it, to a folder or file that is not there yet.
  ///
  /// - Parameters:
  ///   - name: the dataset.
  ///   - reference: which version: `v3`, a tag, a position, a date or time, `head`.
  ///   - keys: natural keys; every record when empty.
  ///   - filter: which records; not together with `keys`.
  ///   - target: a folder for files, else a file.
  ///   - replacing: whether what is there is replaced, once the whole is written.
  ///   - purpose: what for, held against consents by ``Consents/gaps(purpose:in:)``; checked like names.
  ///   - ground: on which ground restricted records are written too; they are left out without one.
  ///   - progress: called as bytes are written.
  /// - Returns: how many records were written, and how many are missing because of erasure.
  /// - Throws: `notFound` for a version or key that there is not; `alreadyExists`; `diskFull`. No
  ///   half-written target is left.
  ///
  /// The ledger records that it was restored, and where: an erasure does not reach there.
  @discardableResult
  public func restore(
    _ name: String, _ reference: String = "head", keys: [String] = [],
    matching filter: Filter? = nil, to target: String, replacing: Bool = false,
    for purpose: String? = nil, on ground: RestrictionGround? = nil, progress: Progress? = nil
  ) async throws -> Restored {
    let row = try existing(name)
    let version = try version(row, reference)
    let path = Store.absolute(target)
    guard replacing || !FileIO.exists(path) else {
      throw CustodyError(.alreadyExists, "\(target) exists already. Replace it with --force.")
    }
    try OutsidePath.check(path, store)
    try OutsidePath.checkReplacement(of: path, byFolder: row.kind == Kind.files.rawValue)
    try check(path, "target")
    if let purpose { try check(purpose, "purpose") }
    try store.checkRecords(of: row, in: version)
    let reader = try VersionContents(
      store: store, dataset: row, version: version,
      leavingOut: store.restrictions.restricted(unless: ground))
    let chosen = try chosen(keys, filter, row, version)
    let building = OutsidePath.building(path, store)
    defer { UnfinishedFiles.remove(building) }
    var writer = try Self.writer(row, building, reader, isWhole: chosen == nil)
    var done = 0
    try reader.forEach(chosen?.ordinals) { record in
      try writer.write(record) {
        done += $0
        progress?(done, version.bytes)
      }
    }
    try writer.finish()
    let restored = Restored(
      version: version.number, records: reader.written,
      missing: reader.missing + (chosen?.undecided ?? 0), restricted: reader.restricted)
    // Recorded before it is there: what is outside is never unknown to the ledger.
    try await record(
      DatasetRestored(
        dataset: name, number: version.number, records: restored.records,
        missing: restored.missing, restricted: restored.restricted, ground: ground?.rawValue,
        purpose: purpose, keys: chosen == nil ? nil : reader.writtenKeys()?.map(\.hex),
        target: path))
    try OutsidePath.move(building, to: path, replacing: replacing)
    return restored
  }

  /// - Parameter run: for which run it was restored.
  func record(_ restored: DatasetRestored, by run: EventID? = nil) async throws {
    try await store.appendOwn(
      NewEvent(
        stream: "\(DatasetProjection.streamPrefix)\(restored.dataset)", type: DatasetRestored.type,
        typeVersion: DatasetRestored.version, correlationID: run, content: restored.content))
  }

  /// What writes records of a dataset to a place where nothing is.
  ///
  /// - Parameter isWhole: whether every record comes, each in its place.
  static func writer(
    _ row: DatasetRow, _ path: String, _ contents: VersionContents, isWhole: Bool = true
  ) throws -> any RestoreWriter {
    row.kind == Kind.files.rawValue
      ? try FolderWriter(path)
      : try TableFileWriter(path, frame: contents.frame(), isWhole: isWhole)
  }

  /// The content of one record as a version has it.
  ///
  /// - Parameters:
  ///   - name: the dataset.
  ///   - reference: which version: `v3`, a tag, a position, a date or time, `head`.
  ///   - key: the record's natural key.
  ///   - ground: on which ground it is read although it is restricted.
  ///   - write: takes the bytes, piece by piece.
  /// - Throws: `notFound` when the version has no such record; `keyDestroyed` when it is erased;
  ///   `restricted`.
  ///
  /// Cost: one look-up and one object, whatever the number of versions.
  public func content(
    of name: String, _ reference: String = "head", key: String,
    on ground: RestrictionGround? = nil, _ write: ([UInt8]) throws -> Void
  ) throws {
    let row = try existing(name)
    let reader = try VersionContents(
      store: store, dataset: row, version: version(row, reference),
      leavingOut: store.restrictions.restricted(unless: ground))
    try reader.forEach(reader.ordinals(of: [key])) { try $0.forEachPiece(write) }
    guard reader.restricted == 0 else { throw Restrictions.refusal("The record") }
    guard reader.missing == 0 else {
      throw CustodyError(
        .keyDestroyed, "The record is gone: a person it was about was erased, or it expired.")
    }
  }
}

/// Reads the records of one version, in their order.
final class VersionContents {
  private let store: Store
  private let dataset: DatasetRow
  private let version: VersionRow
  private let readers: WorkerPool<StoredObjects>
  private(set) var written = 0
  private(set) var missing = 0
  private(set) var restricted = 0
  private let leftOut: RestrictedKeys?
  private var place = 0
  /// Rows of key sets of what was written.
  private var writtenSets: Set<Int64> = []
  /// Rows of key sets, and whether a key of theirs is gone.
  private var erased: [Int64: Bool] = [:]
  /// The same, and whether it is left out.
  private var isLeftOut: [Int64: Bool] = [:]

  init(
    store: Store, dataset: DatasetRow, version: VersionRow,
    leavingOut leftOut: RestrictedKeys? = nil
  ) throws {
    self.leftOut = leftOut
    self.store = store
    self.dataset = dataset
    self.version = version
    let folder = store.folder
    readers = WorkerPool { try StoredObjects(folder: folder) }
  }

  /// Records opened at a time, each of at most 1 MiB in one object: more while they are small.
  private var pageSize = 256
  private static let pageSizes = 16...4096
  private static let pageBytes = 4 << 20

  /// A record being restored: its key, and its bytes piece by piece.
  struct Record {
    let key: [UInt8]
    let row: RecordRow
    /// How many records stand before it, also such as are gone.
    let place: Int
    var file: RecordChange.File? { row.file }
    let forEachPiece: ((([UInt8]) throws -> Void) throws -> Void)
  }

  /// The frame of a table.
  func frame() throws -> [UInt8] {
    guard let address = version.frame, let opened = try open(address) else {
      throw CustodyError(
        .damaged, "The frame of the version is missing. Run: custody verify --level contents")
    }
    return opened.content
  }

  /// The ordinals of records with these natural keys, in this version.
  func ordinals(of keys: [String]) throws -> [Int] {
    try store.engine.readUncaught { connection in
      let reader = DatasetReader(connection)
      var seen: Set<Int> = []
      return try keys.map { key in
        let hash = try readers.with { $0.keyHash(of: Array(key.utf8), in: dataset.name) }
        guard let ordinal = try reader.ordinal(of: hash, in: dataset.id),
          try reader.record(ordinal, of: dataset.id, in: version.number) != nil
        else {
          throw CustodyError(
            .notFound,
            "Version v\(version.number) of \(dataset.name) has no such record, or it was erased: "
              + "`custody dataset show \(dataset.name)@v\(version.number) --records` says how many are gone."
          )
        }
        return ordinal
      }.filter { seen.insert($0).inserted }
    }
  }

  /// Every record in the version's order, or those with the given ordinals.
  func forEach(_ ordinals: [Int]?, _ body: (Record) throws -> Void) throws {
    if let ordinals {
      for ordinal in ordinals { try forEach(in: ordinal..<ordinal + 1, body) }
    } else if version.orders.isEmpty {
      try forEach(in: 0..<version.next, body)
    } else {
      for address in version.orders {
        guard let opened = try open(address), let runs = RecordOrder.parse(opened.content) else {
          throw CustodyError(
            .damaged, "The order of the version is missing. Run: custody verify --level contents")
        }
        for run in runs { try forEach(in: run, body) }
      }
    }
  }

  private func forEach(in run: Range<Int>, _ body: (Record) throws -> Void) throws {
    var from = run.lowerBound
    while from < run.upperBound {
      let rows = try store.engine.readUncaught {
        try DatasetReader($0).records(
          of: dataset.id, in: version.number, from: from, limit: min(pageSize, run.count))
      }
      let wanted = try rows.filter { $0.ordinal < run.upperBound }.filter { row in
        guard try isLeftOut(row) else { return true }
        restricted += 1
        return false
      }
      let opened = try openAll(wanted)
      let isSmall = opened.reduce(0) { $0 + $1.size } < Self.pageBytes / 2
      pageSize =
        isSmall
        ? min(pageSize * 2, Self.pageSizes.upperBound)
        : max(pageSize / 2, Self.pageSizes.lowerBound)
      for (row, opened) in zip(wanted, opened) { try take(row, opened, body) }
      guard let last = rows.last, last.ordinal < run.upperBound - 1 else { return }
      from = last.ordinal + 1
    }
  }

  /// Opens the objects of some records, on all cores.
  private func openAll(_ rows: [RecordRow]) throws -> [ObjectContent] {
    let readers = readers
    return try Parallel.map(rows.count) { range in
      guard !range.isEmpty else { return [] }
      return try readers.with { reader in
        try reader.atOnce { try range.map { try reader.content(at: rows[$0].address) } }
      }
    }
  }

  private func take(
    _ row: RecordRow, _ opened: ObjectContent, _ body: (Record) throws -> Void
  ) throws {
    defer { place += 1 }
    guard case .opened(let bytes, let isList) = opened else {
      guard try isErased(row) else {
        throw CustodyError(
          .damaged,
          "A record of \(dataset.name) is missing from objects.sqlite, and nobody was erased whom it is "
            + "about. Run: custody verify --level contents")
      }
      missing += 1
      return
    }
    guard let content = RecordContent(parsing: bytes, isList: isList) else {
      throw CustodyError(.damaged, "A record is not one. Run: custody verify --level contents")
    }
    written += 1
    writtenSets.insert(row.keys)
    try body(
      Record(key: content.naturalKey, row: row, place: place) { write in
        switch content.bytes {
        case .whole(let bytes): try write(bytes)
        case .pieces(let total, let addresses): try self.pieces(total, addresses, write)
        }
      })
  }

  private func isLeftOut(_ row: RecordRow) throws -> Bool {
    guard let leftOut, !leftOut.isEmpty else { return false }
    if let known = isLeftOut[row.keys] { return known }
    let ids = try store.engine.readUncaught { try DatasetReader($0).keyIDs(row.keys) }
    let isRestricted = leftOut.restricts(ids)
    isLeftOut[row.keys] = isRestricted
    return isRestricted
  }

  /// The keys that seal the records that were handed out; nil for more than the ledger is told of.
  func writtenKeys() throws -> [KeyID]? {
    guard writtenSets.count <= DatasetRestored.keyCountMax else { return nil }
    let keys = try store.engine.readUncaught { connection in
      let reader = DatasetReader(connection)
      return Set(try writtenSets.flatMap { try reader.keyIDs($0) })
    }
    return keys.count <= DatasetRestored.keyCountMax ? keys.sorted() : nil
  }

  private func isErased(_ row: RecordRow) throws -> Bool {
    if let known = erased[row.keys] { return known }
    let ids = try store.engine.readUncaught { try DatasetReader($0).keyIDs(row.keys) }
    let isErased = try store.folder.keyring?.missing(ids).isEmpty == false
    erased[row.keys] = isErased
    return isErased
  }

  private func pieces(
    _ total: Int, _ addresses: [Digest], _ write: ([UInt8]) throws -> Void
  ) throws {
    func gone() -> CustodyError {
      CustodyError(.damaged, "A piece of a record is missing. Run: custody verify --level contents")
    }
    var left = total
    for address in addresses {
      guard let opened = try open(address) else { throw gone() }
      var pieces = [opened.content]
      if opened.isList {
        let list = opened.content
        pieces = try stride(from: 0, to: list.count - 31, by: 32).map {
          guard let address = Digest(list[$0..<$0 + 32]), let piece = try open(address) else {
            throw gone()
          }
          return piece.content
        }
      }
      for piece in pieces {
        left -= piece.count
        guard left >= 0 else { throw gone() }
        try write(piece)
      }
    }
    guard left == 0 else { throw gone() }
  }

  private func open(_ address: Digest) throws -> (content: [UInt8], isList: Bool)? {
    guard case .opened(let content, let isList) = try readers.with({ try $0.content(at: address) })
    else {
      return nil
    }
    return (content, isList)
  }
}
