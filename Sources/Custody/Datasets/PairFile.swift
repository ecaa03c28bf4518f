import CustodyModel
import CustodyStore

/// A CSV that says which values belong to which: two columns, a row for each pair.
enum PairFile {
  /// The values of a column by those of another, each once, in the order of the file.
  ///
  /// - Parameter hint: what to do about a row that lacks one of them.
  /// - Throws: `invalidInput`, with the line, for what is no such table.
  ///
  /// Cost: reads the file once; memory grows with its size.
  static func read(
    _ path: String, _ key: String, _ value: String, hint: String = ""
  ) async throws -> [[UInt8]: [[UInt8]]] {
    guard try !SourceFile.isFolder(path) else {
      throw CustodyError(.usage, "\(path) is a folder; a CSV is needed.")
    }
    var found: [[UInt8]: [[UInt8]]] = [:]
    var scanner = TableScanner(.csv(delimiter: nil))
    var columns: [Int]?
    func take(_ bytes: [UInt8], isLast: Bool) throws {
      let rows: TableRows
      do throws(TableFault) {
        rows = try scanner.scan(bytes, isLast: isLast)
      } catch {
        throw CustodyError(error, in: path)
      }
      guard let delimiter = scanner.frame.delimiter, isLast || !rows.rows.isEmpty else { return }
      let places = try columns ?? Self.columns(scanner.frame, [key, value], path)
      columns = places
      for row in rows.rows {
        let values = rows.bytes[row.range].withUnsafeBytes { bytes in
          let fields = TableFields.ranges(bytes, delimiter: delimiter)
          return places.map {
            TableFields.value(UnsafeRawBufferPointer(rebasing: bytes[fields[$0]]))
          }
        }
        guard !values[0].isEmpty, !values[1].isEmpty else {
          throw CustodyError(
            .invalidInput,
            "The row has no \(values[0].isEmpty ? key : value).\(hint.isEmpty ? "" : " \(hint)")",
            at: .init(file: path, line: row.line))
        }
        if found[values[0]]?.contains(values[1]) != true {
          found[values[0], default: []].append(values[1])
        }
      }
    }
    try await SourceFile(path).read(pieceSize: 1 << 20) { try take($0, isLast: false) }
    try take([], isLast: true)
    return found
  }

  private static func columns(
    _ frame: TableFrame, _ wanted: [String], _ path: String
  ) throws -> [Int] {
    let names = frame.names.map { String(decoding: $0, as: UTF8.self) }
    let places = wanted.map { name in names.indices.filter { names[$0] == name } }
    guard places.allSatisfy({ $0.count == 1 }) else {
      throw CustodyError(
        .invalidInput,
        "The header needs a column \(wanted[0]) and a column \(wanted[1]), each once.",
        at: .init(file: path, line: 1))
    }
    return places.map { $0[0] }
  }
}
