import ArgumentParser
import Custody
import CustodyModel
import CustodyStore
import Foundation

extension VerificationLevel: ExpressibleByArgument {}

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove that nothing in a ledger was changed, or name where it was.",
    discussion: """
      Without FILE the store is verified, against its signer, guard and anchors too. FILE is a \
      lone ledger.sqlite (a copy, an export, a file on read-only media), or what prove, receipt, \
      disclose and export wrote: a proof, a disclosure, a range of events, a folder of tiles. None of \
      them needs a secret or a store. Give --vkey from someone you trust: without it the key that a \
      ledger itself declares is believed, and a proof says nothing.

      Levels, each with those before it: head (signature and tree head), headers (every leaf, the \
      chain, ids, revisions, checkpoints), bodies (every stored byte; the default), contents \
      (everything opened; needs the secrets), projections (each computed anew). --explain lists \
      each check and what it rests on.

      With - a file for others is read from standard input; it may come through any pipe. A \
      ledger.sqlite and a folder of tiles are named.

      Exits 1 when something was found.

      Examples:
        $ custody verify
        $ custody verify copy.sqlite --anchor checkpoint.note
        $ custody verify event.tlog-proof --vkey @verifier.key --receipt receipt.json
        $ custody prove 3 | custody verify - --vkey @verifier.key
      """)

  @Argument(
    help: ArgumentHelp(
      "A ledger.sqlite, or a file for others; - for one on standard input.", valueName: "FILE"),
    completion: .file())
  var file: String?

  @Option(help: "How far a ledger is verified; else bodies.")
  var level: VerificationLevel?

  @Option(help: ArgumentHelp("A verifier key to trust, or @FILE with one.", valueName: "VKEY"))
  var vkey: [String] = []

  @Option(
    help: ArgumentHelp("A checkpoint kept elsewhere, to compare with.", valueName: "NOTE"),
    completion: .file())
  var anchor: [String] = []

  @Option(
    help: ArgumentHelp(
      "A witness policy (C2SP tlog-policy) that the checkpoint of a file for others has to meet.",
      valueName: "FILE"),
    completion: .file())
  var witnesses: String?

  @Option(
    help: ArgumentHelp(
      "Receipts that a file for others has to be about, as append wrote them.", valueName: "FILE"),
    completion: .file())
  var receipt: String?

  @Flag(help: "List each check and what it rests on.")
  var explain = false

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    let inputs = [file, witnesses, receipt].compactMap(\.self) + anchor + vkey
    guard inputs.count(where: { $0 == "-" || $0 == "@-" }) <= 1 else {
      throw ValidationError("Only one file can be read from standard input.")
    }
  }

  func run() async throws {
    let anchors = try anchor.map { path in
      (name: path, note: String(decoding: try InputFile.read(path), as: UTF8.self))
    }
    let keys = try vkey.map(Self.key)
    if let evidence = try openEvidence() { return try verify(evidence, keys, anchors) }
    let level = level ?? .bodies
    guard witnesses == nil, receipt == nil else {
      throw CustodyError(
        .usage,
        "--witnesses and --receipt are for files that prove, receipt, disclose or export wrote.")
    }
    let progress = ProgressBar("verifying", in: .events)
    let report: VerificationReport
    do {
      defer { progress.finish() }
      if let file {
        report = try await Store.verify(
          file: file, level: level, keys: keys, anchors: anchors
        ) { progress.update($0, $1) }
      } else {
        let store = try store.open(for: level >= .contents ? .contents : .reading)
        if try store.folder.pendingErasureCount() > 0 {
          Terminal.note(
            "custody: an erasure is decided and not done, so keys may be found missing. Any command that "
              + "writes goes on with it: custody checkpoint")
        }
        report = try await store.verify(level: level, keys: keys, anchors: anchors) {
          progress.update($0, $1)
        }
      }
    }
    Terminal.willAnswer(report.holds)
    VerificationPrinter(report: report, isFile: file != nil, hasKeys: !vkey.isEmpty).print(
      output.format, explain: explain)
    if !report.holds { throw ExitCode(ExitStatus.refused) }
  }

  private func openEvidence() throws -> EvidenceFile? {
    guard let file else { return nil }
    if file == "-" { return try EvidenceFile.standardInput() }
    // Of a file that is not there, the level that no file has is said first.
    guard level ?? .bodies < .contents || FileIO.exists(file) else { return nil }
    return try EvidenceFile.open(file)
  }

  private static func key(_ text: String) throws -> VerifierKey {
    let line =
      text.hasPrefix("@")
      ? String(
        decoding: try InputFile.read(String(text.dropFirst()), atMost: 1 << 16), as: UTF8.self
      )
      .trimmingCharacters(in: .whitespacesAndNewlines) : text
    do {
      return try VerifierKey(line)
    } catch {
      throw CustodyError(.usage, "\(text) is no verifier key: name+hex+base64.", cause: error)
    }
  }

  private func verify(
    _ evidence: EvidenceFile, _ keys: [VerifierKey], _ anchors: [(name: String, note: String)]
  ) throws {
    guard level == nil else {
      throw CustodyError(
        .usage, "--level is for a ledger: of \(evidence.name) everything is checked at once.")
    }
    let policy = try witnesses.map { path in
      do {
        return try WitnessPolicy(
          parsing: String(decoding: try InputFile.read(path, atMost: 1 << 20), as: UTF8.self))
      } catch let error as WitnessPolicyError {
        throw CustodyError(
          .invalidInput, "The policy is none: \(error.why).",
          at: .init(file: path, line: error.line == 0 ? nil : error.line))
      }
    }
    let receipts = try receipt.map(ReceiptFile.read) ?? []
    let progress = ProgressBar("verifying", in: .events)
    let report: EvidenceReport
    do {
      defer { progress.finish() }
      report = try Store.verify(
        evidence: evidence, keys: keys, policy: policy, receipts: receipts, anchors: anchors
      ) { progress.update($0, $1) }
    }
    Terminal.willAnswer(report.holds)
    EvidencePrinter(report: report, file: evidence.name).print(output.format, explain: explain)
    if !report.holds { throw ExitCode(ExitStatus.refused) }
  }
}
