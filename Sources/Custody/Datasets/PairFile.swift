import CustodyModel
import CustodyStore

/// A CSV that says which values belong to which: two columns, a row for each pair.
enum PairFile {
  /// What a row says of a key.
  struct Value: Hashable {
    let bytes: [UInt8]
    /// Of the third column; empty where there is none.
    let more: [UInt8]
    let line: Int

    // Said twice is said once.
    static func == (one: Value, other: Value) -> Bool {
      one.bytes == other.bytes && one.more == other.more
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(bytes)
      hasher.combine(more)
    }
  }

  /// The values of a column by those of another, each once, in the order of the file.
  ///
  /// - Parameters:
  ///   - more: a third column, which there may be.
  ///   - hint: what to do about a row that lacks one of the two.
  /// - Throws: `invalidInput`, with the line, for what is no such table.
  ///
  /// Cost: reads the file once; memory grows with its size.
  static func read(
    _ path: String, _ key: String, _ value: String, _ more: String? = nil, hint: String = ""
  ) async throws -> [[UInt8]: [Value]] {
    guard try !SourceFile.isFolder(path) else {
      throw CustodyError(.usage, "\(path) is a folder; a CSV is needed.")
    }
    var found: [[UInt8]: [Value]] = [:]
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
      let places = try columns ?? Self.columns(scanner.frame, [key, value], more, path)
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
        found[values[0], default: []].append(
          Value(bytes: values[1], more: values.count > 2 ? values[2] : [], line: row.line))
      }
    }
    try await SourceFile(path).read(pieceSize: 1 << 20) { try take($0, isLast: false) }
    try take([], isLast: true)
    return found.mapValues { values in
      var seen: Set<Value> = []
      return values.filter { seen.insert($0).inserted }
    }
  }

  private static func columns(
    _ frame: TableFrame, _ wanted: [String], _ more: String?, _ path: String
  ) throws -> [Int] {
    let names = frame.names.map { String(decoding: $0, as: UTF8.self) }
    let third = more.map { names.contains($0) ? [$0] : [] } ?? []
    let places = (wanted + third).map { name in names.indices.filter { names[$0] == name } }
    if let more, let other = names.first(where: { !(wanted + [more]).contains($0) }) {
      throw CustodyError(
        .invalidInput,
        "The column \(other) is not known here; known are \((wanted + [more]).joined(separator: ", ")).",
        at: .init(file: path, line: 1))
    }
    guard places.allSatisfy({ $0.count == 1 }) else {
      throw CustodyError(
        .invalidInput,
        "The header needs a column \(wanted[0]) and a column \(wanted[1]), and no column twice.",
        at: .init(file: path, line: 1))
    }
    return places.map { $0[0] }
  }
}
