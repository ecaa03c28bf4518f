import CustodyLedger
import Foundation
import GRDB

/// Copies of what a store holds, without keys, while it is in use.
extension StoreFolder {
  /// Copies the ledger into one file; what is there already stays until the copy is whole.
  package func exportLedger(to path: String, replacing: Bool) throws -> Int {
    guard replacing || !FileIO.exists(path) else {
      throw CustodyError(.alreadyExists, "\(path) exists already. Replace it with --force.")
    }
    let folder = PathParts.folder(of: path)
    guard access(folder, W_OK) == 0 else {
      throw CustodyError(SystemCallError("access"), path: folder)
    }
    let building = "\(path).\(Hex.encode(environment.random(8))).tmp"
    defer { unlink(building) }
    try Self.copyDatabase(layout.ledger, to: building)
    let size = try ReaderPool(path: building).read { try $0.size() }
    guard rename(building, path) == 0 else {
      throw CustodyError(SystemCallError("rename"), path: path)
    }
    try FileIO.syncFolder(of: path)
    return size
  }

  /// Copies everything but keys, and what is computed, into a new folder.
  ///
  /// - Returns: how many events the copy has.
  package func copyData(to copy: Layout) throws -> Int {
    try FileIO.makeFolder(copy.anchors)
    try FileIO.create(copy.settings, try FileIO.read(layout.settings), mode: 0o600)
    try FileIO.create(copy.ignore, Array("*\n".utf8), mode: 0o600)
    // Who was erased here does not come back where the copy is recovered with older keys.
    if let journal = try FileIO.readIfPresent(layout.tombstones, sizeMax: TombstoneJournal.sizeMax)
    {
      try FileIO.create(copy.tombstones, journal, mode: 0o600)
    }
    // What is referred to after what refers to it: anchors name events, events name objects. So a
    // store that goes on meanwhile leaves nothing in the copy that names what is not in it.
    for anchor in try anchors.notes() {
      try FileIO.create(
        "\(copy.anchors)/\(anchor.name)", Array(try anchor.note.get().utf8), mode: 0o600)
    }
    try Self.copyDatabase(layout.ledger, to: copy.ledger)
    try Self.copyDatabase(layout.objects, to: copy.objects)
    return try ReaderPool(path: copy.ledger).read { try $0.size() }
  }

  private static func copyDatabase(_ source: String, to path: String) throws {
    // "VACUUM INTO ... the file must not previously exist, or else it must be an empty file": made
    // here so that nobody else can read it from the start.
    try FileIO.create(path, [], mode: 0o600)
    // Not in a transaction: it takes its own snapshot of a live database.
    try Connection.translating(path) {
      try Connection.reader(source).unsafeRead { db in
        try db.execute(sql: "VACUUM INTO ?", arguments: [path])
      }
    }
    // "SQLite does not invoke fsync() ... on the generated database".
    // https://www.sqlite.org/lang_vacuum.html#vacuum_with_an_into_clause
    try FileIO.sync(path)
  }
}
