import ArgumentParser
import Custody

struct ReceiptCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "receipt",
    abstract: "Turn what an append returned into a proof that holds for ever.",
    discussion: """
      FILE has receipts as `custody append --receipts FILE` writes them, a line each. The proof shows \
      that the event stands where the receipt says, whatever was appended since; where another event \
      stands there, the ledger was changed after the receipt was given, and this says so.

      One receipt becomes a file, by --to, or goes to standard output. --folder makes a folder with a \
      proof for each receipt, however many there are; it is made whole or not at all.

      Examples:
        $ custody receipt receipt.json --to event.tlog-proof
        $ custody receipt receipt.json --folder proofs
      """)

  @Argument(
    help: ArgumentHelp("Receipts, or - for standard input.", valueName: "FILE"),
    completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp("Make a folder of proofs: <position>.tlog-proof.", valueName: "DIR"),
    completion: .directory)
  var folder: String?

  @OptionGroup var checkpoint: CheckpointOptions
  @OptionGroup var target: TargetOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard folder == nil || target.to == nil else {
      throw ValidationError("--to names a file for one proof, --folder a folder: give one of them.")
    }
  }

  func run() async throws {
    let receipts = try ReceiptFile.read(file)
    let store = try store.open(for: .reading)
    let note = try checkpoint.note()
    guard let folder else {
      guard receipts.count == 1 else {
        throw CustodyError(
          .usage, "\(file) has \(receipts.count) receipts: give --folder DIR for a proof each.")
      }
      try target.check()
      return try target.write(
        Array(store.evidence.proof(for: receipts[0], under: note).utf8), store)
    }
    let progress = ProgressBar("proving", in: .events)
    defer { progress.finish() }
    try store.evidence.exportProofs(
      for: receipts, under: note, to: folder, replacing: target.force
    ) { progress.update($0, $1) }
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
