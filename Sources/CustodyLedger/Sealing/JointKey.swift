/// The key of a content about several people: none of them can be missing, unless it was kept itself.
package enum JointKey {
  static let info = Array("custody/joint-key/v1".utf8)
  private static let idInfo = Array("custody/joint-key-id/v1".utf8)

  /// HKDF-SHA-256 over the data keys, joined in the order of their ids.
  package static func derive(_ keys: [SecretBytes]) -> SecretBytes {
    let joined = SecretBytes(count: keys.reduce(0) { $0 + $1.count }) { buffer in
      var at = 0
      for key in keys {
        key.withUnsafeBytes {
          UnsafeMutableRawBufferPointer(rebasing: buffer[at...]).copyMemory(from: $0)
        }
        at += key.count
      }
    }
    do {
      return try joined.withUnsafeBytes { joined throws(OpenSSLError) in
        try KeyDerivation.hkdf(joined, salt: [], info: info, count: 32)
      }
    } catch {
      fatalError("\(error)")
    }
  }

  /// The id under which the joint key of some keys is kept when one of them is destroyed and what they
  /// sealed together has to stay. Follows from the ids, so that whoever opens a content finds it.
  ///
  /// - Parameter ids: ascending, two or more.
  package static func id(of ids: [KeyID]) -> KeyID {
    KeyID(Array(SHA256.hash(idInfo + ids.flatMap(\.bytes)).bytes[..<KeyID.byteCount]))!
  }

  /// What opens a content that some keys seal: their secrets, or their joint key alone.
  ///
  /// - Returns: nil when a key is gone, and the joint key was not kept.
  package static func secrets<Failure: Error>(
    of ids: [KeyID], _ key: (KeyID) throws(Failure) -> SecretBytes?
  ) throws(Failure) -> [SecretBytes]? {
    var secrets: [SecretBytes] = []
    for id in ids {
      guard let secret = try key(id) else {
        guard ids.count > 1, let joint = try key(Self.id(of: ids)) else { return nil }
        return [joint]
      }
      secrets.append(secret)
    }
    return secrets
  }
}
