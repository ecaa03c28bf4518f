/// The fields of a row, as RFC 4180 §2 parts them.
///
/// A field is quoted when a quote is its first byte; a quote inside another field stands for
/// itself, because common programs write `5" pipe` so. Rows that no scanner gave have fields too:
/// nothing here traps.
package enum TableFields {
  /// Where the fields of a row lie, their quotes included; a row has at least one.
  package static func ranges(
    _ row: UnsafeRawBufferPointer, delimiter: UInt8
  ) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    while true {
      let end = ByteSearch.first(delimiter, in: row, from: quotedEnd(row, from: start))
      ranges.append(start..<end)
      guard end < row.count else { return ranges }
      start = end + 1
    }
  }

  /// Where one field of a row lies, by its number from 0; at the row's end when there are fewer.
  package static func range(
    of number: Int, in row: UnsafeRawBufferPointer, delimiter: UInt8
  ) -> Range<Int> {
    var start = 0
    for _ in 0..<number {
      let end = ByteSearch.first(delimiter, in: row, from: quotedEnd(row, from: start))
      guard end < row.count else { return row.count..<row.count }
      start = end + 1
    }
    return start..<ByteSearch.first(delimiter, in: row, from: quotedEnd(row, from: start))
  }

  /// After the closing quote of the field that begins at `start`; `start` when it has no quotes.
  private static func quotedEnd(_ row: UnsafeRawBufferPointer, from start: Int) -> Int {
    guard start < row.count, row[start] == ASCII.quote else { return start }
    var at = start + 1
    while true {
      // RFC 4180 §2: "a double-quote appearing inside a field must be escaped by preceding it with
      // another double quote".
      let quote = ByteSearch.first(ASCII.quote, in: row, from: at)
      guard quote + 1 < row.count, row[quote + 1] == ASCII.quote else {
        return min(quote + 1, row.count)
      }
      at = quote + 2
    }
  }

  /// What a field says: without the quotes around it, and with doubled quotes single.
  package static func value(_ field: UnsafeRawBufferPointer) -> [UInt8] {
    guard field.first == ASCII.quote else { return Array(field) }
    var value: [UInt8] = []
    value.reserveCapacity(field.count)
    var at = 1
    while at < field.count {
      let quote = ByteSearch.first(ASCII.quote, in: field, from: at)
      value.append(contentsOf: field[at..<quote])
      // Of two quotes the second stays; a single one closes the field.
      if quote + 1 < field.count { value.append(field[quote + 1]) }
      at = quote + 2
    }
    return value
  }

  /// What each field of a header row says.
  package static func names(_ header: [UInt8], delimiter: UInt8) -> [[UInt8]] {
    header.withUnsafeBytes { row in
      ranges(row, delimiter: delimiter).map { value(UnsafeRawBufferPointer(rebasing: row[$0])) }
    }
  }
}
