import CustodyLedger
import Foundation
import Yams

/// `custody.yaml`: what a store has to know before it opens anything else. No secrets.
package struct Settings: Codable, Sendable {
  static let format = 1

  /// The version of the store's layout.
  package var format: Int
  /// The ledger's UUID.
  package var ledger: String
  package var organization: String
  /// The folder of the built-in key provider, absolute or relative to the store.
  package var secrets: String
  /// The guard folder, absolute.
  package var `guard`: String
  /// The verifier key, for whoever wants to check a copy.
  package var verifier: String

  package init(
    ledger: LedgerID, organization: String, secrets: String, guard: String, verifier: VerifierKey
  ) {
    format = Self.format
    self.ledger = ledger.uuid
    self.organization = organization
    self.secrets = secrets
    self.guard = `guard`
    self.verifier = verifier.description
  }

  package func encoded() throws -> [UInt8] {
    let note = "# Custody store. No secrets here; see `custody status`.\n"
    return Array((note + (try YAMLEncoder().encode(self))).utf8)
  }

  /// The settings of the store at `layout`.
  ///
  /// - Throws: ``CustodyError/Code/notAStore`` when there are none, ``CustodyError/Code/damaged``
  ///   when they cannot be read,
  ///   ``CustodyError/Code/newerStore`` when they are of a later layout.
  package static func read(_ layout: Layout) throws -> Settings {
    guard FileIO.isFolder(layout.root) else {
      throw CustodyError(
        .notAStore, "There is no store at \(layout.root). Make one with: custody init")
    }
    guard let bytes = try FileIO.readIfPresent(layout.settings) else {
      throw CustodyError(
        .notAStore,
        "\(layout.root) is not a Custody store: it has no custody.yaml. Make one with: custody init"
      )
    }
    struct Version: Decodable { let format: Int }
    let text = String(decoding: bytes, as: UTF8.self)
    do {
      let version = try YAMLDecoder().decode(Version.self, from: text)
      guard version.format <= format else {
        throw CustodyError(
          .newerStore,
          "\(layout.root) has store layout \(version.format); this version of Custody knows "
            + "\(format). Use the version that made it.")
      }
      return try YAMLDecoder().decode(Settings.self, from: text)
    } catch let error as CustodyError {
      throw error
    } catch {
      throw CustodyError(
        .damaged, "\(layout.settings) cannot be read as settings of a store.", cause: error)
    }
  }

  package func ledgerID() throws -> LedgerID {
    guard let id = LedgerID(uuid: ledger) else {
      throw CustodyError(.damaged, "custody.yaml names no ledger.")
    }
    return id
  }

  package func verifierKey() throws -> VerifierKey {
    do {
      return try VerifierKey(verifier)
    } catch {
      throw CustodyError(.damaged, "The verifier key in custody.yaml is malformed.", cause: error)
    }
  }

  package func secretsFolder(_ layout: Layout) -> String {
    secrets.hasPrefix("/") ? secrets : "\(layout.root)/\(secrets)"
  }
}
