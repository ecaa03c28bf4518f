import CustodyModel
import CustodyStore
import Foundation

/// What a run has on the disk while it goes on: a private folder outside the store, and a mark in the
/// store by which the next command finds both when this one was killed.
final class RunFolder {
  private let mark: String
  /// The open mark, locked. The command and what it starts are to have it, too: they may outlive
  /// Custody, and the run is alive for other commands as long as anybody has it.
  let lock: Int32
  /// For what the command reads and writes; only its owner sees in. Made when somebody asks.
  let path: String
  private var isMade = false

  private static let prefix = "custody-run-"

  /// - Parameter id: that of the run.
  init(_ store: Store, _ id: EventID) throws {
    let layout = store.folder.layout
    try FileIO.makeFolder(layout.runs)
    mark = "\(layout.runs)/\(id)"
    let place = Store.absolute(ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp")
    let isInside = "\(place)/".hasPrefix("\(store.folder.layout.root)/")
    path = "\(isInside ? "/tmp" : place)/\(Self.prefix)\(id)"
    lock = try Self.makeMark(mark, of: path)
  }

  /// Makes a mark that is locked and whole from the moment it has its name. Under the one before,
  /// which is no id, nobody takes it for what a killed run left.
  private static func makeMark(_ mark: String, of folder: String) throws -> Int32 {
    let new = "\(mark).\(getpid()).tmp"
    let opened = try FileIO.open(new, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    defer { close(opened) }
    // A script may take the numbers below 10 for files of its own.
    let file = fcntl(opened, F_DUPFD_CLOEXEC, 10)
    do {
      guard file >= 0 else { throw CustodyError(SystemCallError("fcntl"), path: mark) }
      guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
        throw CustodyError(SystemCallError("flock"), path: mark)
      }
      guard let own = identity(of: file) else {
        throw CustodyError(SystemCallError("fstat"), path: mark)
      }
      try FileIO.writeAll(file, Array("\(own)\n\(folder)".utf8), mark)
      guard rename(new, mark) == 0 else {
        throw CustodyError(SystemCallError("rename"), path: mark)
      }
      return file
    } catch {
      unlink(new)
      if file >= 0 { close(file) }
      throw error
    }
  }

  /// What a file and a copy of it do not have in common.
  private static func identity(_ status: stat) -> String { "\(status.st_dev) \(status.st_ino)" }

  private static func identity(of file: Int32) -> String? {
    var status = stat()
    return fstat(file, &status) == 0 ? identity(status) : nil
  }

  private static func identity(at path: String) -> String? {
    var status = stat()
    return lstat(path, &status) == 0 ? identity(status) : nil
  }

  /// A place in the private folder.
  func place(_ name: String) throws -> String {
    if !isMade {
      guard mkdir(path, 0o700) == 0 else {
        throw CustodyError(SystemCallError("mkdir"), path: path)
      }
      UnfinishedFiles.add(path)
      isMade = true
    }
    return "\(path)/\(name)"
  }

  /// Removes everything.
  func remove() {
    Self.removeFolder(path)
    UnfinishedFiles.remove(path)
    unlink(mark)
  }

  deinit { close(lock) }

  private static func removeFolder(_ path: String) {
    guard PathParts.name(of: path).hasPrefix(prefix) else { return }
    // A command may have taken the right to write from its folders.
    if let folders = FileManager.default.enumerator(atPath: path) {
      for case let name as String in folders {
        var status = stat()
        // Not what a link leads to.
        guard lstat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
          continue
        }
        chmod("\(path)/\(name)", 0o700)
      }
    }
    try? FileManager.default.removeItem(atPath: path)
  }

  // MARK: - What killed runs left

  /// Removes their folders, as far as that can be done: any command may, for they hold what the runs
  /// read. Their marks stay for the next one that writes to the store.
  ///
  /// A run is none of them as long as its command, or something that it started, lives.
  static func removeLeftFolders(in store: Store) {
    for left in left(in: store) { left.removeFolder() }
  }

  /// Removes all of it.
  ///
  /// - Parameter record: says of a run that nobody knows how it ended; may be asked twice.
  /// - Returns: how many runs those were.
  static func removeLeft(
    in store: Store, recording record: (EventID) async throws -> Void
  ) async throws -> Int {
    let left = left(in: store)
    for left in left {
      left.removeFolder()
      try await record(left.id)
      unlink(left.mark)
    }
    return left.count
  }

  /// The mark of a run that is no longer alive; locked, so that one process sees to it.
  private final class Left {
    let id: EventID
    let mark: String
    private let file: Int32

    init?(_ id: EventID, _ mark: String) {
      self.id = id
      self.mark = mark
      // Somebody else may have removed it meanwhile.
      guard let file = try? FileIO.open(mark, O_RDWR | O_NOFOLLOW | O_CLOEXEC) else { return nil }
      self.file = file
      // Whoever holds it is alive.
      guard flock(file, LOCK_EX | LOCK_NB) == 0 else { return nil }
      // One that ended between the two has removed it.
      guard let own = identity(of: file), own == identity(at: mark) else { return nil }
    }

    deinit { close(file) }

    func removeFolder() {
      guard let bytes = try? FileIO.read(mark) else { return }
      let parts = String(decoding: bytes, as: UTF8.self).split(separator: "\n", maxSplits: 1)
      // A copy of the store has a copy of the mark, which nobody locks. Where the run comes from it
      // may still go on, and the folder is removed there.
      guard parts.count == 2, String(parts[0]) == identity(of: file) else { return }
      let path = String(parts[1])
      guard PathParts.name(of: path) == "\(prefix)\(id)" else { return }
      RunFolder.removeFolder(path)
    }
  }

  private static func left(in store: Store) -> [Left] {
    let folder = store.folder.layout.runs
    guard FileIO.exists(folder) else { return [] }
    return ((try? FileIO.names(in: folder)) ?? []).compactMap { name in
      EventID(uuid: name).flatMap { Left($0, "\(folder)/\(name)") }
    }
  }
}
