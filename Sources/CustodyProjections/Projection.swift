import CustodyLedger

/// A fold of events into tables. What it writes depends on the events alone: no clock, no chance, no
/// input but the event and its own tables.
///
/// A new one: a folder beside this file, a line in ``ProjectionCatalog``, a migration in
/// `migrations/projections` that makes its tables, whose names begin with its own and its version.
/// One that changes what it writes gets the next version and new tables, and a line of its own: both
/// are followed until `custody projection rebuild` switches.
package protocol Projection {
  static var declaration: ProjectionDeclaration { get }

  /// Prepares statements on the database that holds its tables.
  init(_ connection: OpaquePointer) throws

  /// Writes what follows from the next event.
  ///
  /// What it takes from contents and objects goes with their keys: when the event names destroyed
  /// keys, it leaves the rows that it would have written had those keys been gone all along. So
  /// following and computing anew end in the same rows, before and after an erasure.
  ///
  /// - Throws: ``ProjectionHalt`` when it cannot be applied: nothing is skipped.
  mutating func apply(_ event: ProjectedEvent) throws

  /// Writes what it put off, which must not depend on when it is asked to: once in a while, and
  /// after the last event.
  mutating func settle() throws
}

extension Projection {
  package func settle() {}
}

/// A projection as the engine holds it: what is declared of it, and how one is made.
package struct ProjectionKind: Sendable {
  package let declaration: ProjectionDeclaration
  let make: @Sendable (_ connection: OpaquePointer) throws -> any Projection

  package init<P: Projection & SendableMetatype>(_ type: P.Type) {
    declaration = P.declaration
    make = { try P($0) }
  }
}

/// What the engine knows of a projection before it runs.
package struct ProjectionDeclaration: Sendable {
  /// A table it writes.
  package struct Table: Sendable {
    package let name: String
    /// The column that says which event a row comes from, if there is one.
    package let positionColumn: String?
    /// Whether who has the store's secrets could try values against its rows, as against keyed
    /// hashes. Then none may stay behind in a page when rows have gone with a key.
    package let isGuessable: Bool

    package init(_ name: String, positionColumn: String? = nil, isGuessable: Bool = false) {
      self.name = name
      self.positionColumn = positionColumn
      self.isGuessable = isGuessable
    }
  }

  package let name: String
  /// From 1; rises with every change of what it writes.
  package let version: Int
  /// What it is for, as a line for people.
  package let summary: String
  package let tables: [Table]
  /// Types of events whose contents it reads; of all others it gets the header.
  package let contentTypes: Set<String>

  /// What the names of a version's tables begin with, for example `event_index_1`.
  package static func tablePrefix(_ name: String, _ version: Int) -> String {
    "\(name.replacing("-", with: "_"))_\(version)"
  }

  package init(
    name: String, version: Int, summary: String, tables: [Table], contentTypes: Set<String> = []
  ) {
    self.name = name
    self.version = version
    self.summary = summary
    self.tables = tables
    self.contentTypes = contentTypes
  }
}

/// Keys that are gone, and what of theirs is not.
package struct KeyDestruction: Sendable {
  package let keys: [KeyID]
  /// Sets of several keys of which what they sealed together goes now, after it had been kept.
  package let joint: [[KeyID]]
  /// Sets of several keys, with one of `keys` among them, of which what they sealed together stays.
  package let kept: Set<[KeyID]>
}

/// An event as a projection sees it.
///
/// Whatever a projection keeps of its content that could be read by or about a person is kept
/// ``sealed(_:in:_:)``.
package struct ProjectedEvent: Sendable {
  package enum Content: Sendable {
    /// The projection does not read this type.
    case unread
    case opened([UInt8])
    /// Its key was destroyed or its body purged: the projection writes what is left.
    case gone
    /// It is not what was sealed, and why: halts the projections that read it.
    case damaged(String)
  }

  package let header: Header
  package let leaf: Leaf
  package internal(set) var content: Content
  /// What this event says that is destroyed; nil for most events.
  package let destruction: KeyDestruction?
  package let store: ProjectedStore

  package var position: Int { header.place.position.value }

  /// Keys of which this event says that they are destroyed.
  package var destroyedKeys: [KeyID] { destruction?.keys ?? [] }

  /// A text of its content for a column: sealed under the keys that sealed the event, so that it
  /// goes with them.
  ///
  /// - Parameters:
  ///   - column: table and column, without projection and version.
  ///   - row: what tells the row from others of its table.
  /// - Returns: nil when a key is gone since the content was opened.
  package func sealed(_ text: [UInt8], in column: String, _ row: Int64...) throws -> [UInt8]? {
    try store.columns.seal(text, under: header.claim.keyIDs, in: column, row)
  }
}

/// Why an event cannot be applied. Holds nothing of its content.
package struct ProjectionHalt: Error {
  package let reason: String

  package init(_ reason: String) { self.reason = reason }
}
