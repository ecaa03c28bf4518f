import CustodyLedger
import CustodyMigrations
import Foundation

/// Files that a recovery replaced and that may hold what it could not take over.
package enum SetAside {
  private static let suffix = ".before-recovery"
  /// More epochs than anybody's keyring is wrapped by.
  private static let epochCountMax = 1000

  /// What was set aside in a folder, by name; what lies beside a database is not named.
  package static func names(in folder: String) -> [String] {
    ((try? FileIO.names(in: folder)) ?? []).filter { name in
      name.contains(suffix) && !["-wal", "-shm"].contains { name.hasSuffix($0) }
    }
  }

  /// Gives a file another name.
  static func move(_ path: String) throws {
    guard rename(path, free(path)) == 0 else {
      throw CustodyError(SystemCallError("rename"), path: path)
    }
    try FileIO.syncFolder(of: path)
  }

  /// Gives a database another name beside its own, which is about to be another file's.
  ///
  /// A log that could not be copied into it goes with it.
  static func keep(_ path: String) throws {
    let aside = kept(path) ?? free(path)
    if FileIO.exists(path), !FileIO.exists(aside), link(path, aside) != 0 {
      // Not every file system has a second name for a file.
      try FileManager.default.copyItem(atPath: path, toPath: aside)
      try FileIO.sync(aside)
    }
    if FileIO.size(path + "-wal") > 0, rename(path + "-wal", aside + "-wal") != 0 {
      throw CustodyError(SystemCallError("rename"), path: path + "-wal")
    }
    try FileIO.syncFolder(of: path)
  }

  /// What was kept of this very file before a kill.
  private static func kept(_ path: String) -> String? {
    guard let inode = FileAttributes.inode(path) else { return nil }
    return all(path).first { FileAttributes.inode($0) == inode }
  }

  private static func all(_ path: String) -> [String] {
    let name = PathParts.name(of: path) + suffix
    let folder = PathParts.folder(of: path)
    return names(in: folder).filter { $0.hasPrefix(name) }.map { "\(folder)/\($0)" }
  }

  private static func free(_ path: String) -> String {
    let first = path + suffix
    guard FileIO.exists(first) else { return first }
    return (2...).lazy.map { "\(first)-\($0)" }.first { !FileIO.exists($0) }!
  }

  /// The epoch keys that wrap what was set aside of the keyring at `path`.
  ///
  /// Nothing else of those files is believed, and one that is no keyring names none: whoever can
  /// write there can keep an epoch key, as whoever has an older copy and the key can.
  static func epochs(of path: String) -> Set<KeyID> {
    all(path).reduce(into: []) { $0.formUnion((try? epochs(in: $1)) ?? []) }
  }

  private static func epochs(in file: String) throws -> [KeyID] {
    guard DatabaseFile.condition(file, .keyring) == nil else { return [] }
    // Its log is empty, and nothing is to appear beside it.
    let database = try ReadOnlyDatabase(path: file, isImmutable: true)
    guard try SchemaCheck.findings(database, Migration.keys).isEmpty else { return [] }
    let query = try HotStatement(
      database.handle, "SELECT DISTINCT epoch FROM data_key LIMIT \(epochCountMax)")
    var epochs: [KeyID] = []
    while try query.step() { if let id: KeyID = try? query.value(0) { epochs.append(id) } }
    return epochs
  }
}
