import CustodyModel
import CustodyStore
import Foundation

/// What a run has on the disk while it goes on: a private folder outside the store, and a mark in the
/// store by which the next command finds both when this one was killed.
final class RunFolder {
  private let mark: String
  private let markFile: Int32
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
    markFile = try FileIO.open(mark, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard flock(markFile, LOCK_EX | LOCK_NB) == 0 else {
      throw CustodyError(SystemCallError("flock"), path: mark)
    }
    try FileIO.writeAll(markFile, Array(path.utf8), mark)
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

  deinit { close(markFile) }

  private static func removeFolder(_ path: String) {
    guard (path as NSString).lastPathComponent.hasPrefix(prefix) else { return }
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
    }

    deinit { close(file) }

    func removeFolder() {
      guard let bytes = try? FileIO.read(mark) else { return }
      let path = String(decoding: bytes, as: UTF8.self)
      guard (path as NSString).lastPathComponent == "\(prefix)\(id)" else { return }
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
