import Foundation

/// A system call that failed, by its errno.
package struct SystemCallError: Error, CustomStringConvertible {
  package let call: String
  package let errno: Int32

  package init(_ call: String, errno: Int32 = Foundation.errno) {
    self.call = call
    self.errno = errno
  }

  package var description: String { "\(call): \(String(cString: strerror(errno)))" }
}

extension CustodyError {
  /// What a failed system call on `path` means to a person. See `man 2` of each call.
  package init(_ error: SystemCallError, path: String) {
    switch error.errno {
    case ENOENT, ENOTDIR:
      self.init(.notFound, "\(path) does not exist.", cause: error)
    case EEXIST, ENOTEMPTY:
      self.init(.alreadyExists, "\(path) exists already.", cause: error)
    case EACCES, EPERM, EROFS:
      self.init(
        .permission,
        "No permission for \(path). Check its owner and mode, or whether the disk is read-only.",
        cause: error)
    case ENOSPC, EDQUOT, EFBIG:
      self.init(
        .diskFull, "No space left while writing \(path). Free some and try again.",
        cause: error)
    case ELOOP:
      self.init(
        .damaged, "\(path) is a symbolic link where a file of the store belongs.", cause: error)
    default:
      self.init(.io, "\(path) could not be used: \(error).", cause: error)
    }
  }
}
