import CustodyLedger
import CustodyModel
import CustodyStore
import Synchronization

/// The keys that seal a record; mostly one.
enum KeySet: Hashable, Sendable {
  case one(KeyID)
  case several([KeyID])

  /// - Parameter bytes: n × 16.
  init(_ bytes: UnsafeRawBufferPointer) {
    func key(_ index: Int) -> KeyID {
      bytes.loadUnaligned(fromByteOffset: index * KeyID.byteCount, as: KeyID.self)
    }
    let count = bytes.count / KeyID.byteCount
    self = count == 1 ? .one(key(0)) : .several((0..<count).map(key))
  }

  var keyIDs: [KeyID] {
    switch self {
    case .one(let key): [key]
    case .several(let keys): keys
    }
  }
}

/// An entry of a change set, ready to be applied.
struct PreparedChange: Sendable {
  struct Put: Sendable {
    let address: Digest
    let keys: KeySet
    /// As the change set has it; nil in the first version of those.
    let name: EventID?
    let file: RecordChange.File?
  }

  let ordinal: Int
  /// Nil when the record is removed.
  let put: Put?
}

/// Part of a change set, ready to be applied.
struct PreparedChanges: Sendable {
  var changes: [PreparedChange] = []
  /// Those of new records that are not gone, in the order of their hashes.
  var names: [Name] = []

  /// The keyed hash of a new record's natural key.
  struct Name {
    let hash: EventID
    let ordinal: Int
    /// The hash's place among others.
    let place: UInt64

    init(_ hash: EventID, ordinal: Int) {
      self.hash = hash
      self.ordinal = ordinal
      place = UInt64(bigEndian: withUnsafeBytes(of: hash) { $0.loadUnaligned(as: UInt64.self) })
    }
  }
}

/// Opens the objects of a change set, one on each core at a time, and the names of new records.
final class ChangeSource: Sendable {
  private let addresses: [Digest]
  private let firstNew: Int
  private let dataset: String
  private let store: ProjectedStore
  private let position = Mutex(0)

  /// - Parameter firstNew: records from this ordinal on are new.
  init(_ addresses: [Digest], newFrom firstNew: Int, dataset: String, store: ProjectedStore) {
    self.addresses = addresses
    self.firstNew = firstNew
    self.dataset = dataset
    self.store = store
  }

  /// The parts that come next, or nil after the last one.
  func next() throws -> [PreparedChanges]? {
    let low = position.withLock { $0 }
    let high = min(low + Parallel.coreCount, addresses.count)
    guard low < high else { return nil }
    position.withLock { $0 = high }
    guard high - low > 1 else { return [try changes(at: addresses[low])] }
    return try Parallel.map(high - low) { range in
      try range.map { try self.changes(at: self.addresses[low + $0]) }
    }
  }

  private func changes(at address: Digest) throws -> PreparedChanges {
    try store.withObjects { objects in
      guard case .opened(let content, _) = try objects.content(at: address) else {
        throw ProjectionHalt("the change set \(address) is gone")
      }
      var prepared = PreparedChanges()
      try content.withUnsafeBytes { bytes in
        var reader = ChangeSetReader(bytes)
        prepared.changes.reserveCapacity(bytes.count / ChangeSetReader.usualEntrySize + 1)
        while let entry = reader.next() {
          let change = PreparedChange(
            ordinal: entry.ordinal,
            put: entry.put.map {
              .init(address: $0.address, keys: KeySet($0.keyIDs), name: $0.name, file: $0.file)
            })
          prepared.changes.append(change)
        }
        guard reader.isWellFormed else {
          throw ProjectionHalt("the change set \(address) is not as it should be")
        }
      }
      let new = prepared.changes.filter { $0.put != nil && $0.ordinal >= firstNew }
      prepared.names.reserveCapacity(new.count)
      try store.prepareKeys(new.reduce(into: Set<KeyID>()) { $0.formUnion($1.put!.keys.keyIDs) })
      for change in new {
        if let hash = try objects.nameHash(of: change, in: dataset) {
          prepared.names.append(.init(hash, ordinal: change.ordinal))
        }
      }
      prepared.names.sort { $0.place < $1.place }
      return prepared
    }
  }
}

extension StoredObjects {
  /// The keyed hash of a record's natural key, or nil when a key of the record is gone.
  func nameHash(of change: PreparedChange, in dataset: String) throws -> EventID? {
    guard let put = change.put else { return nil }
    if let name = put.name { return try openedName(name, under: put.keys) }
    guard case .opened(let content, let isList) = try content(at: put.address) else { return nil }
    guard let record = RecordContent(parsing: content, isList: isList) else {
      throw ProjectionHalt("a record that is not one")
    }
    return keyHash(of: record.naturalKey, in: dataset)
  }
}
