import CustodyModel
import CustodyProjections
import CustodyStore

/// The root over a version's records, hashed on all cores.
struct VersionRoot {
  private var builder = VersionRootBuilder()
  private var waiting: [(ordinal: UInt64, address: Digest)] = []
  /// A power of two for each core, so that the parts are whole subtrees.
  private static let partSize = 1 << 14

  mutating func add(_ ordinal: Int, _ address: Digest) {
    waiting.append((UInt64(ordinal), address))
    if waiting.count == Self.partSize * 4 { flush() }
  }

  private mutating func flush() {
    let waiting = waiting
    let parts = Parallel.map(waiting.count / Self.partSize) { range in
      range.map { part in
        var builder = VersionRootBuilder()
        for (ordinal, address) in waiting[part * Self.partSize..<(part + 1) * Self.partSize] {
          builder.add(ordinal, address)
        }
        return builder.subtree
      }
    }
    for part in parts { builder.append(part) }
    self.waiting.removeAll(keepingCapacity: true)
  }

  mutating func finish() -> Digest {
    for (ordinal, address) in waiting { builder.add(ordinal, address) }
    return builder.root
  }
}

extension Store {
  /// Checks that the rows of a version are the ones that its event in the ledger is about: whoever can
  /// write projections.sqlite could show other records.
  ///
  /// Cost: a pass over the version's rows, a hash for each.
  func checkRecords(of dataset: DatasetRow, in version: VersionRow) throws {
    var root = VersionRoot()
    try forEachRecord(of: dataset.id, in: version.number) { root.add($0.ordinal, $0.address) }
    try checkRoot(root.finish(), of: dataset, in: version)
  }

  /// The same of a root that was computed on the way.
  func checkRoot(_ root: Digest, of dataset: DatasetRow, in version: VersionRow) throws {
    let recorded = try event(at: version.position).flatMap { event in
      try content(of: event).flatMap {
        DatasetVersionCommitted(content: $0, version: event.header.claim.typeVersion)
      }
    }
    guard recorded?.dataset == dataset.name, recorded?.number == version.number,
      recorded?.root == root.hex
    else {
      throw CustodyError(
        .damaged,
        "projections.sqlite has other records of v\(version.number) of \(dataset.name) than the ledger "
          + "says. Run: custody projection rebuild dataset")
    }
  }

  /// Every record of a version, by ordinal.
  func forEachRecord(
    of dataset: Int64, in version: Int, _ body: (RecordRow) throws -> Void
  ) throws {
    try forEachPage(of: dataset, in: version, size: 4096) { for row in $0 { try body(row) } }
  }

  /// The same, so many at a time.
  func forEachPage(
    of dataset: Int64, in version: Int, size: Int, _ body: ([RecordRow]) throws -> Void
  ) throws {
    var from = 0
    while true {
      let page = try engine.readUncaught {
        try DatasetReader($0).records(of: dataset, in: version, from: from, limit: size)
      }
      if !page.isEmpty { try body(page) }
      guard let last = page.last, page.count == size else { return }
      from = last.ordinal + 1
    }
  }
}
