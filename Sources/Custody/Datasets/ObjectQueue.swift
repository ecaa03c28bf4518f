import CustodyLedger
import CustodyStore

/// Stores objects behind whoever seals them, many at a time: the next are sealed while the last go to
/// the disk.
final class ObjectQueue {
  private let folder: StoreFolder
  private let keyring: Keyring
  private var waiting: [ObjectStore.New] = []
  private var waitingSize = 0
  private var storing: Task<Void, any Error>?
  /// What is waiting or being stored, by tag: equal contents that come before those are there.
  private var waitingTags: [ObjectStore.Tag: Digest] = [:]
  private var storingTags: [ObjectStore.Tag: Digest] = [:]

  /// Every transaction writes to most pages of two indexes: few large ones write less than many
  /// small ones. Two of them are in memory.
  private static let sizeMax = 32 << 20
  private static let countMax = 1 << 17

  init(folder: StoreFolder, keyring: Keyring) {
    self.folder = folder
    self.keyring = keyring
  }

  /// Adds an object.
  ///
  /// - Returns: its address, or that of one that waits already with an equal content.
  func add(_ new: ObjectStore.New) async throws -> Digest {
    if let tag = new.tag {
      if let known = waitingTags[tag] ?? storingTags[tag] { return known }
      waitingTags[tag] = new.address
    }
    waiting.append(new)
    waitingSize += new.object.bytes.count
    if waitingSize >= Self.sizeMax || waiting.count >= Self.countMax { try await next() }
    return new.address
  }

  /// Waits until everything is on the disk.
  func finish() async throws {
    try await next()
    try await storing?.value
  }

  private func next() async throws {
    try await storing?.value
    storingTags = waitingTags
    waitingTags = [:]
    storing = Self.storing(waiting, folder, keyring)
    waiting = []
    waitingSize = 0
  }

  /// Stores objects under the lock, after asking again whether their keys are live.
  private static func storing(
    _ objects: [ObjectStore.New], _ folder: StoreFolder, _ keyring: Keyring
  ) -> Task<Void, any Error>? {
    guard !objects.isEmpty else { return nil }
    return Task {
      try await folder.ledger().locked {
        let ids = objects.reduce(into: Set<KeyID>()) { $0.formUnion($1.object.keyIDs) }
        if let missing = try keyring.missing(ids).first { throw CustodyError.destroyed(missing) }
        try folder.objects.insert(objects)
      }
    }
  }
}

extension CustodyError {
  /// Nothing is sealed under a key that is gone.
  static func destroyed(_ key: KeyID) -> CustodyError {
    CustodyError(.keyDestroyed, "Key \(key) is gone: nothing is written under it any more.")
  }
}
