import CustodyModel
import CustodyStore

/// A record on its way into a dataset.
struct SourceRecord: Sendable {
  /// Its bytes, or the file that holds them.
  enum Content: Sendable {
    case bytes(ArraySlice<UInt8>)
    case file(SourceFile)
  }

  /// Names it within the dataset: a path, a column's value, a place.
  let key: [UInt8]
  /// Where it stands in a table, from 1; nil for a file.
  let line: Int?
  let content: Content
  let file: RecordChange.File?
  /// Outside identifiers of the people it is about.
  let subjects: [String]

  /// In bytes.
  var size: Int {
    switch content {
    case .bytes(let bytes): bytes.count
    case .file(let file): file.size
    }
  }

  /// Where it stands, for people: a path, or `line 7`.
  var place: String { line.map { "line \($0)" } ?? String(decoding: key, as: UTF8.self) }
}

/// Records that follow each other in a source, each made when it is asked for, on whatever core.
struct SourceBatch: Sendable {
  let count: Int
  let record: @Sendable (Int) throws -> SourceRecord
}

/// Where records come from: read once to check and once to commit, so that what cannot be committed
/// changes nothing.
protocol DatasetSource {
  /// What messages call it.
  var name: String { get }
  /// Hands over every record in order, in batches of some thousands or some megabytes.
  func forEachBatch(_ body: (SourceBatch) async throws -> Void) async throws
  /// What a table has besides its records; complete after a pass.
  var frame: [UInt8]? { get }
  /// How many bytes a pass reads.
  var size: Int { get }
}
