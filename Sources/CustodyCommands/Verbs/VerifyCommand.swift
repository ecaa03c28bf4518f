import ArgumentParser
import Custody
import CustodyModel
import Foundation

extension VerificationLevel: ExpressibleByArgument {}

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove that nothing in a ledger was changed, or name where it was.",
    discussion: """
      Without FILE the store is verified, against its signer, guard and anchors too. FILE is a \
      lone ledger.sqlite: a copy, an export, a file on read-only media; that needs no secret and \
      no store. Give it --vkey from someone you trust: without it the key that the ledger itself \
      declares is believed.

      Levels, each with those before it: head (signature and tree head), headers (every leaf, the \
      chain, ids, revisions, checkpoints), bodies (every stored byte; the default), contents \
      (everything opened; needs the secrets), projections (each computed anew). --explain lists \
      each check and what it rests on.

      Exits 1 when something was found.

      Examples:
        $ custody verify
        $ custody verify copy.sqlite --anchor checkpoint.note
      """)

  @Argument(help: ArgumentHelp("A ledger.sqlite.", valueName: "FILE"), completion: .file())
  var file: String?

  @Option(help: "How far.")
  var level = VerificationLevel.bodies

  @Option(help: ArgumentHelp("A verifier key to trust.", valueName: "VKEY"))
  var vkey: [String] = []

  @Option(
    help: ArgumentHelp("A checkpoint kept elsewhere, to compare with.", valueName: "NOTE"),
    completion: .file())
  var anchor: [String] = []

  @Flag(help: "List each check and what it rests on.")
  var explain = false

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let anchors = try anchor.map { path in
      (name: path, note: String(decoding: try InputFile.read(path), as: UTF8.self))
    }
    let keys = try vkey.map { text in
      do {
        return try VerifierKey(text)
      } catch {
        throw CustodyError(.usage, "\(text) is no verifier key: name+hex+base64.", cause: error)
      }
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
        report = try await store.verify(level: level, keys: keys, anchors: anchors) {
          progress.update($0, $1)
        }
      }
    }
    VerificationPrinter(report: report, isFile: file != nil, hasKeys: !vkey.isEmpty).print(
      output.format, explain: explain)
    if !report.holds { throw ExitCode(ExitStatus.refused) }
  }
}
