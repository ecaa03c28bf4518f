import CustodyModel

extension Datasets {
  /// Where the records of a version came from.
  public enum Source: Hashable, Sendable {
    /// A file or folder, by its path.
    case path(String)
    /// An older version, by its number, that was made the newest again, or records of it.
    case version(Int)
    /// A run, by its id.
    case run(String)
    /// A file or folder of which the ledger does not say where it was: its path named a person, or
    /// an older program committed it.
    case unrecorded
  }

  /// Where the records of a version came from.
  ///
  /// - Throws: `usage` without secrets; `damaged` when its event cannot be read: verify the ledger.
  ///
  /// Cost: opens the event of the version.
  public func source(of version: Version) throws -> Source {
    if let run = version.run { return .run(run) }
    guard let committed = try committed(version) else { return .unrecorded }
    if let restored = committed.restored { return .version(restored) }
    return committed.source.map { .path($0) } ?? .unrecorded
  }

  /// Where a run left what was committed as a version, and where it stayed; nil for a place that was the
  /// run's own, or that nobody recorded.
  ///
  /// - Throws: as ``source(of:)``.
  public func outputPath(of version: Version) throws -> String? {
    version.run == nil ? nil : try committed(version)?.source
  }

  private func committed(_ version: Version) throws -> DatasetVersionCommitted? {
    guard let event = try store.event(at: version.position),
      let content = try store.content(of: event)
    else { return nil }
    return DatasetVersionCommitted(content: content, version: event.header.claim.typeVersion)
  }
}
