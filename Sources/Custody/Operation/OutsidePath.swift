import CustodyStore
import Foundation

extension Store {
  /// Whether a file may be written at a path: neither Custody's own nor in the place of a folder.
  ///
  /// - Throws: `usage` when it may not.
  public func checkTarget(file path: String) throws {
    let path = Store.absolute(path)
    try OutsidePath.check(path, self)
    try OutsidePath.checkReplacement(of: path, byFolder: false)
  }
}

/// A place outside the store to which Custody writes because somebody named it.
enum OutsidePath {
  /// Refuses a place that holds, or is in, what belongs to the store: replacing it would be the end of
  /// every key.
  static func check(_ path: String, _ store: Store) throws {
    let own = store.folder.ownFolders.map { real($0.path) }
    let place = real(path)
    guard !own.contains(where: { isBelow(place, $0) || isBelow($0, place) }) else {
      throw CustodyError(
        .usage, "\(path) holds, or is in, Custody's own files. Name another place.")
    }
  }

  /// Refuses to replace a folder by a file, a file by a folder, or the folder that everything runs in.
  static func checkReplacement(of path: String, byFolder: Bool) throws {
    guard FileIO.exists(path) else { return }
    guard FileIO.isFolder(path) == byFolder else {
      throw CustodyError(
        .usage,
        byFolder
          ? "\(path) is a file, and a folder would take its place. Remove it, or name another place."
          : "\(path) is a folder, and a file would take its place. Name a file in it.")
    }
    try checkHoldsNotCurrentFolder(path)
  }

  static func checkHoldsNotCurrentFolder(_ path: String) throws {
    guard !isBelow(real(FileManager.default.currentDirectoryPath), real(path)) else {
      throw CustodyError(
        .usage, "\(path) is the current folder, or holds it. Name a folder below it.")
    }
  }

  /// Where something is built that will have its place at `path`; removed when a signal ends us.
  static func building(_ path: String, _ store: Store) -> String {
    let building = "\(path).\(Hex.encode(store.folder.environment.random(8))).tmp"
    UnfinishedFiles.add(building)
    return building
  }

  /// Gives what was built its place, which takes no time.
  static func move(_ building: String, to path: String, replacing: Bool) throws {
    if replacing, FileIO.exists(path) {
      let old = "\(building).old"
      guard rename(path, old) == 0 else {
        throw CustodyError(SystemCallError("rename"), path: path)
      }
      guard rename(building, path) == 0 else {
        let error = SystemCallError("rename")
        rename(old, path)
        throw CustodyError(error, path: path)
      }
      try? FileManager.default.removeItem(atPath: old)
    } else {
      // Not over what has come there meanwhile.
      guard !FileIO.exists(path), rename(building, path) == 0 else {
        throw CustodyError(SystemCallError("rename", errno: EEXIST), path: path)
      }
    }
    try FileIO.syncFolder(of: path)
  }

  /// Removes a file or a folder with everything in it.
  static func remove(_ path: String) throws {
    // Whoever made it may have taken the right to write from its folders.
    for case let name as String in FileManager.default.enumerator(atPath: path) ?? .init() {
      var status = stat()
      // Not what a link leads to.
      guard lstat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
        status.st_mode & 0o300 != 0o300
      else { continue }
      chmod("\(path)/\(name)", 0o700)
    }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw CustodyError(.permission, "\(path) cannot be removed.", cause: error)
    }
  }

  static func isBelow(_ path: String, _ folder: String) -> Bool {
    path == folder || path.hasPrefix(folder == "/" ? "/" : "\(folder)/")
  }

  /// A path with every symbolic link followed, as far as it exists.
  static func real(_ path: String) -> String {
    var rest: [String] = []
    var existing = path
    while !FileIO.exists(existing), existing != "/" {
      rest.insert(PathParts.name(of: existing), at: 0)
      existing = PathParts.folder(of: existing)
    }
    guard let found = realpath(existing, nil) else { return path }
    defer { free(found) }
    return ([String(cString: found)] + rest).joined(separator: "/").replacing("//", with: "/")
  }
}
