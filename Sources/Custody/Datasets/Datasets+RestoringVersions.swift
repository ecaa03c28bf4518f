import CustodyModel
import CustodyProjections
import CustodyStore

extension Datasets {
  /// What became of an old version that was made the newest.
  public struct RestoredVersion: Sendable {
    /// Which version it was.
    public let source: Int
    /// The version that holds it now; what it adds, changes and removes in the one before.
    public let commit: Commit
    /// Records of the old version that are gone and left out: people were erased since.
    public let missing: Int
  }

  /// Appends a version with the records of an old one: nothing is rewound, and what came between
  /// stays.
  ///
  /// - Parameters:
  ///   - name: the dataset.
  ///   - reference: which version.
  ///   - keys: natural keys of records that become what they were, while all others stay as the
  ///     newest version has them; every record when empty.
  ///   - filter: which records become what they were; not together with `keys`.
  ///   - message: what to say of it; checked like names. By default, which version it was.
  /// - Returns: what it did; nothing is appended when nothing that is left differs.
  /// - Throws: `notFound` for a version or record that there is not; `invalidInput` for single rows
  ///   of a version whose columns are others; `revisionConflict` when somebody else committed
  ///   meanwhile.
  ///
  /// Contents are not sealed again: the objects are there. A row that the newest version lacks comes
  /// after the one that stood before it.
  ///
  /// Cost: opens each record of the old version once.
  @discardableResult
  public func restoreAsNewVersion(
    _ name: String, _ reference: String, keys: [String] = [], matching filter: Filter? = nil,
    message: String? = nil
  ) async throws -> RestoredVersion {
    let row = try existing(name)
    if let message { try check(message, "message") }
    let stream = "\(DatasetProjection.streamPrefix)\(name)"
    // First the revision: a version that comes after it is a conflict then.
    let revision = try store.folder.read { reader in
      try reader.nameID(stream).flatMap { try reader.newestRevision(of: $0) }
    }
    let source = try version(row, reference)
    let newest = try store.datasets.version(row, "head")
    let chosen = try chosen(keys, filter, row, source)
    var mix = try VersionMix(
      store: store, dataset: row, source: source, newest: newest, chosen: chosen?.ordinals)
    try mix.go()
    let missing = mix.missing + (chosen?.undecided ?? 0)
    guard
      let version = try await mix.version(
        message: message ?? "restored \(chosen == nil ? "" : "records ")from v\(source.number)")
    else {
      let same = Commit(
        version: newest.number, isNew: false, records: newest.records, added: 0, changed: 0,
        removed: 0, registered: 0)
      return RestoredVersion(source: source.number, commit: same, missing: missing)
    }
    try await store.appendVersions(
      [
        NewEvent(
          stream: stream, type: DatasetVersionCommitted.type,
          typeVersion: DatasetVersionCommitted.version,
          expectedRevision: revision.map { .exactly(Revision($0)) } ?? .none,
          content: version.content)
      ], of: name)
    let commit = Commit(
      version: version.number, isNew: true, records: version.records, added: version.added,
      changed: version.changed, removed: version.removed, registered: 0)
    return RestoredVersion(source: source.number, commit: commit, missing: missing)
  }
}
