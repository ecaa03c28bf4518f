import CustodyLedger
import Foundation
import GRDB

extension StoreFolder {
  /// Copies the ledger into one file; what is there already stays until the copy is whole.
  package func exportLedger(to path: String, replacing: Bool) throws -> Int {
    guard replacing || !FileIO.exists(path) else {
      throw CustodyError(.alreadyExists, "\(path) exists already. Replace it with --force.")
    }
    let folder = (path as NSString).deletingLastPathComponent
    guard access(folder, W_OK) == 0 else {
      throw CustodyError(SystemCallError("access"), path: folder)
    }
    let building = "\(path).\(Hex.encode(environment.random(8))).tmp"
    defer { unlink(building) }
    // "VACUUM INTO ... the file must not previously exist, or else it must be an empty file": made
    // here so that nobody else can read it from the start.
    try FileIO.create(building, [], mode: 0o600)
    // Not in a transaction: it takes its own snapshot of a live database.
    try Connection.translating(building) {
      try Connection.reader(layout.ledger).unsafeRead { db in
        try db.execute(sql: "VACUUM INTO ?", arguments: [building])
      }
    }
    let size = try ReaderPool(path: building).read { try $0.size() }
    guard rename(building, path) == 0 else {
      throw CustodyError(SystemCallError("rename"), path: path)
    }
    try FileIO.syncFolder(of: path)
    return size
  }
}
