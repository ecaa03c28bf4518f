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
    let building = "\(path).\(getpid()).tmp"
    unlink(building)
    defer { unlink(building) }
    let size = try Connection.translating(building) {
      try Connection.reader(layout.ledger).read { db in
        let size = try LedgerReader(db.sqliteConnection!).size()
        return size
      }
    }
    // Not in a transaction: "VACUUM INTO" takes its own snapshot of a live database.
    try Connection.translating(building) {
      try Connection.reader(layout.ledger).unsafeRead { db in
        try db.execute(sql: "VACUUM INTO ?", arguments: [building])
      }
    }
    guard chmod(building, 0o600) == 0, rename(building, path) == 0 else {
      throw CustodyError(SystemCallError("rename"), path: path)
    }
    try FileIO.syncFolder(of: path)
    return size
  }
}
