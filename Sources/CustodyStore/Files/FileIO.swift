import CustodyLedger
import Foundation

/// Small files of a store: read whole, replaced as a whole, durable when the call returns.
package enum FileIO {
  /// The largest small file that is read, in bytes.
  package static let sizeMax = 16 << 20

  /// The bytes of the file at `path`; a symbolic link, a folder or a device is refused.
  ///
  /// - Parameter sizeMax: the most bytes that a file of its kind has.
  package static func read(_ path: String, sizeMax: Int = sizeMax) throws -> [UInt8] {
    try withRegularFile(path, sizeMax: sizeMax) { try readAll($0, $1, path) }
  }

  /// The bytes, or nil when there is no such file.
  package static func readIfPresent(
    _ path: String, sizeMax: Int = sizeMax
  ) throws -> [UInt8]? {
    do {
      return try read(path, sizeMax: sizeMax)
    } catch let error as CustodyError where error.code == .notFound {
      return nil
    }
  }

  /// The bytes of a file that only its owner may read.
  ///
  /// - Throws: ``CustodyError/Code/keyFileMode`` when group or others may.
  package static func readSecret(
    _ path: String, followingLinks: Bool = false
  ) throws -> SecretFile {
    try withRegularFile(path, followingLinks: followingLinks) { file, status in
      guard status.st_mode & 0o077 == 0 else {
        throw CustodyError(
          .keyFileMode,
          "\(path) can be read by others (mode \(String(status.st_mode & 0o777, radix: 8))). "
            + "Run: chmod 600 \(path)")
      }
      return SecretFile(bytes: try readAll(file, status, path))
    }
  }

  /// Bytes that still have to be wiped by whoever read them.
  package struct SecretFile {
    package var bytes: [UInt8]
  }

  private static func withRegularFile<R>(
    _ path: String, followingLinks: Bool = false, sizeMax: Int = sizeMax,
    _ body: (Int32, stat) throws -> R
  ) throws -> R {
    // Opening a pipe would wait for someone who writes to it.
    let file = try open(
      path, O_RDONLY | (followingLinks ? 0 : O_NOFOLLOW) | O_CLOEXEC | O_NONBLOCK)
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else {
      throw CustodyError(SystemCallError("fstat"), path: path)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw CustodyError(.damaged, "\(path) is not a file. Put the one that was there back.")
    }
    guard status.st_size <= sizeMax else {
      throw CustodyError(.damaged, "\(path) is larger than any file of its kind.")
    }
    return try body(file, status)
  }

  /// As many bytes as the file had when it was opened, in one buffer: a secret leaves no copies.
  private static func readAll(_ file: Int32, _ status: stat, _ path: String) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, initialized in
      while initialized < buffer.count {
        let rest = UnsafeMutableRawBufferPointer(
          UnsafeMutableBufferPointer(rebasing: buffer[initialized...]))
        let count = Foundation.read(file, rest.baseAddress, rest.count)
        if count < 0 {
          if errno == EINTR { continue }
          throw CustodyError(SystemCallError("read"), path: path)
        }
        if count == 0 { break }
        initialized += count
      }
    }
  }

  /// The names in a folder, ascending; none when it is not there.
  package static func names(in folder: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    } catch {
      let errno = access(folder, R_OK | X_OK) == 0 ? EIO : Foundation.errno
      guard errno != ENOENT else { return [] }
      throw CustodyError(SystemCallError("opendir", errno: errno), path: folder)
    }
  }

  /// The files in a folder and the folders in it, and the folders that cannot be looked into, by their
  /// paths from there; links are not followed.
  package static func files(
    under folder: String
  ) throws -> (files: [String], unreadable: [String]) {
    var files: [String] = []
    var unreadable: [String] = []
    func visit(_ relative: String) throws {
      let names: [String]
      do {
        names = try self.names(in: relative.isEmpty ? folder : "\(folder)/\(relative)")
      } catch let error as CustodyError where error.code == .permission && !relative.isEmpty {
        return unreadable.append(relative)
      }
      for name in names {
        let path = relative.isEmpty ? name : "\(relative)/\(name)"
        var status = stat()
        guard lstat("\(folder)/\(path)", &status) == 0 else { continue }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: try visit(path)
        case S_IFREG: files.append(path)
        default: break
        }
      }
    }
    try visit("")
    return (files, unreadable)
  }

  /// Replaces the file at `path`: after a crash it holds either the old bytes or the new.
  ///
  /// - Parameter isDurable: whether to fsync file and folder before returning.
  package static func replace(
    _ path: String, with bytes: [UInt8], mode: mode_t, isDurable: Bool = true
  ) throws {
    try replace(path, mode: mode, isDurable: isDurable) { write in try write(bytes) }
  }

  /// The same with bytes that come one after the other: of what `body` throws, the file stays as it
  /// was.
  ///
  /// - Parameter body: hands over bytes to the function that it is given.
  package static func replace<R>(
    _ path: String, mode: mode_t, isDurable: Bool = true,
    writing body: (([UInt8]) throws -> Void) throws -> R
  ) throws -> R {
    let temporary = "\(path).\(getpid()).tmp"
    unlink(temporary)
    // It may hold what somebody asked for in clear.
    UnfinishedFiles.add(temporary)
    defer { UnfinishedFiles.remove(temporary) }
    let file = try open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    let result: R
    do {
      defer { close(file) }
      result = try body { try writeAll(file, $0, path) }
      if isDurable, fsync(file) != 0 { throw CustodyError(SystemCallError("fsync"), path: path) }
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, path) == 0 else {
      let error = SystemCallError("rename")
      unlink(temporary)
      throw CustodyError(error, path: path)
    }
    if isDurable { try syncFolder(of: path) }
    return result
  }

  /// Overwrites part of a file in place; durable when this returns.
  package static func overwrite(_ path: String, at offset: Int, with bytes: [UInt8]) throws {
    let file = try open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
    defer { close(file) }
    let written = bytes.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, off_t(offset)) }
    guard written == bytes.count else { throw CustodyError(SystemCallError("pwrite"), path: path) }
    guard fdatasync(file) == 0 else { throw CustodyError(SystemCallError("fdatasync"), path: path) }
  }

  /// Writes a new file; one that is there already is left alone.
  package static func create(_ path: String, _ bytes: [UInt8], mode: mode_t) throws {
    let file = try open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    defer { close(file) }
    try writeAll(file, bytes, path)
    guard fsync(file) == 0 else { throw CustodyError(SystemCallError("fsync"), path: path) }
    try syncFolder(of: path)
  }

  /// Overwrites and removes a secret file. What a disk keeps of it is out of reach; the keys it
  /// sealed are not readable without the root key.
  package static func destroy(_ path: String) throws {
    let size = try read(path).count
    let file = try open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
    do {
      defer { close(file) }
      try writeAll(file, [UInt8](repeating: 0, count: size), path)
      guard fsync(file) == 0 else { throw CustodyError(SystemCallError("fsync"), path: path) }
    }
    guard unlink(path) == 0 else { throw CustodyError(SystemCallError("unlink"), path: path) }
    try syncFolder(of: path)
  }

  /// Makes what was written to a file durable.
  static func sync(_ path: String) throws {
    let file = try open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    defer { close(file) }
    guard fsync(file) == 0 else { throw CustodyError(SystemCallError("fsync"), path: path) }
  }

  package static func syncFolder(of path: String) throws {
    let folder = PathParts.folder(of: path)
    let file = try open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { close(file) }
    guard fsync(file) == 0 else { throw CustodyError(SystemCallError("fsync"), path: folder) }
  }

  /// Makes a folder for its owner alone, and the ones above it.
  package static func makeFolder(_ path: String) throws {
    // A folder is durable when the one it stands in is.
    if mkdir(path, 0o700) == 0 { return try syncFolder(of: path) }
    switch errno {
    case ENOENT:
      try makeFolder(PathParts.folder(of: path))
      guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
        throw CustodyError(SystemCallError("mkdir"), path: path)
      }
      try syncFolder(of: path)
    case EEXIST:
      guard isFolder(path) else { throw CustodyError(SystemCallError("mkdir"), path: path) }
    default:
      throw CustodyError(SystemCallError("mkdir"), path: path)
    }
  }

  /// Refuses what is there and no file where a database belongs: opening a pipe would wait for ever.
  package static func checkIsFile(_ path: String) throws {
    var status = stat()
    guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
      throw CustodyError(.damaged, "\(path) is not a file. Put the one that was there back.")
    }
  }

  /// Refuses a link where a file of the store's own belongs: it could lead anywhere, and no copy of
  /// the store would bring along what it leads to.
  static func checkIsNoLink(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) != 0 || status.st_mode & S_IFMT != S_IFLNK else {
      throw CustodyError(
        .damaged, "\(path) is a link. Put the file itself there, as it was.")
    }
  }

  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// A file's size in bytes, 0 when there is none.
  package static func size(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  package static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  package static func open(_ path: String, _ flags: Int32, _ mode: mode_t = 0) throws -> Int32 {
    let file = Foundation.open(path, flags, mode)
    guard file >= 0 else { throw CustodyError(SystemCallError("open"), path: path) }
    return file
  }

  package static func writeAll(_ file: Int32, _ bytes: [UInt8], _ path: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw CustodyError(SystemCallError("write"), path: path)
      }
      rest = rest.dropFirst(count)
    }
  }
}
