import CustodyLedger
import CustodyStore
import Synchronization

/// Stores objects behind whoever seals them, many at a time: the next are sealed while the last go to
/// the disk.
final class ObjectQueue {
  private let folder: StoreFolder
  private let keyring: Keyring
  private var waiting: [ObjectStore.New] = []
  private var waitingSize = 0
  private var storing: Task<Void, any Error>?
  private let live = LiveKeys()
  private let filter: TagFilter
  /// What is waiting, being stored and was stored last, by tag: whoever looked for an equal content
  /// before those were there did not find it.
  private var tags: [[ObjectStore.Tag: Digest]] = [[:], [:], [:]]

  /// Every transaction writes to most pages of two indexes: few large ones write less than many
  /// small ones. Two of them are in memory.
  private static let sizeMax = 24 << 20
  private static let countMax = 1 << 17

  init(folder: StoreFolder, keyring: Keyring, filter: TagFilter) {
    self.folder = folder
    self.keyring = keyring
    self.filter = filter
  }

  /// Adds an object.
  ///
  /// - Returns: its address, or that of one that waits already with an equal content.
  func add(_ new: ObjectStore.New) async throws -> Digest {
    if let tag = new.tag {
      for tags in tags { if let known = tags[tag] { return known } }
      tags[0][tag] = new.address
      filter.insert(tag)
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
    tags.removeLast()
    tags.insert([:], at: 0)
    storing = Self.storing(waiting, folder, keyring, live)
    waiting = []
    waitingSize = 0
  }

  /// Stores objects under the lock, after asking again whether their keys are live.
  private static func storing(
    _ objects: [ObjectStore.New], _ folder: StoreFolder, _ keyring: Keyring, _ live: LiveKeys
  ) -> Task<Void, any Error>? {
    guard !objects.isEmpty else { return nil }
    return Task {
      try await folder.ledger().locked {
        try live.check(objects, keyring)
        try folder.objects.insert(objects)
      }
    }
  }
}

/// Keys that were in the keyring when it was last asked, and that nobody can have destroyed since.
private final class LiveKeys: Sendable {
  private let known = Mutex<(changeCount: Int, ids: Set<KeyID>)>((-1, []))

  /// The store's lock is held.
  func check(_ objects: [ObjectStore.New], _ keyring: Keyring) throws {
    let count = try keyring.changeCount()
    try known.withLock { known in
      if known.changeCount != count { known = (count, []) }
      var asked: Set<KeyID> = []
      for object in objects {
        for id in object.object.keyIDs where !known.ids.contains(id) { asked.insert(id) }
      }
      if let missing = try keyring.missing(asked).first { throw CustodyError.destroyed(missing) }
      known.ids.formUnion(asked)
    }
  }
}

extension CustodyError {
  /// Nothing is sealed under a key that is gone.
  static func destroyed(_ key: KeyID) -> CustodyError {
    CustodyError(.keyDestroyed, "Key \(key) is gone: nothing is written under it any more.")
  }
}
