import Custody
import CustodyModel
import CustodyStore
import Foundation

/// Writes receipts as NDJSON, each after its event is durable.
final class ReceiptWriter {
  private let path: String
  private let file: FileHandle?
  /// Events are appended whether or not somebody goes on reading their receipts.
  private var isRead = true

  /// - Parameter path: a file to make or append to, or `-` for standard output.
  init(_ path: String) throws {
    self.path = path
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
    for receipt in receipts { text += Self.line(receipt) + "\n" }
    guard let file else {
      if isRead { isRead = Terminal.writeIfRead(Array(text.utf8)) }
      return
    }
    try said("write") { try file.write(contentsOf: Data(text.utf8)) }
  }

  func finish() throws { try said("fsync") { try file?.synchronize() } }

  private func said(_ call: String, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch {
      let beneath = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      let reason = CustodyError(
        SystemCallError(call, errno: Int32(beneath?.code ?? (error as NSError).code)), path: path)
      throw CustodyError(
        reason.code,
        "\(reason.message) The events are appended, their receipts are not all written: repeat "
          + "with --idempotent to get those that are missing.", cause: error)
    }
  }

  private static func line(_ receipt: Receipt) -> String {
    var writer = JSONWriter()
    writer.member("ledger", receipt.ledgerID.description)
    writer.member("id", receipt.eventID.description)
    writer.member("position", receipt.position.value)
    writer.member("revision", receipt.revision.value)
    writer.member("leaf", receipt.leaf.hex)
    if receipt.isRepeat { writer.member("repeat", true) }
    if receipt.isUnverifiedRepeat { writer.member("unverified", true) }
    return writer.object
  }
}
