import CustodyProjections
import CustodyStore

/// The newest event of a ledger, and how far it is sealed.
public struct Head: Sendable {
  /// How many events there are.
  public let size: Int
  /// Where the newest event stands: `size - 1`.
  public let position: Position
  /// The newest event's leaf, which the next event will name.
  public let leaf: Leaf
  /// When the newest event was recorded, by the writer's clock.
  public let recordedAt: Timestamp
  /// The tree root over all events.
  public let root: Digest
  /// The newest checkpoint, its signature verified; nil when there is none.
  public let checkpoint: SignedCheckpoint?

  /// Events that no checkpoint signs yet.
  public var unsealedCount: Int { size - (checkpoint?.checkpoint.size ?? 0) }
}

extension Store {
  /// The newest event and checkpoint.
  ///
  /// - Throws: `CustodyError` with `needsRecovery` when the ledger is empty or its newest checkpoint
  ///   is not signed by its key.
  ///
  /// Cost: a few hundred rows, whatever the size of the ledger.
  public func head() throws -> Head {
    let key = try verifierKey
    return try folder.read { reader in
      guard let head = try reader.head() else {
        throw CustodyError(.needsRecovery, "The ledger is empty: it was replaced or emptied.")
      }
      let size = head.position.value + 1
      let checkpoint = try reader.newestCheckpoint().map { newest in
        do {
          return try SignedCheckpoint(verifying: newest.note, keys: [key])
        } catch {
          throw CustodyError(
            .needsRecovery,
            "The newest checkpoint is not signed by this ledger's key. Run: custody verify",
            cause: error)
        }
      }
      return Head(
        size: size, position: head.position, leaf: head.leaf, recordedAt: head.recordedAt,
        root: try TreeReader(reader).root(size: size), checkpoint: checkpoint)
    }
  }

  /// The event at a position, or nil.
  ///
  /// - Throws: `CustodyError` with `damaged` when its row cannot be read: verify the ledger.
  public func event(at position: Position) throws -> StoredEvent? {
    try folder.read { try $0.event(at: position, ledgerID: ledgerID) }
  }

  /// The event with an id, or nil.
  ///
  /// - Throws: `CustodyError` with `damaged` when its row cannot be read: verify the ledger.
  public func event(id: EventID) throws -> StoredEvent? {
    try folder.read { reader in
      try reader.position(of: id).flatMap { try reader.event(at: $0, ledgerID: ledgerID) }
    }
  }

  /// The event whose id starts with these hexadecimal digits.
  ///
  /// - Throws: `usage` when more than one does: give more digits.
  package func event(idPrefix digits: String) throws -> StoredEvent? {
    try folder.read { reader in
      let positions = try reader.positions(idPrefix: digits)
      guard positions.count < 2 else {
        throw CustodyError(
          .usage, "More than one event id starts with \(digits). Give more of its digits.")
      }
      return try positions.first.flatMap { try reader.event(at: $0, ledgerID: ledgerID) }
    }
  }

  /// The first position recorded at or after a time, or the size of the ledger.
  package func firstPosition(recordedSince time: Timestamp) throws -> Int {
    try folder.read { try $0.firstPosition(recordedSince: time) }
  }

  /// Events of a filter, in the order of their positions or backwards, read as they are asked for.
  ///
  /// Ends at the newest event there was when it got there; it does not wait for more.
  ///
  /// Cost: a row an event. Events of a type or under a key are found by an index when the store was
  /// opened with its secrets, else by a pass over the positions in between. Memory does not grow
  /// with the number of events.
  public func events(_ filter: EventFilter = EventFilter()) -> Events {
    Events(store: self, filter: filter)
  }

  /// The content of an event, opened and checked against its commitment, also while it is restricted: for
  /// whoever looks at contents there is ``contents(on:)``.
  ///
  /// - Returns: nil when the content is gone: its body was purged or its key destroyed.
  /// - Throws: `usage` when the store was opened for reading only; `damaged` when the body is not
  ///   the one that was sealed: verify the ledger.
  public func content(of event: StoredEvent) throws -> [UInt8]? {
    try folder.openedContent(of: event)
  }
}

/// Events of a store, as an asynchronous sequence that can be iterated any number of times.
public struct Events: AsyncSequence, Sendable {
  /// Header and sealed body; ``Store/content(of:)`` opens one.
  public typealias Element = StoredEvent

  /// Events fetched at a time.
  private static let pageSize = 256

  let store: Store
  let filter: EventFilter

  /// Starts at the filter's first event; nothing is read before the first `next()`.
  public func makeAsyncIterator() -> Iterator { Iterator(store: store, filter: filter) }

  /// Reads page after page.
  public struct Iterator: AsyncIteratorProtocol {
    private let store: Store
    private var filter: EventFilter
    private var page: ArraySlice<StoredEvent> = []
    private var isDone = false

    init(store: Store, filter: EventFilter) {
      self.store = store
      self.filter = filter
    }

    /// The next event, or nil after the last one.
    ///
    /// - Throws: `CustodyError` when the ledger cannot be read: verify it.
    public mutating func next() async throws -> StoredEvent? {
      if page.isEmpty, !isDone { try fetch() }
      return page.popFirst()
    }

    private mutating func fetch() throws {
      let found =
        try indexed()
        ?? store.folder.read {
          try $0.events(filter, ledgerID: store.ledgerID, limit: Events.pageSize)
        }
      isDone = found.count < Events.pageSize
      if let last = found.last {
        if filter.isReversed { filter.to = last.position } else { filter.from = last.position.next }
      }
      page = found[...]
    }

    /// The next page by the index of types and keys, or nil where a pass over the events has to do:
    /// along a stream, without secrets, or where the index cannot be written.
    private func indexed() throws -> [StoredEvent]? {
      guard filter.stream == nil, filter.type != nil || filter.keys != nil,
        store.folder.keyring != nil
      else { return nil }
      do {
        try store.engine.catchUp([EventIndex.kind])
      } catch let error as CustodyError
        where [.permission, .diskFull, .newerStore].contains(error.code)
      {
        return nil
      }
      let range = try store.folder.read { try $0.range(of: filter) }
      let positions = try store.engine.read(EventIndex.kind) {
        try EventIndex.positions(
          $0, type: filter.type, keys: filter.keys, in: range, reversed: filter.isReversed,
          limit: Events.pageSize)
      }
      return try store.folder.read { reader in
        try positions.compactMap { try reader.event(at: $0, ledgerID: store.ledgerID) }
      }
    }
  }
}
