import CustodyModel
import CustodyTesting

/// A CSV file with everything that writers of such files do, and what it has.
struct RandomTable {
  let delimiter: UInt8
  private(set) var bytes: [UInt8] = []
  /// The rows as they stand in the file, without the header.
  private(set) var rows: [[UInt8]] = []
  private(set) var lines: [Int] = []
  /// What each field says, the header's first.
  private(set) var values: [[[UInt8]]] = []

  init(_ generator: inout SeededGenerator) {
    delimiter = [",", ";", "\t", "|"].map { UInt8(ascii: $0) }.randomElement(using: &generator)!
    // A header with one column has no delimiter to be found.
    let least = delimiter == UInt8(ascii: ",") ? 1 : 2
    let columns = Int.random(in: least...5, using: &generator)
    let rowCount = Int.random(in: 0...30, using: &generator)
    let ends: [String] =
      Bool.random(using: &generator)
      ? ["\n", "\r\n", "\r", "\n\n", "\r\r\n", "\n\r", "\r\n\r\n"]
      : [["\n", "\r\n", "\r"].randomElement(using: &generator)!]
    if Bool.random(using: &generator) { bytes = [0xef, 0xbb, 0xbf] }
    for row in -1..<rowCount {
      let line = Self.line(bytes)
      var raw: [UInt8] = []
      values.append([])
      for column in 0..<columns {
        if column > 0 { raw.append(delimiter) }
        let value = Self.value(&generator, isHeader: row == -1)
        let needsQuotes =
          value.contains { [delimiter, 0x0a, 0x0d].contains($0) } || value.first == 0x22
          || (columns == 1 && value.isEmpty)
        if !needsQuotes, Bool.random(using: &generator) {
          raw += value
        } else {
          raw += [0x22] + value.flatMap { $0 == 0x22 ? [0x22, 0x22] : [$0] } + [0x22]
        }
        values[row + 1].append(value)
      }
      if row >= 0 {
        rows.append(raw)
        lines.append(line)
      }
      bytes += raw
      if row < rowCount - 1 || Bool.random(using: &generator) {
        bytes += Array(ends.randomElement(using: &generator)!.utf8)
      }
    }
  }

  private static func value(_ generator: inout SeededGenerator, isHeader: Bool) -> [UInt8] {
    let letters = ["a", "bc", "é", "😀", "0123456789", " ", "\u{feff}"]
    let marks = [",", ";", "\t", "|", "\"", "\"\"", "\n", "\r\n", "\r", "\r\r\n"]
    // The delimiter is found in the header, so other candidates stay out of it.
    let parts = isHeader ? ["a", "bc", "é", "\"", "\n"] : letters + marks
    let count = Int.random(in: 0...4, using: &generator)
    return (0..<count).flatMap { _ in Array(parts.randomElement(using: &generator)!.utf8) }
  }

  /// The line on which the next byte after `bytes` is.
  private static func line(_ bytes: [UInt8]) -> Int {
    1 + bytes.count { $0 == 0x0d }
      + zip([0] + bytes, bytes).count { $0 != 0x0d && $1 == 0x0a }
  }
}

/// A file cut into rows in batches, and put together again.
struct CutTable: Equatable {
  let frame: TableFrame
  private(set) var rows: [[UInt8]] = []
  private(set) var lines: [Int] = []
  private(set) var written: [UInt8] = []

  /// `size` says how many bytes the next batch has.
  init(
    _ file: some Collection<UInt8>, _ kind: TableScanner.Kind,
    rowBytesMax: Int = TableScanner.rowBytesMax, size: () -> Int
  ) throws(TableFault) {
    var scanner = TableScanner(kind, rowBytesMax: rowBytesMax)
    var rest = file[...]
    while true {
      let batch = Array(rest.prefix(size()))
      rest = rest.dropFirst(batch.count)
      let cut = try scanner.scan(batch, isLast: rest.isEmpty)
      rows += cut.rows.map { Array(cut.bytes[$0.range]) }
      lines += cut.rows.map(\.line)
      if rest.isEmpty { break }
    }
    frame = scanner.frame
    written = Self.write(frame, rows)
  }

  static func write(_ frame: TableFrame, _ rows: [[UInt8]]) -> [UInt8] {
    var output: [UInt8] = []
    var writer = TableWriter(frame: frame)
    writer.begin(&output)
    for row in rows { row.withUnsafeBytes { writer.row($0, &output) } }
    writer.end(&output)
    return output
  }
}
