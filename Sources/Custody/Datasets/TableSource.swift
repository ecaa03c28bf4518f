import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

/// The rows of a CSV or the lines of a JSONL file; the frame keeps what is around them.
final class TableSource: DatasetSource {
  let name: String
  var size: Int { file.size }
  private(set) var frame: [UInt8]?

  private let file: SourceFile
  private let kind: TableScanner.Kind
  private let key: String?
  private let subjects: SubjectRule
  private static let chunkSize = 4 << 20

  init(_ path: String, dataset: DatasetRow, subjects: SubjectRule) throws {
    name = path
    file = try SourceFile(path)
    kind = dataset.kind == Datasets.Kind.csv.rawValue ? .csv(delimiter: nil) : .lines
    key = dataset.key
    self.subjects = subjects
  }

  func forEachBatch(_ body: (SourceBatch) async throws -> Void) async throws {
    var scanner = TableScanner(kind)
    var columns: Columns?
    var place = 0
    func take(_ bytes: [UInt8], isLast: Bool) async throws {
      let rows: TableRows
      do {
        rows = try scanner.scan(bytes, isLast: isLast)
      } catch {
        throw CustodyError(error, in: name)
      }
      let found = try columns ?? Columns(key: key, subjects, scanner.frame, name)
      guard !rows.rows.isEmpty else { return }
      columns = found
      let (first, name) = (place, name)
      try await body(
        SourceBatch(first: first, count: rows.rows.count) { index in
          let row = rows.rows[index]
          do {
            return try Self.record(rows.bytes[row.range], row.line, first + index + 1, found)
          } catch let error as CustodyError {
            throw error.at(.init(file: name, line: row.line))
          }
        })
      place += rows.rows.count
    }
    try await file.read(pieceSize: Self.chunkSize) { try await take($0, isLast: false) }
    try await take([], isLast: true)
    frame = scanner.frame.encoded()
  }

  private static func record(
    _ raw: ArraySlice<UInt8>, _ line: Int, _ place: Int, _ columns: Columns
  ) throws -> SourceRecord {
    let (key, subjects) = try raw.withUnsafeBytes { try columns.read($0) }
    return SourceRecord(
      key: key ?? Array("\(place)".utf8), line: line, content: .bytes(raw), file: nil,
      subjects: subjects)
  }
}

extension TableFrame {
  /// The number from 0 of a column that is named, or numbered from 1 as `#3`.
  ///
  /// - Throws: `invalidInput` with the names that there are, for one that there is not or twice.
  func column(_ name: String, in file: String) throws -> Int {
    let names = names.map { String(decoding: $0, as: UTF8.self) }
    if name.hasPrefix("#"), let number = Int(name.dropFirst()), names.indices.contains(number - 1) {
      return number - 1
    }
    let places = names.indices.filter { names[$0].utf8.elementsEqual(name.utf8) }
    guard places.count == 1 else {
      throw CustodyError(
        .invalidInput,
        places.isEmpty
          ? "There is no column \(name). There are: \(names.joined(separator: ", "))."
          : "\(places.count) columns have the name \(name). Name one by number, as #1.",
        at: .init(file: file, line: 1))
    }
    return places[0]
  }
}

/// Where in a row its key and its people stand.
private struct Columns: Sendable {
  private enum Place: Sendable {
    case column(Int)
    case member([String])
  }

  private let delimiter: UInt8?
  private let key: Place?
  private let subject: Place?

  init(key: String?, _ rule: SubjectRule, _ frame: TableFrame, _ file: String) throws {
    delimiter = frame.delimiter
    if let delimiter = frame.delimiter, delimiter > 0 {
      self.key = try key.map { .column(try frame.column($0, in: file)) }
      if case .column(let name) = rule.place {
        subject = .column(try frame.column(name, in: file))
      } else {
        subject = nil
      }
    } else {
      self.key = key.map { .member($0.split(separator: ".").map(String.init)) }
      if case .json(let path) = rule.place { subject = .member(path) } else { subject = nil }
    }
  }

  func read(_ row: UnsafeRawBufferPointer) throws -> (key: [UInt8]?, subjects: [String]) {
    if delimiter == nil {
      do throws(JSONText.Fault) {
        try JSONText.validate(row)
      } catch {
        throw CustodyError(.invalidInput, "The line is not JSON: \(error.reason).")
      }
    }
    func values(_ place: Place, _ what: String) throws -> [String] {
      switch place {
      case .column(let index):
        let field = TableFields.range(of: index, in: row, delimiter: delimiter ?? 0)
        let value = TableFields.value(UnsafeRawBufferPointer(rebasing: row[field]))
        return value.isEmpty ? [] : [String(decoding: value, as: UTF8.self)]
      case .member(let path):
        guard let values = Self.values(path[...], row) else {
          throw CustodyError(
            .invalidInput, "The line has no \(what) at \(path.joined(separator: ".")).")
        }
        return values
      }
    }
    let keys = try key.map { try values($0, "key") }
    if let keys, keys.count != 1 {
      throw CustodyError(.invalidInput, "The row has no natural key in its key column.")
    }
    let subjects = try subject.map { try values($0, "subject") } ?? []
    if subject != nil, subjects.isEmpty {
      throw CustodyError(
        .invalidInput,
        "The row names nobody. A record about nobody needs a dataset of its own, with --subject none."
      )
    }
    return (keys.map { Array($0[0].utf8) }, subjects)
  }

  /// A string, a number as it is written, or an array of them; nil for anything else.
  private static func values(
    _ path: ArraySlice<String>, _ json: UnsafeRawBufferPointer
  ) -> [String]? {
    if let name = path.first {
      guard let members = try? JSONText.members(json),
        let member = members.last(where: { $0.name == name })
      else { return nil }
      return values(path.dropFirst(), UnsafeRawBufferPointer(rebasing: json[member.range]))
    }
    if let text = JSONText.string(json) { return text.isEmpty ? [] : [text] }
    switch json.first ?? 0 {
    case UInt8(ascii: "["):
      guard let ranges = try? JSONText.elements(json) else { return nil }
      let all = ranges.map { values([], UnsafeRawBufferPointer(rebasing: json[$0])) }
      return all.contains { $0?.count != 1 } ? nil : all.flatMap { $0! }
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return [String(decoding: json, as: UTF8.self)]
    default: return nil
    }
  }
}

/// A restored table, as it was.
struct TableFileWriter: RestoreWriter {
  private let path: String
  private let file: FileHandle
  private var writer: TableWriter
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 20

  /// - Parameter frame: as it was committed.
  /// - Parameter isWhole: whether every row comes; of some, each has the usual line end.
  init(_ path: String, frame: [UInt8], isWhole: Bool) throws {
    self.path = path
    do throws(TableFault) {
      writer = TableWriter(frame: try TableFrame(parsing: frame), isWhole: isWhole)
    } catch {
      throw CustodyError(.damaged, "The frame of the version is not one. Run: custody verify")
    }
    let descriptor = try FileIO.open(
      path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    writer.begin(&buffer)
  }

  mutating func write(_ record: VersionContents.Record, _ progress: (Int) -> Void) throws {
    try record.forEachPiece { piece in
      piece.withUnsafeBytes { writer.row($0, at: record.place, &buffer) }
      progress(piece.count)
    }
    if buffer.count >= Self.bufferSize { try flush() }
  }

  private mutating func flush() throws {
    try FileIO.writeAll(file.fileDescriptor, buffer, path)
    buffer.removeAll(keepingCapacity: true)
  }

  mutating func finish() throws {
    writer.end(&buffer)
    try flush()
    guard fsync(file.fileDescriptor) == 0 else {
      throw CustodyError(SystemCallError("fsync"), path: path)
    }
  }
}
