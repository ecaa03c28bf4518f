import CustodyLedger

/// The keys under which contents of the same people are sealed, with what follows from them.
package final class SealingKeys: Sendable {
  /// Ascending.
  package let ids: [KeyID]
  package let secrets: [SecretBytes]
  /// Finds equal contents; dies with the keys.
  let tagKey: SecretBytes

  /// - Parameters:
  ///   - ids: ascending, 1 to 8.
  ///   - secrets: in the order of `ids`.
  package init(_ ids: [KeyID], _ secrets: [SecretBytes]) throws {
    self.ids = ids
    self.secrets = secrets
    let base = secrets.count == 1 ? secrets[0] : JointKey.derive(secrets)
    tagKey = try base.withUnsafeBytes {
      try KeyDerivation.hkdf(
        $0, salt: [], info: Array("custody/content-tag/v1".utf8), count: 32)
    }
  }
}
