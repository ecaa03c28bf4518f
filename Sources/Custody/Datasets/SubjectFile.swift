import CustodyModel
import CustodyStore

/// Whom each record is about, as a CSV outside the dataset says: a column `key` with natural keys,
/// a column `subject` with outside identifiers, a row for each person.
struct SubjectFile: Sendable {
  private let people: [[UInt8]: [String]]

  /// - Throws: `invalidInput` with the line for what is no such table.
  init(_ path: String) async throws {
    people = try await PairFile.read(
      path, "key", "subject",
      hint: "A record about nobody needs a dataset of its own, with --subject none."
    ).mapValues { $0.map { String(decoding: $0.bytes, as: UTF8.self) } }
  }

  /// The people of a record; none when the file does not name it.
  fileprivate func subjects(of key: [UInt8]) -> [String] { people[key] ?? [] }
}

/// A source whose people a file names.
struct AssignedSource: DatasetSource {
  private let source: any DatasetSource
  private let file: SubjectFile
  private let path: String

  init(_ source: any DatasetSource, _ path: String) async throws {
    self.source = source
    self.path = path
    file = try await SubjectFile(path)
  }

  var name: String { source.name }
  var frame: [UInt8]? { source.frame }
  var size: Int { source.size }

  func forEachBatch(_ body: (SourceBatch) async throws -> Void) async throws {
    let (file, path, name) = (file, path, source.name)
    try await source.forEachBatch { batch in
      try await body(
        SourceBatch(first: batch.first, count: batch.count) { index in
          let record = try batch.record(index)
          let subjects = file.subjects(of: record.key)
          guard !subjects.isEmpty else {
            let place = record.line == nil ? "\(name), \(record.place)" : name
            throw CustodyError(
              .invalidInput,
              "\(path) does not say whom this record is about. Add a row for each person; a record "
                + "about nobody needs a dataset of its own, with --subject none.",
              at: .init(file: place, line: record.line))
          }
          return SourceRecord(
            key: record.key, line: record.line, content: record.content, file: record.file,
            subjects: subjects)
        })
    }
  }
}
