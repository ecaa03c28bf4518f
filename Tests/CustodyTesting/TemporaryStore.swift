import Custody
import CustodyStore
import Foundation

/// A store in a folder of its own, removed when the test lets go of it.
package final class TemporaryStore: Sendable {
  package let folder: String
  package var path: String { "\(folder)/store" }
  package var secrets: String { "\(folder)/secrets" }
  package var guardFolder: String { "\(folder)/guard" }
  package var ledgerFile: String { "\(path)/ledger.sqlite" }
  package var keysFile: String { "\(path)/keys.sqlite" }

  /// An empty folder; no store yet.
  package init() throws {
    folder = NSTemporaryDirectory() + "custody-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  deinit {
    LeftLedgers.keep(below: folder)
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Makes the store, secrets and guard all below the folder.
  package func create(passphrase: Passphrase? = nil) async throws -> Store {
    try await Store.create(
      at: path, organization: "example.org", secrets: secrets, guardFolder: guardFolder,
      passphrase: passphrase, actor: "uid:1")
  }

  package func open(for access: Store.Access = .writing) throws -> Store {
    try Store.open(at: path, for: access, actor: "uid:1")
  }

  /// A copy of store, secrets and guard that goes on by itself.
  package func copied() throws -> TemporaryStore {
    let copy = try TemporaryStore()
    try copyParts(to: copy.folder)
    return copy
  }

  /// Copies store, secrets and guard into a folder, where they are of each other.
  package func copyParts(to target: String) throws {
    for part in ["store", "secrets", "guard"] {
      try FileManager.default.copyItem(atPath: "\(folder)/\(part)", toPath: "\(target)/\(part)")
    }
    let settings = "\(target)/store/custody.yaml"
    try String(contentsOfFile: settings, encoding: .utf8)
      .replacing(folder, with: target)
      .write(toFile: settings, atomically: false, encoding: .utf8)
  }

  /// What signs the store's checkpoints.
  package func signingKey(of ledgerID: LedgerID) throws -> SigningKey {
    try FileKeyProvider.open(
      in: secrets, ledgerID: ledgerID, environment: .system,
      passphrase: { throw Passphrase.missing }
    ).signingKey()
  }

  /// A copy of the ledger alone, for tests that damage it.
  package func copyLedger(_ name: String = "copy.sqlite") async throws -> String {
    let copy = "\(folder)/\(name)"
    let store = try open(for: .reading)
    try await store.exportLedger(to: copy, replacing: true)
    return copy
  }
}

/// A small generator that gives the same numbers for the same seed, for ever.
package struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  package init(_ seed: some BinaryInteger) { state = UInt64(truncatingIfNeeded: seed) }

  // SplitMix64 (Steele, Lea, Flood 2014).
  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  package mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}
