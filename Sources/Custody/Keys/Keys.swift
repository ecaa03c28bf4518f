import CustodyStore

/// The keyring: which keys there are, and the epoch key that wraps them.
public struct Keys: Sendable {
  /// A data key as listed; its bytes are never shown.
  public struct Entry: Hashable, Sendable {
    /// The key's random id, as headers name it.
    public let id: KeyID
    /// `operations`, `subject`, `run`, `group`, `index` or `pseudonym`.
    public let purpose: String
    /// The class of data of a subject's key; what releases are for, of a pseudonym key.
    public let dataClass: String?
    /// The epoch key that wraps it.
    public let epoch: KeyID
    /// The person it belongs to.
    public let subjectID: KeyID?
  }

  let folder: StoreFolder
  let actor: Name

  private var keyring: Keyring {
    get throws {
      guard let keyring = folder.keyring else {
        throw CustodyError(.usage, "Listing keys needs the store's secrets.")
      }
      return keyring
    }
  }

  /// Every data key, by purpose and id.
  ///
  /// - Throws: `CustodyError` with `usage` when the store was opened for reading only.
  public func all() throws -> [Entry] {
    try keyring.entries().map {
      Entry(
        id: $0.id, purpose: $0.purpose.rawValue, dataClass: $0.dataClass, epoch: $0.epoch,
        subjectID: $0.subjectID)
    }
  }

  /// The epoch key in force.
  public func epoch() throws -> KeyID { try keyring.currentEpoch() }

  /// Makes a new epoch key, rewraps every data key under it and destroys the old one.
  ///
  /// No event is sealed again. Older copies of keys.sqlite are dead afterwards, for everyone: a new
  /// key backup is due.
  ///
  /// - Throws: `CustodyError` with `io` when another program reads keys.sqlite: the old epoch key
  ///   is kept then, so repeat it; `usage` when the store was not opened for writing.
  ///
  /// Cost: a small row a key.
  public func rotate() async throws -> (new: KeyID, destroyed: [KeyID]) {
    try await folder.rotateEpochKey(actor: actor)
  }
}
