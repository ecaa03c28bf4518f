import CSQLiteShim
import Foundation
import Synchronization

/// A disk that fails when a test says so: SQLite's own file layer with faults in it.
///
/// GRDB takes no VFS, so it becomes the default one of the process; files without a fault are
/// passed through.
package enum FaultyStorage {
  /// What goes wrong.
  package enum Fault: Sendable, CaseIterable {
    /// "No space left": a write that fails.
    case full
    /// A write that fails half way through, as when a quota is reached.
    case torn
    /// A write that the device refuses.
    case write
    /// An fsync that fails: nobody knows what is on the disk.
    case sync
  }

  private struct Plan {
    var fault: Fault
    /// Operations of the fault's kind that still go well.
    var remaining: Int
    /// Whether it goes on failing, as a full disk does, or happens once.
    var isLasting: Bool
    var count = 0
  }

  private static let plans = Mutex<[String: Plan]>([:])

  /// Makes this the file layer of every connection that is opened from now on.
  package static func install() { precondition(registered, "SQLite takes no other file layer") }

  /// Runs `body` while files whose path starts with `folder` fail.
  ///
  /// - Parameter after: how many writes, or fsyncs, go well before.
  /// - Returns: how often it failed.
  package static func failing<R>(
    _ folder: String, _ fault: Fault, after: Int, isLasting: Bool, _ body: () async throws -> R
  ) async rethrows -> (result: R, failures: Int) {
    plans.withLock {
      $0[folder] = Plan(fault: fault, remaining: after, isLasting: isLasting)
    }
    func end() -> Int { plans.withLock { $0.removeValue(forKey: folder)?.count ?? 0 } }
    do {
      let result = try await body()
      return (result, end())
    } catch {
      _ = end()
      throw error
    }
  }

  /// Whether the operation at hand fails.
  fileprivate static func fails(_ path: UnsafePointer<CChar>?, isSync: Bool) -> Fault? {
    guard let path else { return nil }
    return plans.withLock { plans in
      guard !plans.isEmpty else { return nil }
      let name = String(cString: path)
      guard let folder = plans.keys.first(where: { name.hasPrefix($0) }), var plan = plans[folder],
        (plan.fault == .sync) == isSync, plan.isLasting || plan.count == 0
      else { return nil }
      defer { plans[folder] = plan }
      guard plan.remaining == 0 else {
        plan.remaining -= 1
        return nil
      }
      plan.count += 1
      return plan.fault
    }
  }

  // MARK: - The file layer

  /// A file of ours: SQLite's header, the path, then the real file.
  private static let headerSize = 32

  nonisolated(unsafe) private static var real: UnsafeMutablePointer<sqlite3_vfs>!

  private static let registered: Bool = {
    real = sqlite3_vfs_find(nil)
    let faulty = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
    faulty.pointee = real.pointee
    faulty.pointee.pNext = nil
    faulty.pointee.zName = UnsafePointer(strdup("custody-faulty"))
    faulty.pointee.szOsFile += Int32(headerSize)
    faulty.pointee.xOpen = { _, path, file, flags, outFlags in
      guard let file else { return SQLITE_CANTOPEN }
      file.pointee.pMethods = nil
      let result = FaultyStorage.real.pointee.xOpen(
        FaultyStorage.real, path, FaultyStorage.inner(file), flags, outFlags)
      if FaultyStorage.inner(file).pointee.pMethods != nil {
        file.pointee.pMethods = FaultyStorage.methods
        UnsafeMutableRawPointer(file).storeBytes(
          of: path, toByteOffset: 8, as: UnsafePointer<CChar>?.self)
      }
      return result
    }
    return sqlite3_vfs_register(faulty, 1) == SQLITE_OK
  }()

  fileprivate static func inner(
    _ file: UnsafeMutablePointer<sqlite3_file>
  ) -> UnsafeMutablePointer<sqlite3_file> {
    (UnsafeMutableRawPointer(file) + headerSize).assumingMemoryBound(to: sqlite3_file.self)
  }

  /// "The zFilename parameter to xOpen ... will be a pointer that is valid until xClose".
  fileprivate static func path(
    _ file: UnsafeMutablePointer<sqlite3_file>
  ) -> UnsafePointer<CChar>? {
    UnsafeRawPointer(file).load(fromByteOffset: 8, as: UnsafePointer<CChar>?.self)
  }

  nonisolated(unsafe) private static let methods: UnsafePointer<sqlite3_io_methods> = {
    let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
    methods.initialize(to: sqlite3_io_methods())
    methods.pointee.iVersion = 2  // memory-mapped reads are version 3
    methods.pointee.xClose = { inner($0!).pointee.pMethods.pointee.xClose(inner($0!)) }
    methods.pointee.xRead = {
      inner($0!).pointee.pMethods.pointee.xRead(inner($0!), $1, $2, $3)
    }
    methods.pointee.xWrite = { file, bytes, count, offset in
      let inner = inner(file!)
      let write = inner.pointee.pMethods.pointee.xWrite!
      switch fails(path(file!), isSync: false) {
      case .full: return SQLITE_FULL
      case .write: return SQLITE_IOERR | 3 << 8  // SQLITE_IOERR_WRITE
      case .torn:
        _ = write(inner, bytes, count / 2, offset)
        return SQLITE_FULL
      case .sync, nil: return write(inner, bytes, count, offset)
      }
    }
    methods.pointee.xTruncate = { inner($0!).pointee.pMethods.pointee.xTruncate(inner($0!), $1) }
    methods.pointee.xSync = { file, flags in
      if fails(path(file!), isSync: true) != nil { return SQLITE_IOERR | 4 << 8 }  // IOERR_FSYNC
      return inner(file!).pointee.pMethods.pointee.xSync(inner(file!), flags)
    }
    methods.pointee.xFileSize = { inner($0!).pointee.pMethods.pointee.xFileSize(inner($0!), $1) }
    methods.pointee.xLock = { inner($0!).pointee.pMethods.pointee.xLock(inner($0!), $1) }
    methods.pointee.xUnlock = { inner($0!).pointee.pMethods.pointee.xUnlock(inner($0!), $1) }
    methods.pointee.xCheckReservedLock = {
      inner($0!).pointee.pMethods.pointee.xCheckReservedLock(inner($0!), $1)
    }
    methods.pointee.xFileControl = {
      inner($0!).pointee.pMethods.pointee.xFileControl(inner($0!), $1, $2)
    }
    methods.pointee.xSectorSize = { inner($0!).pointee.pMethods.pointee.xSectorSize(inner($0!)) }
    methods.pointee.xDeviceCharacteristics = {
      inner($0!).pointee.pMethods.pointee.xDeviceCharacteristics(inner($0!))
    }
    methods.pointee.xShmMap = {
      inner($0!).pointee.pMethods.pointee.xShmMap(inner($0!), $1, $2, $3, $4)
    }
    methods.pointee.xShmLock = {
      inner($0!).pointee.pMethods.pointee.xShmLock(inner($0!), $1, $2, $3)
    }
    methods.pointee.xShmBarrier = {
      inner($0!).pointee.pMethods.pointee.xShmBarrier(inner($0!))
    }
    methods.pointee.xShmUnmap = {
      inner($0!).pointee.pMethods.pointee.xShmUnmap(inner($0!), $1)
    }
    return UnsafePointer(methods)
  }()
}
