import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation
import Synchronization

/// A record that has its address: sealed now, or found to be stored already.
struct SealedRecord: Sendable {
  let keyHash: EventID
  let address: Digest
  let keyIDs: [KeyID]
  let size: Int
}

/// Turns records into objects, on all cores; equal contents under the same keys are stored once.
final class RecordSealing: Sendable {
  private let folder: StoreFolder
  private let keyring: Keyring
  private let dataset: DatasetRow
  private let operations: KeyID
  private let isTrial: Bool
  private let sealers = Mutex<[Worker]>([])
  /// People met in the source; the writer asks again whether their keys are live.
  private let people = Mutex<[String: KeyID]>([:])

  /// For one thread at a time.
  private final class Worker: @unchecked Sendable {
    let sealer: ObjectSealer
    let objects: StoredObjects
    let reader: ObjectReader

    init(_ folder: StoreFolder) throws {
      sealer = ObjectSealer(ledgerID: folder.ledgerID, environment: folder.environment)
      objects = try StoredObjects(folder: folder)
      reader = try folder.objects.reader()
    }
  }

  /// - Parameter isTrial: nothing is stored, and new contents get addresses of the moment.
  init(folder: StoreFolder, dataset: DatasetRow, isTrial: Bool = false) throws {
    self.isTrial = isTrial
    guard let keyring = folder.keyring else {
      throw CustodyError(.usage, "Datasets need the store's secrets.")
    }
    self.folder = folder
    self.keyring = keyring
    self.dataset = dataset
    operations = try keyring.operationsKey()
  }

  private func withWorker<R>(_ body: (Worker) throws -> R) throws -> R {
    let worker = try sealers.withLock { $0.popLast() } ?? Worker(folder)
    defer { sealers.withLock { $0.append(worker) } }
    return try body(worker)
  }

  func keyHash(of naturalKey: [UInt8]) throws -> EventID {
    try withWorker { $0.objects.keyHash(of: naturalKey, in: dataset.name) }
  }

  /// Seals records and stores what is new, before anything names it.
  func seal(_ records: [SourceRecord]) async throws -> [SealedRecord] {
    var sealed: [SealedRecord?] = Array(repeating: nil, count: records.count)
    var small: [(index: Int, content: [UInt8])] = []
    for (index, record) in records.enumerated() {
      switch record.content {
      case .bytes(let bytes): small.append((index, bytes))
      case .file(let file) where file.size <= RecordContent.pieceSize:
        var whole: [UInt8] = []
        try await file.read(pieceSize: RecordContent.pieceSize) { whole = $0 }
        small.append((index, whole))
      case .file(let file):
        sealed[index] = try await seal(file, of: record)
      }
    }
    let contents = small
    let keys = try records.map { try keyIDs(of: $0) }
    let results = try Parallel.map(contents.count) { range in
      try self.withWorker { worker in
        try worker.reader.atOnce {
          try range.map { place in
            let (index, bytes) = contents[place]
            let record = records[index]
            guard bytes.count <= RecordContent.pieceSize else {
              throw CustodyError(
                .contentTooLarge,
                "A row has \(bytes.count) bytes; the most is \(RecordContent.pieceSize).",
                at: .init(file: record.place))
            }
            let content = RecordContent(naturalKey: record.key, bytes: .whole(bytes)).encoded
            let (address, new) = try self.object(content, isList: false, keys[index], worker)
            let sealed = SealedRecord(
              keyHash: worker.objects.keyHash(of: record.key, in: self.dataset.name),
              address: address, keyIDs: keys[index], size: bytes.count)
            return (index, sealed, new)
          }
        }
      }
    }
    for (index, record, _) in results { sealed[index] = record }
    try await store(results.compactMap(\.2))
    return sealed.map { $0! }
  }

  /// Seals a large file piece by piece; memory holds a few of them.
  private func seal(_ file: SourceFile, of record: SourceRecord) async throws -> SealedRecord {
    let keyIDs = try keyIDs(of: record)
    var addresses: [Digest] = []
    var pieces: [[UInt8]] = []
    try await file.read(pieceSize: RecordContent.pieceSize) { piece in
      pieces.append(piece)
      if pieces.count == Self.piecesAtOnce {
        addresses += try await self.seal(pieces: pieces, keyIDs)
        pieces = []
      }
    }
    addresses += try await seal(pieces: pieces, keyIDs)
    if addresses.count > RecordContent.addressCountMax {
      addresses = try await seal(lists: addresses, keyIDs)
    }
    let content = RecordContent(
      naturalKey: record.key, bytes: .pieces(totalCount: file.size, addresses: addresses)
    ).encoded
    let address = try await seal([content], isList: true, keyIDs)[0]
    return SealedRecord(
      keyHash: try keyHash(of: record.key), address: address, keyIDs: keyIDs, size: file.size)
  }

  private static let piecesAtOnce = 8

  private func seal(pieces: [[UInt8]], _ keyIDs: [KeyID]) async throws -> [Digest] {
    try await seal(pieces, isList: false, keyIDs)
  }

  private func seal(lists addresses: [Digest], _ keyIDs: [KeyID]) async throws -> [Digest] {
    let lists = stride(from: 0, to: addresses.count, by: RecordContent.addressCountMax).map {
      addresses[$0..<min($0 + RecordContent.addressCountMax, addresses.count)].flatMap(\.bytes)
    }
    return try await seal(lists, isList: true, keyIDs)
  }

  /// Seals what is about nobody: change sets, orders, frames.
  func sealOperations(_ contents: [[UInt8]]) async throws -> [Digest] {
    try await seal(contents, isList: false, [operations])
  }

  private func seal(_ contents: [[UInt8]], isList: Bool, _ keyIDs: [KeyID]) async throws -> [Digest]
  {
    let results = try Parallel.map(contents.count) { range in
      try self.withWorker { worker in
        try range.map { try self.object(contents[$0], isList: isList, keyIDs, worker) }
      }
    }
    try await store(results.compactMap(\.new))
    return results.map(\.address)
  }

  /// The object of a content: the stored one, or a new one.
  private func object(
    _ content: [UInt8], isList: Bool, _ keyIDs: [KeyID], _ worker: Worker
  ) throws -> (address: Digest, new: ObjectStore.New?) {
    let keys = try keyIDs.map { id in
      guard let key = try folder.dataKeys(id) else {
        throw CustodyError(
          .keyDestroyed, "Key \(id) is gone: nothing is written under it any more.")
      }
      return key
    }
    let tag = try worker.sealer.tag(of: content, isList: isList, keyIDs: keyIDs, keys: keys)
    if let known = try worker.reader.address(of: tag) { return (known, nil) }
    let new = worker.sealer.seal(content, isList: isList, keyIDs: keyIDs, keys: keys, tag: tag)
    return (new.address, new)
  }

  private func keyIDs(of record: SourceRecord) throws -> [KeyID] {
    guard !record.subjects.isEmpty else { return [operations] }
    let ids = Set(
      try record.subjects.map { subject in
        if let known = people.withLock({ $0[subject] }) { return known }
        let key = try keyring.key(of: .identifier(subject), dataset.dataClass)
        people.withLock { $0[subject] = key }
        return key
      })
    guard ids.count <= Claim.keyCountMax else {
      throw CustodyError(
        .invalidInput,
        "A record can be about at most \(Claim.keyCountMax) people, this one is about \(ids.count).",
        at: .init(file: record.place))
    }
    return ids.sorted()
  }

  /// Stores objects under the lock, after asking again whether their keys are live.
  private func store(_ objects: [ObjectStore.New]) async throws {
    guard !isTrial, !objects.isEmpty else { return }
    let (folder, keyring) = (folder, keyring)
    try await folder.ledger().locked {
      let ids = objects.reduce(into: Set<KeyID>()) { $0.formUnion($1.object.keyIDs) }
      if let missing = try keyring.missing(ids).first {
        throw CustodyError(
          .keyDestroyed, "Key \(missing) is gone: nothing is written under it any more.")
      }
      try folder.objects.insert(objects)
    }
  }
}
