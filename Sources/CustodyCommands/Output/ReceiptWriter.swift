import Custody
import CustodyStore
import Foundation

/// Writes receipts as NDJSON, each after its event is durable.
final class ReceiptWriter {
  private let path: String
  private let file: FileHandle?
  /// Events are appended whether or not somebody goes on reading their receipts.
  private var isRead = true
  private let areIDsDerived: Bool
  /// Whether some could not be written.
  private(set) var hasFailed = false

  /// - Parameters:
  ///   - path: a file to make or append to, or `-` for standard output.
  ///   - areIDsDerived: whether the same command appends nothing twice.
  init(_ path: String, areIDsDerived: Bool) throws {
    self.path = path
    self.areIDsDerived = areIDsDerived
    guard path != "-" else {
      file = nil
      return
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw CustodyError(SystemCallError("open"), path: path)
    }
    file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  func write(_ receipts: [Receipt]) throws {
    guard !receipts.isEmpty else { return }
    var text = ""
    for receipt in receipts { text += receipt.json + "\n" }
    guard let file else {
      if isRead { isRead = Terminal.writeIfRead(Array(text.utf8)) }
      return
    }
    try said("write") { try file.write(contentsOf: Data(text.utf8)) }
  }

  func finish() throws {
    try said("fsync") {
      guard let file, fsync(file.fileDescriptor) != 0 else { return }
      // fsync(2): "EROFS, EINVAL: fd is bound to a special file (e.g., a pipe, FIFO, or socket)".
      guard errno != EINVAL, errno != EROFS else { return }
      throw NSError(domain: NSPOSIXErrorDomain, code: Int(errno))
    }
  }

  private func said(_ call: String, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch {
      hasFailed = true
      let beneath = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      let failed = SystemCallError(call, errno: Int32(beneath?.code ?? (error as NSError).code))
      throw CustodyError(
        CustodyError(failed, path: path).code,
        "The receipts cannot all be written to \(path) (\(failed)). "
          + (areIDsDerived
            ? "Repeat the same command: it gives those that are missing, and nothing stands twice."
            : "The events named above stand in the ledger: do not append them again. custody log "
              + "lists their positions, ids and leaves."),
        cause: error)
    }
  }
}
