import CustodyModel
import CustodyStore

/// A record on its way into a dataset.
struct SourceRecord: Sendable {
  /// Its bytes, or the file that holds them.
  enum Content: Sendable {
    case bytes([UInt8])
    case file(SourceFile)
  }

  /// Names it within the dataset: a path, a column's value, a place.
  let key: [UInt8]
  /// Where it stands, for people: a path, or `line 7`.
  let place: String
  let content: Content
  let file: RecordChange.File?
  /// Outside identifiers of the people it is about.
  let subjects: [String]
}

/// Where records come from: read once to check and once to commit, so that what cannot be committed
/// changes nothing.
protocol DatasetSource {
  /// What messages call it.
  var name: String { get }
  /// Hands over every record in order, in batches of some thousands or some megabytes.
  func forEachBatch(_ body: ([SourceRecord]) async throws -> Void) async throws
  /// What a table has besides its records; complete after a pass.
  var frame: [UInt8]? { get }
  /// How many bytes a pass reads.
  var size: Int { get }
}

extension SourceRecord {
  /// A batch is full when it has so many records or bytes.
  static let batchCountMax = 2048
  static let batchSizeMax = 8 << 20
}
