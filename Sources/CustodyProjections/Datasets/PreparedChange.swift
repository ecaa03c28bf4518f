import CustodyLedger
import CustodyModel
import CustodyStore
import Synchronization

/// The keys that seal a record; mostly one.
enum KeySet: Hashable, Sendable {
  case one(KeyID)
  case several([KeyID])

  /// - Parameter bytes: n × 16, 1 or more.
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
  /// The keyed hash of the natural key, of a record that is new; nil when it is gone.
  let hash: EventID?
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

  /// The entries that come next, or nil after the last one.
  func next() throws -> [PreparedChange]? {
    let low = position.withLock { $0 }
    let high = min(low + Parallel.coreCount, addresses.count)
    guard low < high else { return nil }
    position.withLock { $0 = high }
    guard high - low > 1 else { return try changes(at: addresses[low]) }
    return try Parallel.map(high - low) { range in
      try range.flatMap { try self.changes(at: self.addresses[low + $0]) }
    }
  }

  private func changes(at address: Digest) throws -> [PreparedChange] {
    try store.withObjects { objects in
      guard case .opened(let content, _) = try objects.content(at: address) else {
        throw ProjectionHalt("the change set \(address) is gone")
      }
      return try content.withUnsafeBytes { bytes in
        var reader = ChangeSetReader(bytes)
        var changes: [PreparedChange] = []
        changes.reserveCapacity(bytes.count / 74 + 1)
        while let entry = reader.next() {
          let put = entry.put.map {
            PreparedChange.Put(
              address: $0.address, keys: KeySet($0.keyIDs), name: $0.name, file: $0.file)
          }
          let change = PreparedChange(ordinal: entry.ordinal, put: put, hash: nil)
          guard put != nil, entry.ordinal >= firstNew else {
            changes.append(change)
            continue
          }
          changes.append(
            PreparedChange(
              ordinal: entry.ordinal, put: put, hash: try objects.nameHash(of: change, in: dataset))
          )
        }
        guard reader.isWellFormed else {
          throw ProjectionHalt("the change set \(address) is not as it should be")
        }
        return changes
      }
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
