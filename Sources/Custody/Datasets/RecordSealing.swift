import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

/// A record that has its address: sealed now, or found to be stored already.
struct SealedRecord: Sendable {
  let ordinal: Int
  let address: Digest
  /// Where it was in the version before; nil when that did not have it.
  let before: Digest?
  /// Its natural key as a change set names it; nil when it did not change, and in a trial.
  let name: EventID?
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
  ///   - count: about how many records there are.
  ///   - isTrial: nothing is stored.
  init(
    folder: StoreFolder, people: [String: KeyID] = [:], count: Int = 0, isTrial: Bool = false
  ) throws {
    guard let keyring = folder.keyring else {
      throw CustodyError(.usage, "Datasets need the store's secrets.")
    }
    keys = try RecordKeys(of: people, keyring)
    let filter = TagFilter(expecting: count)
    workers = WorkerPool { try Worker(folder, filter, isTrial: isTrial) }
    queue = isTrial ? nil : ObjectQueue(folder: folder, keyring: keyring, filter: filter)
  }

  /// Waits until everything that was sealed is on the disk.
  func finish() async throws { try await queue?.finish() }

  /// Seals the records of a source, and hands them over batch by batch, in order.
  ///
  /// - Parameters:
  ///   - survey: what was found out about the same source.
  ///   - last: the version to which its ordinals belong.
  func seal(
    _ source: any DatasetSource, _ survey: SourceSurvey, since last: KnownRecords?,
    _ body: ([SealedRecord], SourceBatch) async throws -> Void
  ) async throws {
    let (workers, keys, isTrial) = (workers, keys, queue == nil)
    let (ordinals, changed, dataset) = (survey.ordinals, source.changed, survey.dataset.name)
    try await source.forEachBatch { batch in
      guard batch.first + batch.count <= ordinals.count else { throw changed }
      return try Parallel.parts(batch.count) { range in
        let ordinals = ordinals[batch.first + range.lowerBound..<batch.first + range.upperBound]
        let before = try last?.addresses(of: ordinals)
        return try workers.with { worker in
          try worker.atOnce {
            try range.map { index in
              let place = index - range.lowerBound
              let record = try batch.record(index)
              let work = Work(
                record: record, dataset: dataset,
                ordinal: Int(ordinals[ordinals.startIndex + place]),
                before: before?[place])
              if let keys = try keys.keys(of: record) { return try worker.outcome(of: work, keys) }
              guard isTrial else { throw RecordKeys.stranger(record) }
              return worker.outcome(ofStranger: work)
            }
          }
        }
      }
    } _: { parts, batch in
      var sealed: [SealedRecord] = []
      sealed.reserveCapacity(batch.count)
      for outcomes in parts {
        for outcome in outcomes { sealed.append(try await finish(outcome)) }
      }
      try await body(sealed, batch)
    }
  }

  private func finish(_ outcome: Outcome) async throws -> SealedRecord {
    switch outcome {
    case .known(let record): return record
    case .new(let object, let record):
      return record.at(try await queue?.add(object) ?? object.address)
    case .large(let work, let file, let keys):
      let address = try await seal(file, of: work.record, keys)
      return try workers.with { try $0.sealed(work, at: address, keys, size: file.size) }
    }
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
    for object in objects {
      switch object {
      case .stored(let address): addresses.append(address)
      case .new(let new): addresses.append(try await queue?.add(new) ?? new.address)
      }
    }
    return addresses
  }
}

/// The object of a content.
private enum Sealed: Sendable {
  case stored(Digest)
  case new(ObjectStore.New)
}

/// A record to be sealed.
private struct Work: Sendable {
  let record: SourceRecord
  let dataset: String
  let ordinal: Int
  let before: Digest?
}

extension SealedRecord {
  /// The same, where an equal content is stored.
  fileprivate func at(_ address: Digest) -> SealedRecord {
    SealedRecord(
      ordinal: ordinal, address: address, before: before, name: name, keyIDs: keyIDs, size: size,
      file: file)
  }
}

/// What came of a record: a file of several pieces is sealed on all cores by itself.
private enum Outcome: Sendable {
  case known(SealedRecord)
  case new(ObjectStore.New, SealedRecord)
  case large(Work, SourceFile, SealingKeys)
}

/// Seals for one thread at a time.
private final class Worker {
  private let folder: StoreFolder
  private let sealer: ObjectSealer
  private let stored: StoredObjects
  private let filter: TagFilter
  private let isTrial: Bool

  init(_ folder: StoreFolder, _ filter: TagFilter, isTrial: Bool) throws {
    self.folder = folder
    self.filter = filter
    self.isTrial = isTrial
    stored = try StoredObjects(folder: folder)
    sealer = ObjectSealer(ledgerID: folder.ledgerID, environment: folder.environment)
  }

  /// Looks up as of one moment, which is quicker than one by one.
  func atOnce<R>(_ body: () throws -> R) throws -> R { try stored.atOnce(body) }

  /// In a trial: no record about her can be there already.
  func outcome(ofStranger work: Work) -> Outcome {
    .known(
      SealedRecord(
        ordinal: work.ordinal, address: folder.environment.value(Digest.self), before: work.before,
        name: nil, keyIDs: [], size: work.record.size, file: work.record.file))
  }

  func sealed(
    _ work: Work, at address: Digest, _ keys: SealingKeys, size: Int
  ) throws -> SealedRecord {
    let name: EventID? =
      isTrial || address == work.before
      ? nil
      : try stored.sealedName(
        stored.keyHash(of: work.record.key, in: work.dataset), under: keys.ids)
    return SealedRecord(
      ordinal: work.ordinal, address: address, before: work.before, name: name, keyIDs: keys.ids,
      size: size, file: work.record.file)
  }

  func outcome(of work: Work, _ keys: SealingKeys) throws -> Outcome {
    let record = work.record
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
      guard file.size <= RecordContent.pieceSize else { return .large(work, file, keys) }
      bytes = try file.whole()[...]
    }
    let content = RecordContent.encoded(naturalKey: record.key, whole: bytes)
    switch try object(content, isList: false, keys, expecting: work.before) {
    case .stored(let address):
      return .known(try sealed(work, at: address, keys, size: bytes.count))
    case .new(let new):
      return .new(new, try sealed(work, at: new.address, keys, size: bytes.count))
    }
  }

  /// The object of a content: the stored one, or a new one.
  func object(
    _ content: [UInt8], isList: Bool, _ keys: SealingKeys, expecting expected: Digest? = nil
  ) throws -> Sealed {
    let tag = sealer.tag(of: content, isList: isList, keys: keys)
    if let known = try stored.address(of: tag, expecting: expected, filter),
      try known == expected || stored.holds(content, isList: isList, at: known)
    {
      return .stored(known)
    }
    return .new(sealer.seal(content, isList: isList, keys: keys, tag: tag))
  }
}
