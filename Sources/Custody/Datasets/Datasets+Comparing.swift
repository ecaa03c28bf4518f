import CustodyModel
import CustodyProjections
import CustodyStore

extension Datasets {
  /// A record that differs.
  public struct Change: Sendable {
    /// How it differs.
    public enum Kind: String, Sendable {
      /// Only the newer side has it.
      case added
      /// Both have it, with other bytes.
      case changed
      /// Only the older side has it.
      case removed
      /// The records both have are in another order.
      case moved
      /// It differs, and one side of it is gone with a person who was erased.
      case erased
    }

    /// How it differs.
    public let kind: Kind
    /// Its natural key; empty when that is erased.
    public let key: String
  }

  /// Compares a folder or file with the newest version. Writes nothing.
  ///
  /// - Parameters:
  ///   - name: the dataset.
  ///   - path: what to compare.
  ///   - progress: called as bytes are read.
  ///   - each: called with every record that differs: added and changed ones in the order of the
  ///     source, then removed ones.
  public func status(
    _ name: String, _ path: String, progress: Progress? = nil, _ each: (Change) -> Void
  ) async throws {
    let row = try existing(name)
    let source = try Self.source(row, path)
    let last = try read { try $0.newest(of: row.id) }
    let survey = try await SourceSurvey.run(source, of: row, since: last, in: store)
    let sealing = try RecordSealing(folder: store.folder, people: survey.people, isTrial: true)
    var order = RecordOrderBuilder()
    var done = 0
    let known = last.map { KnownRecords(store, row, $0) }
    try await sealing.seal(source, survey, since: known) { sealed, batch in
      for (place, record) in sealed.enumerated() {
        done += record.size
        if record.before != nil { order.add(record.ordinal) }
        guard record.before != record.address else { continue }
        let key = String(decoding: try batch.record(place).key, as: UTF8.self)
        each(Change(kind: record.before == nil ? .added : .changed, key: key))
      }
      progress?(done, source.size)
    }
    guard let last else { return }
    let contents = try VersionContents(store: store, dataset: row, version: last)
    try store.forEachRecord(of: row.id, in: last.number) { record in
      guard !survey.has(record.ordinal) else { return }
      each(Change(kind: .removed, key: try contents.key(of: record) ?? ""))
    }
    if !order.isAscending, last.orders.isEmpty { each(Change(kind: .moved, key: "")) }
  }

  /// Lists the records that differ between two versions, by the order in which they first came.
  ///
  /// - Parameters:
  ///   - name: the dataset.
  ///   - old: the older version.
  ///   - new: the newer one.
  ///   - each: called with every record that differs.
  /// - Throws: `notFound`.
  ///
  /// Cost: a pass over the dataset's intervals, and one object for each record that differs.
  public func diff(
    _ name: String, _ old: String, _ new: String, _ each: (Change) throws -> Void
  ) throws {
    let row = try existing(name)
    let versions = (try version(row, old), try version(row, new))
    let (before, after) = (
      try VersionContents(store: store, dataset: row, version: versions.0),
      try VersionContents(store: store, dataset: row, version: versions.1)
    )
    let ordinals = try read {
      try $0.changed(
        in: row.id, between: min(versions.0.number, versions.1.number),
        and: max(versions.0.number, versions.1.number))
    }
    for ordinal in ordinals {
      let (one, other) = try read {
        (
          try $0.record(ordinal, of: row.id, in: versions.0.number),
          try $0.record(ordinal, of: row.id, in: versions.1.number)
        )
      }
      switch (one, other) {
      case (let one?, let other?) where one.address != other.address:
        let key = try after.key(of: other) ?? before.key(of: one)
        try each(Change(kind: key == nil ? .erased : .changed, key: key ?? ""))
      case (nil, let other?):
        try each(Change(kind: .added, key: try after.key(of: other) ?? ""))
      case (let one?, nil):
        try each(Change(kind: .removed, key: try before.key(of: one) ?? ""))
      default: break
      }
    }
    if versions.0.orders != versions.1.orders { try each(Change(kind: .moved, key: "")) }
  }
}
