import CustodyLedger

/// Who holds the keys that wrap other keys, and the one that signs.
///
/// The built-in one keeps files; a token or a KMS is another. None of them ever gives the root key
/// away, and none is ever in keys.sqlite.
package protocol KeyProvider: Sendable {
  /// The epoch keys there are.
  func epochKeyIDs() throws -> [KeyID]
  /// Makes an epoch key that outlives a crash.
  func createEpochKey(_ id: KeyID) throws
  /// The cipher that wraps data keys, or nil when that epoch key is gone.
  func epochKey(_ id: KeyID) throws -> SecretBytes?
  /// Destroys an epoch key: what it wrapped, in whatever copy, is dead.
  func destroyEpochKey(_ id: KeyID) throws
  func signingKey() throws -> SigningKey
}
