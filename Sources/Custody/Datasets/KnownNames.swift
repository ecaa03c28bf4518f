import CustodyLedger
import CustodyProjections
import CustodyStore

/// Finds the ordinals that records have had, by the keyed hashes of their natural keys.
///
/// A source mostly names again whatever the dataset has: then reading all names in one go takes a
/// tenth of the time of looking each of them up.
struct KnownNames: Sendable {
  private let store: Store
  private let dataset: DatasetRow
  private let isEmpty: Bool
  private let table: NameTable?

  /// About 100 MB; in larger datasets every name is looked up.
  private static let tableCountMax = 1 << 22

  /// - Parameter next: no ordinal is as high.
  init(of dataset: DatasetRow, next: Int, in store: Store) throws {
    self.store = store
    self.dataset = dataset
    isEmpty = next == 0
    guard next > 0, next <= Self.tableCountMax else {
      table = nil
      return
    }
    var table = NameTable(count: next)
    try store.engine.readUncaught { connection in
      try DatasetReader(connection).forEachName(of: dataset.id) { table.insert($0, $1) }
    }
    self.table = table
  }

  /// Runs `body` with what finds the ordinal of a name; nil for one that the dataset never had.
  func look<R>(_ body: ((EventID) throws -> Int?) throws -> R) throws -> R {
    if isEmpty { return try body { _ in nil } }
    if let table { return try body { table[$0] } }
    return try store.engine.readUncaught { connection in
      let reader = DatasetReader(connection)
      return try body { try reader.ordinal(of: $0, in: dataset.id) }
    }
  }
}

/// Hashes by ordinal, and a table of ordinals with linear probing: a third of what a dictionary takes.
private struct NameTable {
  private var hashes: [EventID]
  /// Ordinal plus one; 0 where there is none.
  private var slots: [UInt32]
  private let mask: Int

  init(count: Int) {
    hashes = Array(repeating: EventID(), count: count)
    var slotCount = 16
    while slotCount < count * 3 / 2 { slotCount *= 2 }
    slots = Array(repeating: 0, count: slotCount)
    mask = slotCount - 1
  }

  /// - Parameter ordinal: one that cannot be, or that has a name, is passed over: the file is not as
  ///   Custody writes it then.
  mutating func insert(_ hash: EventID, _ ordinal: Int) {
    guard hashes.indices.contains(ordinal), hashes[ordinal] == EventID() else { return }
    hashes[ordinal] = hash
    var slot = start(of: hash)
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = UInt32(ordinal) + 1
  }

  subscript(hash: EventID) -> Int? {
    var slot = start(of: hash)
    while slots[slot] != 0 {
      let ordinal = Int(slots[slot]) - 1
      if hashes[ordinal] == hash { return ordinal }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// The hash is a code of an HMAC: its bits are as good as any hash.
  private func start(of hash: EventID) -> Int {
    Int(truncatingIfNeeded: withUnsafeBytes(of: hash) { $0.loadUnaligned(as: UInt64.self) }) & mask
  }
}
