import CustodyProjections
import CustodyStore
import Foundation

/// A store at a glance.
public struct StoreStatus: Sendable {
  /// Organization, ledger and the life it is in.
  public let origin: Origin
  /// How many events there are.
  public let eventCount: Int
  /// Events that the newest checkpoint covers; nil when there is none.
  public let checkpointSize: Int?
  /// Whether ledger, signer, guard and anchors agree.
  public let condition: StoreCondition
  /// Erasures that are decided and not done: the next command that writes goes on with them.
  public let pendingErasureCount: Int
  /// The store's databases and their sizes in bytes, WAL included.
  public let files: [(name: String, size: Int)]

  /// Events that no checkpoint signs yet.
  public var unsealedCount: Int { eventCount - (checkpointSize ?? 0) }
}

extension Store {
  /// The folder of root, epoch and signing keys.
  public var secretsPath: String { folder.secretsFolder }

  /// The folder outside the store that remembers what was signed last.
  public var guardPath: String { folder.settings.guard }

  /// The store at a glance. Needs no secret; cost: a few rows and file sizes.
  public func status() throws -> StoreStatus {
    let (count, checkpoint) = try folder.read { reader in
      (try reader.size(), try reader.newestCheckpoint()?.size)
    }
    let layout = folder.layout
    let files = [
      ("ledger.sqlite", layout.ledger), ("keys.sqlite", layout.keys),
      ("objects.sqlite", layout.objects),
      ("projections.sqlite", layout.projections),
    ].map { (name: $0.0, size: Self.size($0.1) + Self.size($0.1 + "-wal")) }
    return StoreStatus(
      origin: try folder.origin(), eventCount: count, checkpointSize: checkpoint,
      condition: try folder.condition(), pendingErasureCount: try folder.pendingErasureCount(),
      files: files)
  }

  private static func size(_ path: String) -> Int {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (attributes?[.size] as? NSNumber)?.intValue ?? 0
  }

  /// Events of one type, counted.
  public struct TypeStatistics: Sendable {
    /// The type's name; its versions are counted together.
    public let type: String
    /// How many events have it.
    public let events: Int
    /// In how many streams they stand.
    public let streams: Int
    /// Bytes of the bodies as sealed, purged ones included.
    public let bodyBytes: Int
    /// How many of their bodies are gone.
    public let purged: Int
    /// Where the oldest of them stands.
    public let first: Position
    /// Where the newest of them stands.
    public let last: Position
  }

  /// Counts by type, the most frequent first, of the events there were at a moment. Bodies that were
  /// purged since count as gone.
  ///
  /// Cost: reads every header once.
  public func statistics(at moment: Moment = .head) throws -> [TypeStatistics] {
    let end = try eventCount(at: moment)
    return try folder.read { try $0.statistics(below: end) }.map {
      TypeStatistics(
        type: $0.type, events: $0.events, streams: $0.streams, bodyBytes: $0.bodyBytes,
        purged: $0.purged, first: Position($0.first), last: Position($0.last))
    }
  }

  /// How many events a key seals, alone or with others.
  package func eventCount(under key: KeyID) throws -> Int {
    try engine.read(EventIndex.kind) { try EventIndex.count($0, under: key) }
  }

  /// Writes a copy of the ledger, one file without keys, for an auditor.
  ///
  /// - Returns: how many events it holds.
  /// - Throws: `alreadyExists` when the file is there and `replacing` is false.
  ///
  /// Cost: reads and writes the whole ledger.
  @discardableResult
  public func exportLedger(to path: String, replacing: Bool = false) async throws -> Int {
    let target = Self.absolute(path)
    return try folder.exportLedger(to: target, replacing: replacing)
  }
}
