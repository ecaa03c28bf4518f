import CustodyModel
import CustodyStore
import Foundation

extension Subjects {
  /// What an export wrote.
  public struct Exported: Sendable {
    /// Whom it is about, by the id that names her.
    public let subject: KeyID
    /// Contents of records of hers, each of them as often as it changed.
    public internal(set) var records = 0
    /// Contents of events about her.
    public internal(set) var events = 0
    /// Contents that are files of their own: no text, or a long one.
    public internal(set) var files = 0
    /// Records that are about other people too: only that they are there was written.
    public internal(set) var withheldRecords = 0
    /// Events that are about other people too.
    public internal(set) var withheldEvents = 0

    init(subject: KeyID) { self.subject = subject }

    /// Everything that was left out.
    public var withheld: Int { withheldRecords + withheldEvents }
  }

  /// Writes everything that is held about a person to a folder, for her: an answer to a request for
  /// access.
  ///
  /// The folder gets `export.json` for programs, `index.html` for people, and `files` with what is no
  /// text. <doc:AnsweringAnAccessRequest> says what stands in them. Her own data is written also while
  /// it is restricted or held; what is about other people too is left out, with the reason.
  ///
  /// - Parameters:
  ///   - subject: who asked.
  ///   - target: a folder that is not there yet, outside the store.
  ///   - replacing: whether a folder that is there is replaced, once the whole is written.
  ///   - progress: called as contents are written, with how many there are.
  /// - Returns: how much was written, and how much was left out.
  /// - Throws: `notFound` for somebody whom nobody registered; `keyDestroyed` for somebody who was
  ///   erased, also meanwhile; `alreadyExists`; `usage` for a target in the store, or that holds it;
  ///   `nameHoldsIdentifier` for a target whose path names a person; `diskFull`. No half-written
  ///   target is left.
  ///
  /// The ledger records that it was exported, and where: an erasure does not reach there.
  ///
  /// Cost: her records and events, and two passes over all uses of the lineage. Memory does not grow
  /// with the size of contents.
  @discardableResult
  public func export(
    _ subject: Subject, to target: String, replacing: Bool = false,
    progress: Datasets.Progress? = nil
  ) async throws -> Exported {
    try checkIsCurrent()
    let id = try self.id(of: subject)
    let path = Store.absolute(target)
    guard replacing || !FileIO.exists(path) else {
      throw CustodyError(.alreadyExists, "\(target) exists already. Replace it with --force.")
    }
    try OutsidePath.check(path, store)
    try OutsidePath.checkReplacement(of: path, byFolder: true)
    try store.datasets.check(path, "target")
    let dossier = try await SubjectDossier(of: id, store)
    let building = OutsidePath.building(path, store)
    defer { UnfinishedFiles.remove(building) }
    let exported = try SubjectExport(dossier, store, building, progress).write()
    // Recorded before it is there: what is outside is never unknown to the ledger.
    let said = SubjectExported(
      subject: id.hex, records: exported.records, events: exported.events,
      withheld: exported.withheld, target: path)
    try await store.appendOwn(
      [
        NewEvent(
          stream: Self.stream(of: id), type: SubjectExported.type,
          typeVersion: SubjectExported.version, content: said.content)
      ], whileLive: dossier.entry.keys.map(\.id))
    try OutsidePath.move(building, to: path, replacing: replacing)
    return exported
  }
}
