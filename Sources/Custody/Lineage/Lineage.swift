import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// Where everything came from and went to: Custody's own runs, and what others report in
/// OpenLineage.
///
/// ```swift
/// let lineage = store.lineage
/// let impact = try lineage.reach(from: ["patients"], .downstream)
/// for step in impact.steps { print(step.depth, step.node.label) }
/// print(impact.isComplete, impact.visited)
/// ```
public struct Lineage: Sendable {
  let store: Store
  /// What counts as known, and as come to be.
  let moment: LineageMoment
  /// The moment for people: `now`, or as of when.
  let momentText: String

  /// Along which edges.
  public enum Direction: String, Sendable, CaseIterable {
    /// What it is made of.
    case upstream
    /// What it fed.
    case downstream

    var ofGraph: Adjacency.Direction { self == .upstream ? .upstream : .downstream }
  }

  /// What the nodes are.
  public enum Grain: String, Sendable, CaseIterable {
    /// Jobs and datasets, as each job was last seen to work.
    case design
    /// Runs and the versions that they read and wrote.
    case run
    /// Columns.
    case column
    /// Records of Custody's own datasets.
    case record

    var ofGraph: LineageGraph.Grain {
      get throws {
        guard let grain = LineageGraph.Grain(rawValue: rawValue) else {
          throw CustodyError(.usage, "Records are named by dataset and natural key.")
        }
        return grain
      }
    }
  }

  /// The graph as the ledger knew it at a moment, and as it was by a time.
  ///
  /// - Parameters:
  ///   - moment: what was recorded by then.
  ///   - time: what had come to be by then, as the events say themselves. What names no time zone
  ///     does not count then.
  public func known(at moment: Moment, when time: Timestamp? = nil) throws -> Lineage {
    var texts: [String] = []
    if moment != .head { texts.append("as known at \(Self.text(moment))") }
    if let time { texts.append("as it was at \(time)") }
    let below = moment == .head ? Int.max : try store.eventCount(at: moment)
    return Lineage(
      store: store, moment: LineageMoment(below: Int64(below), time: time?.microseconds),
      momentText: texts.isEmpty ? "now" : texts.joined(separator: ", "))
  }

  private static func text(_ moment: Moment) -> String {
    switch moment {
    case .head: "head"
    case .position(let position): "position \(position)"
    case .time(let time): "\(time)"
    }
  }

  /// Runs `body` with what answers questions, on one connection.
  func query<R>(_ body: (LineageQuery) throws -> R) throws -> R {
    guard let keyring = store.folder.keyring else {
      throw CustodyError(.usage, "Lineage needs the store opened with its secrets.")
    }
    let columns = try store.engine.columns()
    let hashes = LineageNameHash(key: try keyring.derivedKey(for: LineageNameHash.use))
    // What is shown of Custody's own datasets is asked there.
    try store.engine.catchUp()
    return try store.engine.read(LineageProjection.kind) { connection in
      let reader = LineageReader(connection, columns: columns, hashes: hashes, at: moment)
      return try body(LineageQuery(store, reader))
    }
  }
}

extension Store {
  /// Where everything came from and went to.
  public var lineage: Lineage { Lineage(store: self, moment: LineageMoment(), momentText: "now") }
}
