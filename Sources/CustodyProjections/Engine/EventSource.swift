import CustodyLedger
import CustodyModel
import CustodyStore
import Synchronization

/// Reads events for projections, batch after batch: headers of all, contents of those that a
/// projection reads, opened on all cores.
final class EventSource: Sendable {
  /// Bytes of bodies that are opened at a time on each core; one event may be larger.
  private static let bodiesSizeMax = 16 << 20

  private let folder: StoreFolder
  private let store: ProjectedStore
  private let contentTypes: Set<String>
  private let high: Int
  private let batchSize: Int
  private let low: Mutex<Int>

  init(
    folder: StoreFolder, contentTypes: Set<String>, from low: Int, to high: Int, batchSize: Int
  ) throws {
    self.folder = folder
    self.contentTypes = contentTypes
    self.high = high
    self.batchSize = batchSize
    self.low = Mutex(low)
    store = try ProjectedStore(folder: folder)
  }

  /// The events that come next, or nil after the last one.
  func next() throws -> [ProjectedEvent]? {
    let low = low.withLock { $0 }
    let count = min(batchSize, high - low)
    guard count > 0 else { return nil }
    // Threads cost more than reading a few events.
    let events =
      count < 64
      ? try events(from: low, to: low + count)
      : try Parallel.map(count) {
        try self.events(from: low + $0.lowerBound, to: low + $0.upperBound)
      }
    // Where bodies are large, a core reads fewer events than it was asked for.
    let joined = events.enumerated().prefix { $1.position == low + $0 }.map(\.element)
    guard let last = joined.last else {
      throw CustodyError(.damaged, "The ledger lacks position \(low). Run: custody verify")
    }
    self.low.withLock { $0 = last.position + 1 }
    return joined
  }

  private func events(from low: Int, to high: Int) throws -> [ProjectedEvent] {
    guard low < high else { return [] }
    let sealer = ContentSealer()
    let stored = try folder.read {
      try $0.events(
        EventFilter(from: Position(low), to: Position(high)), ledgerID: folder.ledgerID,
        limit: high - low,
        bodies: .of(contentTypes.union([Self.keyDestroyed]), sizeMax: Self.bodiesSizeMax))
    }
    return try stored.map { event in
      let type = event.header.claim.type.text
      return ProjectedEvent(
        header: event.header, leaf: event.leaf,
        content: contentTypes.contains(type) ? try content(of: event, sealer) : .unread,
        destruction: type == Self.keyDestroyed ? try destruction(event) : nil, store: store)
    }
  }

  private func content(
    of event: StoredEvent, _ sealer: ContentSealer
  ) throws -> ProjectedEvent.Content {
    do {
      return try folder.openedContent(of: event, with: sealer).map { .opened($0) } ?? .gone
    } catch let error as CustodyError where error.code == .damaged {
      return .damaged(error.message)
    }
  }

  private static let keyDestroyed = "key.destroyed"

  private func destruction(_ event: StoredEvent) throws -> KeyDestruction? {
    let claim = event.header.claim
    guard claim.stream.text == SystemEvent.stream, let body = event.body,
      case .keyDestroyed(let destroyed) = SystemEvent(
        type: claim.type.text.utf8, version: claim.typeVersion, content: body, at: event.position),
      // Epoch keys, which are replaced, seal no content.
      destroyed.reason != .rotation
    else { return nil }
    let gone = Set(destroyed.keys)
    let requested = try destroyed.request.flatMap { try self.joint(at: $0) }
    // A recovery may have lost the request; the erasure journal says the same.
    let joint = try requested ?? journaledJoint(gone)
    return KeyDestruction(
      keys: destroyed.keys, joint: joint.filter { gone.contains($0.key) }.map(\.members),
      kept: Set(joint.filter { !gone.contains($0.key) }.map(\.members)))
  }

  /// The joint keys that the request of an erasure speaks of; nil where it cannot be read.
  private func joint(at request: Position) throws -> [(key: KeyID, members: [KeyID])]? {
    guard let event = try folder.read({ try $0.event(at: request, ledgerID: folder.ledgerID) }),
      event.header.claim.type.text == ErasureRequested.type,
      case .opened(let content) = try content(of: event, ContentSealer()),
      let requested = ErasureRequested(
        content: content, version: event.header.claim.typeVersion)
    else { return nil }
    return requested.joint.compactMap { joint in
      KeyID(hex: joint.key).map { ($0, joint.members.compactMap { KeyID(hex: $0) }) }
    }
  }

  /// The joint keys that the erasure journal speaks of where it names destroyed keys.
  private func journaledJoint(_ gone: Set<KeyID>) throws -> [(key: KeyID, members: [KeyID])] {
    let tombstones = try folder.journal().lines
    let kept = tombstones.filter { !gone.isDisjoint(with: $0.keys) }.flatMap(\.kept)
    let known = tombstones.flatMap(\.kept).filter { gone.contains(JointKey.id(of: $0)) }
    return Set(kept + known).map { (JointKey.id(of: $0), $0) }
  }
}
