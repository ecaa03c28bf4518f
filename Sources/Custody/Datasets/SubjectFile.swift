import CustodyModel
import CustodyStore

/// Whom each record is about, as a CSV outside the dataset says: a column `key` with natural keys,
/// a column `subject` with outside identifiers, a row for each person.
struct SubjectFile: Sendable {
  private let people: [[UInt8]: [String]]

  /// Cost: reads the file once; memory grows with its size.
  ///
  /// - Throws: `invalidInput` with the line for what is no such table.
  init(_ path: String) async throws {
    guard !FileIO.isFolder(path) else {
      throw CustodyError(.usage, "\(path) is a folder: --subject file: needs a CSV.")
    }
    try FileIO.checkIsFile(path)
    var people: [[UInt8]: [String]] = [:]
    var scanner = TableScanner(.csv(delimiter: nil))
    var columns: (key: Int, subject: Int)?
    func take(_ bytes: [UInt8], isLast: Bool) throws {
      let rows: TableRows
      do throws(TableFault) {
        rows = try scanner.scan(bytes, isLast: isLast)
      } catch {
        throw CustodyError(
          .invalidInput, "\(error.reason).".capitalizedFirst,
          at: .init(file: path, line: error.line > 0 ? error.line : nil))
      }
      guard let delimiter = scanner.frame.delimiter, isLast || !rows.rows.isEmpty else { return }
      let found = try columns ?? Self.columns(scanner.frame, path)
      columns = found
      for row in rows.rows {
        let values = rows.bytes[row.range].withUnsafeBytes { bytes in
          let fields = TableFields.ranges(bytes, delimiter: delimiter)
          return [found.key, found.subject].map {
            TableFields.value(UnsafeRawBufferPointer(rebasing: bytes[fields[$0]]))
          }
        }
        guard !values[0].isEmpty, !values[1].isEmpty else {
          throw CustodyError(
            .invalidInput,
            "The row has no \(values[0].isEmpty ? "key" : "subject"). A record about nobody needs a "
              + "dataset of its own, with --subject none.",
            at: .init(file: path, line: row.line))
        }
        let subject = String(decoding: values[1], as: UTF8.self)
        let known = people[values[0]]?.contains { $0.utf8.elementsEqual(subject.utf8) } ?? false
        if !known { people[values[0], default: []].append(subject) }
      }
    }
    try await SourceFile(path).read(pieceSize: 1 << 20) { try take($0, isLast: false) }
    try take([], isLast: true)
    self.people = people
  }

  private static func columns(
    _ frame: TableFrame, _ path: String
  ) throws -> (key: Int, subject: Int) {
    let names = frame.names.map { String(decoding: $0, as: UTF8.self) }
    let places = ["key", "subject"].map { name in names.indices.filter { names[$0] == name } }
    guard places.allSatisfy({ $0.count == 1 }) else {
      throw CustodyError(
        .invalidInput,
        "The header needs a column key, with natural keys, and a column subject, each once.",
        at: .init(file: path, line: 1))
    }
    return (places[0][0], places[1][0])
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
