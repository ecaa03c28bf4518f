import ArgumentParser
import Custody
import CustodyStore
import Foundation

struct ReceiptCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "receipt",
    abstract: "Turn what an append returned into a proof that holds for ever.",
    discussion: """
      FILE has receipts as `custody append --receipts FILE` writes them, a line each. The proof shows \
      that the event stands where the receipt says, whatever was appended since; where another event \
      stands there, the ledger was changed after the receipt was given, and this says so. With several \
      receipts, --to names a folder for a proof each.

      Example:
        $ custody receipt receipt.json --to event.tlog-proof
      """)

  @Argument(
    help: ArgumentHelp("Receipts, or - for standard input.", valueName: "FILE"),
    completion: .file())
  var file: String

  @OptionGroup var checkpoint: CheckpointOptions
  @OptionGroup var target: TargetOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let receipts = try ReceiptFile.read(file)
    let store = try store.open(for: .reading)
    let note = try checkpoint.note()
    if receipts.count == 1 {
      try target.check()
      return try target.write(
        Array(store.evidence.proof(for: receipts[0], under: note).utf8), store)
    }
    guard target.isFile, let folder = target.to else {
      throw CustodyError(
        .usage, "\(file) has \(receipts.count) receipts: give --to DIR for a proof each.")
    }
    try store.checkTarget(file: "\(folder)/proof")
    try FileIO.makeFolder(folder)
    let progress = ProgressBar("proving", in: .events)
    defer { progress.finish() }
    for (index, receipt) in receipts.enumerated() {
      let proof = try store.evidence.proof(for: receipt, under: note)
      try OutputFile.write(
        Array(proof.utf8), to: "\(folder)/\(receipt.position).tlog-proof", replacing: target.force)
      progress.update(index + 1, receipts.count)
    }
  }
}

/// Receipts as `append --receipts` writes them.
enum ReceiptFile {
  private static let sizeMax = 1 << 30

  /// - Throws: `invalidInput` with the line of what is no receipt.
  static func read(_ path: String) throws -> [Receipt] {
    var line = 0
    var seen: Set<Receipt> = []
    let receipts: [Receipt] = try InputFile.read(path, atMost: sizeMax)
      .split(separator: 0x0a, omittingEmptySubsequences: false).compactMap { bytes in
        line += 1
        guard !bytes.isEmpty else { return nil }
        do {
          let receipt = try Receipt(json: Array(bytes))
          return seen.insert(receipt).inserted ? receipt : nil
        } catch let error as CustodyError {
          throw error.at(.init(file: path, line: line))
        }
      }
    guard !receipts.isEmpty else { throw CustodyError(.invalidInput, "\(path) has no receipt.") }
    return receipts
  }
}
