/// A backup was made; an erasure is complete only when none older than it is left.
package struct BackupTaken: ModelEvent {
  package static let type = "backup.taken"
  package static let version: UInt16 = 1

  /// What it holds: `keys`.
  package let kind: String
  /// Until when it is kept, RFC 3339.
  package let expires: String
  /// The SHA-256 of the file, `sha256:<hex>`.
  package let digest: String
  /// The epoch key it holds, and with it every data key of its time: only its deletion ends that.
  package let epoch: String

  package init(kind: String, expires: String, digest: String, epoch: String) {
    self.kind = kind
    self.expires = expires
    self.digest = digest
    self.epoch = epoch
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("kind", kind)
    writer.member("expires", expires)
    writer.member("digest", digest)
    writer.member("epoch", epoch)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let kind = reader.string("kind"),
      let expires = reader.string("expires"), let digest = reader.string("digest"),
      let epoch = reader.string("epoch")
    else { return nil }
    self.init(kind: kind, expires: expires, digest: digest, epoch: epoch)
  }

  package static let example = BackupTaken(
    kind: "keys", expires: "2030-01-01T00:00:00Z", digest: "sha256:00", epoch: "00")
}
