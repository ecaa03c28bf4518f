import COpenSSL
import CSQLiteShim
import CustodyLedger
import Foundation

/// What `doctor` asks of files and disks.
package enum FileAttributes {
  package static func mode(_ path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
  }

  package static func device(_ path: String) -> dev_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_dev : nil
  }

  /// How long ago something was changed in a folder, or a file written, in seconds.
  package static func age(_ path: String, at now: Timestamp) -> Int? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return Int(now.microseconds / 1_000_000) - Int(status.st_mtim.tv_sec)
  }

  package static func inode(_ path: String) -> ino_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_ino : nil
  }

  package static func freeBytes(_ path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }

  /// The median time of a few fsyncs of a small file in `folder`, in seconds.
  package static func syncSeconds(in folder: String) -> Double? {
    let path = "\(folder)/.doctor-\(getpid())"
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { return nil }
    defer {
      close(file)
      unlink(path)
    }
    var times: [Double] = []
    for _ in 0..<9 {
      let start = ProcessInfo.processInfo.systemUptime
      guard write(file, "custody\n", 8) == 8, fsync(file) == 0 else { return nil }
      times.append(ProcessInfo.processInfo.systemUptime - start)
    }
    return times.sorted()[4]
  }
}

/// Which file is at a path, and in which state: any change of it makes another.
struct FileVersion: Equatable {
  private let inode: ino_t
  private let size: off_t
  private let modified: [Int]

  /// Nil when nothing is there.
  init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    inode = status.st_ino
    size = status.st_size
    modified = [
      status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
    ]
  }
}

/// Versions of the libraries that the program runs with.
package enum SystemVersions {
  package static var sqlite: String { String(cString: sqlite3_libversion()) }
  package static var openSSL: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }

  /// Whether a version of SQLite has the fix of the WAL-reset bug.
  package static func isWALResetFixed(_ version: String) -> Bool {
    let parts = version.split(separator: ".").compactMap { Int($0) }
    guard parts.count >= 3 else { return false }
    switch (parts[0], parts[1]) {
    case (3, 44): return parts[2] >= 6
    case (3, 50): return parts[2] >= 7
    case (3, 51): return parts[2] >= 3
    default: return (parts[0], parts[1]) > (3, 51)
    }
  }
}
