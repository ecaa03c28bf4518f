import Custody
import CustodyStore
import Foundation

/// Ledgers that tests leave behind, kept for a second opinion on all of them at once.
///
/// Starting Python for each of a thousand would take longer than the tests do. So one run with
/// `CUSTODY_KEEP_LEDGERS=FOLDER` moves them there, and another with
/// `CUSTODY_COMPARE_LEDGERS=FOLDER` compares what both verifiers say of them; Scripts/test does both.
package enum LeftLedgers {
  private static let kept = ProcessInfo.processInfo.environment["CUSTODY_KEEP_LEDGERS"]
  /// Where those are that are to be compared.
  package static let compared = ProcessInfo.processInfo.environment["CUSTODY_COMPARE_LEDGERS"]

  /// Takes what lies below `folder`, which is about to be removed.
  static func keep(below folder: String) {
    guard let kept, let names = FileManager.default.enumerator(atPath: folder) else { return }
    for case let name as String in names where isLedger("\(folder)/\(name)") {
      let path = "\(folder)/\(name)"
      let target = "\(kept)/\(UUID().uuidString)"
      // What a test made unreadable stays where it is, and goes with its folder.
      try? FileManager.default.createDirectory(
        atPath: target, withIntermediateDirectories: false)
      for suffix in ["", "-wal"] {
        try? FileManager.default.moveItem(
          atPath: path + suffix, toPath: "\(target)/ledger.sqlite\(suffix)")
      }
      guard path.hasSuffix("/ledger.sqlite") else { continue }
      for beside in ["custody.yaml", "anchors"] {
        try? FileManager.default.moveItem(
          atPath: (path as NSString).deletingLastPathComponent + "/\(beside)",
          toPath: "\(target)/\(beside)")
      }
    }
  }

  /// Regular files only: tests put pipes and links in the place of a ledger too.
  private static func isLedger(_ path: String) -> Bool {
    let others = ["/keys.sqlite", "/objects.sqlite", "/projections.sqlite"]
    guard path.hasSuffix(".sqlite"), !others.contains(where: path.hasSuffix) else { return false }
    return isFile(path)
  }

  private static func isFile(_ path: String) -> Bool {
    let type = try? FileManager.default.attributesOfItem(atPath: path)[.type]
    return type as? FileAttributeType == .typeRegular
  }

  /// A ledger with what its store had beside it, to be verified.
  package struct Ledger: Sendable, CustomStringConvertible {
    let folder: String
    package var file: String { "\(folder)/ledger.sqlite" }
    package let keys: [VerifierKey]
    /// Files of notes.
    let anchors: [String]

    package var description: String {
      "\((folder as NSString).lastPathComponent)\(keys.isEmpty ? "" : ", with its key")"
    }

    /// What the verifier on one page is asked.
    package var arguments: [String] {
      [file] + keys.flatMap { ["--vkey", "\($0)"] } + anchors.flatMap { ["--anchor", $0] }
    }

    package func verify() async throws -> VerificationReport {
      try await Store.verify(
        file: file, keys: keys,
        anchors: anchors.map { path in
          let bytes = FileManager.default.contents(atPath: path) ?? Data()
          return (path, String(decoding: bytes, as: UTF8.self))
        })
    }
  }

  /// Every ledger that was kept, alone and, when it was a store's, with the store's key and anchors.
  package static func all() throws -> [Ledger] {
    guard let compared else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: compared).sorted().flatMap { name in
      let folder = "\(compared)/\(name)"
      let alone = Ledger(folder: folder, keys: [], anchors: [])
      // A key that a test damaged is none.
      guard let settings = try? Settings.read(Layout(root: folder)),
        let key = try? settings.verifierKey()
      else { return [alone] }
      let notes = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/anchors")) ?? []
      let anchors = notes.sorted().map { "\(folder)/anchors/\($0)" }.filter(isFile)
      return [alone, Ledger(folder: folder, keys: [key], anchors: anchors)]
    }
  }
}
