import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

/// A record that has its address: sealed now, or found to be stored already.
struct SealedRecord: Sendable {
  let address: Digest
  let keyIDs: [KeyID]
  let size: Int
  let file: RecordChange.File?
}

/// Turns records into objects, on all cores; equal contents under the same keys are stored once.
final class RecordSealing {
  private let keys: RecordKeys
  private let workers: WorkerPool<Worker>
  /// Nil in a trial: nothing is stored, and new contents get addresses of the moment.
  private let queue: ObjectQueue?

  /// - Parameters:
  ///   - people: the keys of everyone whom the records are about.
  ///   - isTrial: nothing is stored.
  init(folder: StoreFolder, people: [String: KeyID] = [:], isTrial: Bool = false) throws {
    guard let keyring = folder.keyring else {
      throw CustodyError(.usage, "Datasets need the store's secrets.")
    }
    keys = try RecordKeys(of: people, keyring)
    workers = WorkerPool { try Worker(folder) }
    queue = isTrial ? nil : ObjectQueue(folder: folder, keyring: keyring)
  }

  /// Waits until everything that was sealed is on the disk.
  func finish() async throws { try await queue?.finish() }

  /// Seals the records of a batch, in order.
  func seal(_ batch: SourceBatch) async throws -> [SealedRecord] {
    let (workers, keys, isTrial) = (workers, keys, queue == nil)
    let results = try Parallel.map(batch.count) { range in
      try workers.with { worker in
        try worker.atOnce {
          try range.map { index in
            let record = try batch.record(index)
            if let keys = try keys.keys(of: record) { return try worker.result(of: record, keys) }
            guard isTrial else { throw RecordKeys.stranger(record) }
            return worker.result(ofStranger: record)
          }
        }
      }
    }
    var sealed: [SealedRecord] = []
    sealed.reserveCapacity(results.count)
    for result in results {
      switch result {
      case .object(let object, let keyIDs, let size, let file):
        sealed.append(
          SealedRecord(address: try await add(object), keyIDs: keyIDs, size: size, file: file))
      case .large(let record, let file, let keys):
        let address = try await seal(file, of: record, keys)
        sealed.append(
          SealedRecord(address: address, keyIDs: keys.ids, size: file.size, file: record.file))
      }
    }
    return sealed
  }

  /// Seals a large file piece by piece; memory holds a few of them.
  private func seal(
    _ file: SourceFile, of record: SourceRecord, _ keys: SealingKeys
  ) async throws -> Digest {
    var addresses: [Digest] = []
    var pieces: [[UInt8]] = []
    try await file.read(pieceSize: RecordContent.pieceSize) { piece in
      pieces.append(piece)
      if pieces.count == Self.piecesAtOnce {
        addresses += try await seal(pieces, isList: false, keys)
        pieces = []
      }
    }
    addresses += try await seal(pieces, isList: false, keys)
    if addresses.count > RecordContent.addressCountMax {
      addresses = try await seal(lists: addresses, keys)
    }
    let content = RecordContent(
      naturalKey: record.key, bytes: .pieces(totalCount: file.size, addresses: addresses)
    ).encoded
    return try await seal([content], isList: true, keys)[0]
  }

  private static let piecesAtOnce = 8

  private func seal(lists addresses: [Digest], _ keys: SealingKeys) async throws -> [Digest] {
    let lists = stride(from: 0, to: addresses.count, by: RecordContent.addressCountMax).map {
      addresses[$0..<min($0 + RecordContent.addressCountMax, addresses.count)].flatMap(\.bytes)
    }
    return try await seal(lists, isList: true, keys)
  }

  /// Seals what is about nobody: change sets, orders, frames.
  func sealOperations(_ contents: [[UInt8]]) async throws -> [Digest] {
    try await seal(contents, isList: false, keys.operations)
  }

  private func seal(
    _ contents: [[UInt8]], isList: Bool, _ keys: SealingKeys
  ) async throws -> [Digest] {
    let workers = workers
    let objects = try Parallel.map(contents.count) { range in
      try workers.with { worker in
        try range.map { try worker.object(contents[$0], isList: isList, keys) }
      }
    }
    var addresses: [Digest] = []
    for object in objects { addresses.append(try await add(object)) }
    return addresses
  }

  private func add(_ object: Sealed) async throws -> Digest {
    switch object {
    case .stored(let address): address
    case .new(let new): try await queue?.add(new) ?? new.address
    }
  }
}

/// The object of a content.
private enum Sealed: Sendable {
  case stored(Digest)
  case new(ObjectStore.New)
}

/// What came of a record: a file of several pieces is sealed on all cores by itself.
private enum Outcome: Sendable {
  case object(Sealed, keyIDs: [KeyID], size: Int, file: RecordChange.File?)
  case large(SourceRecord, SourceFile, SealingKeys)
}

/// Seals for one thread at a time.
private final class Worker {
  private let folder: StoreFolder
  private let sealer: ObjectSealer
  private let reader: ObjectReader

  init(_ folder: StoreFolder) throws {
    self.folder = folder
    sealer = ObjectSealer(ledgerID: folder.ledgerID, environment: folder.environment)
    reader = try folder.objects.reader()
  }

  /// Looks up as of one moment, which is quicker than one by one.
  func atOnce<R>(_ body: () throws -> R) throws -> R { try reader.atOnce(body) }

  /// In a trial: no record about her can be there already.
  func result(ofStranger record: SourceRecord) -> Outcome {
    .object(
      .stored(folder.environment.value(Digest.self)), keyIDs: [], size: record.size, file: nil)
  }

  func result(of record: SourceRecord, _ keys: SealingKeys) throws -> Outcome {
    let bytes: ArraySlice<UInt8>
    switch record.content {
    case .bytes(let row):
      guard row.count <= RecordContent.pieceSize else {
        throw CustodyError(
          .contentTooLarge,
          "A row has \(row.count) bytes; the most is \(RecordContent.pieceSize).",
          at: .init(file: record.place))
      }
      bytes = row
    case .file(let file):
      guard file.size <= RecordContent.pieceSize else {
        return .large(record, file, keys)
      }
      bytes = try file.whole()[...]
    }
    let content = RecordContent.encoded(naturalKey: record.key, whole: bytes)
    return .object(
      try object(content, isList: false, keys), keyIDs: keys.ids, size: bytes.count,
      file: record.file)
  }

  /// The object of a content: the stored one, or a new one.
  func object(_ content: [UInt8], isList: Bool, _ keys: SealingKeys) throws -> Sealed {
    let tag = sealer.tag(of: content, isList: isList, keys: keys)
    if let known = try reader.address(of: tag) { return .stored(known) }
    return .new(sealer.seal(content, isList: isList, keys: keys, tag: tag))
  }
}
