import CustodyStore

/// Opens contents of events for somebody who looks at them: what is restricted stays closed, unless a ground
/// is stated.
///
/// ```swift
/// let reader = try store.contents()
/// for try await event in store.events() {
///   if case .opened(let bytes) = try reader.content(of: event) { print(bytes.count) }
/// }
/// ```
public struct ContentReader: Sendable {
  /// What there is to see of a content.
  public enum Content: Equatable, Sendable {
    /// Its bytes.
    case opened([UInt8])
    /// Its body was purged, or its key destroyed.
    case gone
    /// It is kept, and read only on a ground.
    case restricted
  }

  private let store: Store
  private let leftOut: RestrictedKeys?

  init(_ store: Store, leavingOut leftOut: RestrictedKeys?) {
    self.store = store
    self.leftOut = leftOut
  }

  /// What there is to see of an event's content, opened and checked against its commitment.
  ///
  /// - Throws: as ``Store/content(of:)``.
  public func content(of event: StoredEvent) throws -> Content {
    if event.body != nil, leftOut?.restricts(event.header.claim.keyIDs) == true {
      return .restricted
    }
    return try store.content(of: event).map { .opened($0) } ?? .gone
  }
}

extension Store {
  /// Opens contents for somebody who looks at them, by what is restricted now.
  ///
  /// Nothing is recorded: a look leaves nothing behind that an erasure would have to find.
  ///
  /// - Parameter ground: on which ground restricted contents are opened too; they stay closed without one.
  /// - Throws: `usage` without secrets; `damaged` where nobody can tell what is restricted.
  ///
  /// Cost: as ``Restrictions/list(at:)``, once; nothing with a ground.
  public func contents(on ground: RestrictionGround? = nil) throws -> ContentReader {
    ContentReader(self, leavingOut: try restrictions.restricted(unless: ground))
  }
}
