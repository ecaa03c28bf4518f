import CustodyLedger

/// A fact that Custody itself writes and reads: its type, its version and its content.
package protocol ModelEvent: Equatable, Sendable {
  static var type: String { get }
  static var version: UInt16 { get }
  /// The content: JSON, members in the order they are declared.
  var content: [UInt8] { get }
  /// The event of a content of this version, or nil.
  init?(content: [UInt8])
  /// The event of a content of any version up to this one, or nil: whoever reads events sees one
  /// shape. A type with several versions translates the older ones here.
  init?(content: [UInt8], version: UInt16)
  /// One of each, for the test that every version ever released still decodes.
  static var example: Self { get }
}

extension ModelEvent {
  package init?(content: [UInt8], version: UInt16) {
    guard version == Self.version else { return nil }
    self.init(content: content)
  }
}

/// An event of which there are several versions: one shape, written as any of them.
package protocol VersionedEvent: ModelEvent {
  func content(version: UInt16) -> [UInt8]
}

extension VersionedEvent {
  package var content: [UInt8] { content(version: Self.version) }

  package init?(content: [UInt8]) { self.init(content: content, version: Self.version) }
}

/// An older version of an event: read as the current one, and never written any more. It has a file of
/// its own, which says what it lacked, with an example for the test that it still decodes.
package protocol FormerEvent: ModelEvent {
  associatedtype Current: VersionedEvent
  var current: Current { get }
  init(_ current: Current)
}

extension FormerEvent {
  package static var type: String { Current.type }

  package var content: [UInt8] { current.content(version: Self.version) }

  package init?(content: [UInt8]) {
    guard let current = Current(content: content, version: Self.version) else { return nil }
    self.init(current)
  }
}

/// Every type and version ever released. A new one is a file of this folder and a line here. An
/// older version keeps its file, with its number in the name.
package enum EventCatalog {
  package static let all: [any ModelEvent.Type] = [
    BackupTaken.self, ConsentGranted.self, ConsentWithdrawn.self, DatasetAnonymityClaimed.self,
    DatasetAnonymityMeasured.self, DatasetCreated.self, DatasetRestored.self,
    DatasetRestored1.self, DatasetRestored2.self, DatasetVersionCommitted.self,
    DatasetVersionCommitted1.self, DatasetVersionCommitted2.self,
    DatasetVersionPseudonymized.self, DatasetVersionPseudonymized1.self,
    DatasetVersionTagged.self, DisclosureMade.self, DisclosureMade1.self, ErasureCompleted.self,
    ErasureDenied.self, ErasureRequested.self, ErasureRequested1.self, ErasureWithdrawn.self,
    HoldPlaced.self, HoldReleased.self, LineageRecorded.self, ModelRegistered.self,
    RestrictionLifted.self, RestrictionLifted1.self, RestrictionPlaced.self, RunAborted.self,
    RunAnnotated.self, RunCompleted.self, RunFailed.self, RunStarted.self, RunStarted1.self,
    SubjectExported.self, SubjectObserved.self, SubjectRegistered.self, SubjectRegistered1.self,
  ]
}
