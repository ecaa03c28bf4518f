import CustodyModel
import CustodyStore
import Foundation

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
  /// Their keys instead, ascending, where only those are known.
  var keyIDs: [KeyID] = []

  /// In bytes.
  var size: Int {
    switch content {
    case .bytes(let bytes): bytes.count
    case .file(let file): file.size
    }
  }

  /// Where it stands, for people: a path, or `line 7`.
  var place: String { line.map { "line \($0)" } ?? String(decoding: key, as: UTF8.self) }

  /// Where it stands in a source; `…` stands for an identifier that its path may hold.
  func location(in source: String, hiding identifier: String) -> CustodyError.Location {
    guard line == nil else { return .init(file: source, line: line) }
    let path = place.replacingOccurrences(of: identifier, with: "…", options: .literal)
    return .init(file: "\(source)/\(path)")
  }
}

/// Records that follow each other in a source, each made when it is asked for, on whatever core.
struct SourceBatch: Sendable {
  /// How many records stand before it.
  let first: Int
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

extension DatasetSource {
  var changed: CustodyError {
    CustodyError(
      .invalidInput, "\(name) changed while it was read. Nothing was committed: try again.")
  }

  /// Computes something for each batch, and takes the results in order: the next batch is computed
  /// while the last one's results are taken.
  ///
  /// - Throws: of several faults the one that stands first in the source.
  func forEachBatch<R: Sendable>(
    computing compute: @escaping @Sendable (SourceBatch) throws -> R,
    _ take: (R, SourceBatch) async throws -> Void
  ) async throws {
    var last: (task: Task<R, any Error>, batch: SourceBatch)?
    do {
      try await forEachBatch { batch in
        let next = Task.detached { try compute(batch) }
        let previous = last
        last = (next, batch)
        do {
          if let previous { try await take(previous.task.value, previous.batch) }
        } catch {
          _ = await next.result
          last = nil
          throw error
        }
      }
    } catch {
      if let last { try await take(last.task.value, last.batch) }
      throw error
    }
    if let last { try await take(last.task.value, last.batch) }
  }
}
