/// Finds where rows begin and end, and what a file has besides them.
///
/// It is given the same bytes again with more after them until it says that it is done with them,
/// and continues where it stopped, so that a row in many batches is looked at once.
struct RowCutter {
  private enum State {
    /// After a row, in its line ends; at first before all rows.
    case between
    case fieldStart
    /// In a field without quotes.
    case plain
    case quoted
    /// After a quote that closes a field or is the first of two.
    case afterQuote
  }

  private(set) var frame = TableFrame()
  /// How far the bytes are looked at.
  private(set) var at = 0

  private let hasHeader: Bool
  private let rowBytesMax: Int
  /// LF for a file of lines, which ends the row before it could part fields.
  private var delimiter = ASCII.lf
  private var state = State.between
  /// Where the row begins, or between rows its line ends.
  private var start = 0
  /// The row that is looked at, or the last one; the header is -1, as is nothing before row 0.
  private var row: Int
  private var fields = 0
  private var columns = 0
  /// The line at `at`, that of the row's first byte and that of the quote opened last.
  private var line = 1
  private var rowLine = 1
  private var quoteLine = 1
  /// The bits of the row's bytes, and of a few others.
  private var seen: UInt64 = 0

  init(hasHeader: Bool, rowBytesMax: Int) {
    self.hasHeader = hasHeader
    self.rowBytesMax = rowBytesMax
    row = hasHeader ? -2 : -1
  }

  mutating func begin(hasByteOrderMark: Bool) {
    frame.hasByteOrderMark = hasByteOrderMark
    at = hasByteOrderMark ? ASCII.byteOrderMark.count : 0
    start = at
  }

  mutating func part(at delimiter: UInt8) {
    self.delimiter = delimiter
    frame.delimiter = delimiter
  }

  /// How many bytes it is done with; it takes them for gone from now on.
  mutating func forget() -> Int {
    defer {
      at -= start
      start = 0
    }
    return start
  }

  mutating func cut(
    _ bytes: UnsafeRawBufferPointer, isLast: Bool
  ) throws(TableFault) -> [TableRows.Row] {
    var rows: [TableRows.Row] = []
    while at < bytes.count { try step(bytes, &rows) }
    if isLast {
      try finish(bytes, &rows)
    } else if state == .between {
      try checkLineEnds()
    } else {
      try checkLength(at - start)
    }
    return rows
  }

  /// Looks at bytes until the state is another one, or all are looked at.
  @inline(__always)
  private mutating func step(
    _ bytes: UnsafeRawBufferPointer, _ rows: inout [TableRows.Row]
  ) throws(TableFault) {
    switch state {
    case .between:
      guard ASCII.isLineEnd(bytes[at]) else { return try beginRow(bytes) }
      guard row >= -1 else { throw fault("a blank line stands before the header") }
      passLineEnd(bytes)
    case .fieldStart:
      guard hasHeader, bytes[at] == ASCII.quote else {
        state = .plain
        return
      }
      quoteLine = line
      at += 1
      state = .quoted
    case .plain:
      at = ByteSearch.firstStop(in: bytes, from: at, needle: delimiter, seen: &seen)
      guard at < bytes.count else { return }
      try endField(bytes, &rows)
    case .quoted:
      at = ByteSearch.firstStop(in: bytes, from: at, needle: ASCII.quote, seen: &seen)
      guard at < bytes.count else { return }
      guard bytes[at] == ASCII.quote else { return passLineEnd(bytes) }
      at += 1
      state = .afterQuote
    case .afterQuote:
      guard bytes[at] != ASCII.quote else {
        at += 1
        state = .quoted
        return
      }
      guard bytes[at] == delimiter || ASCII.isLineEnd(bytes[at]) else {
        try checkLength(at - start)
        try checkUTF8(bytes)
        throw fault("a character stands after a closing quote")
      }
      try endField(bytes, &rows)
    }
  }

  /// Counts the line that ends at `at`; CR LF end one.
  private mutating func passLineEnd(_ bytes: UnsafeRawBufferPointer) {
    let isSecond = at > start && bytes[at] == ASCII.lf && bytes[at - 1] == ASCII.cr
    if !isSecond { line += 1 }
    at += 1
  }

  private mutating func beginRow(_ bytes: UnsafeRawBufferPointer) throws(TableFault) {
    try noteLineEnds(bytes)
    row += 1
    start = at
    rowLine = line
    fields = 0
    seen = 0
    state = .fieldStart
  }

  /// Ends the field before a delimiter or a line end.
  @inline(__always)
  private mutating func endField(
    _ bytes: UnsafeRawBufferPointer, _ rows: inout [TableRows.Row]
  ) throws(TableFault) {
    guard !ASCII.isLineEnd(bytes[at]) else {
      try endRow(bytes, &rows)
      state = .between
      return
    }
    fields += 1
    at += 1
    state = .fieldStart
  }

  private mutating func endRow(
    _ bytes: UnsafeRawBufferPointer, _ rows: inout [TableRows.Row]
  ) throws(TableFault) {
    try checkLength(at - start)
    try checkUTF8(bytes)
    if row == -1 {
      columns = fields + 1
      frame.header = Array(bytes[start..<at])
    } else {
      guard fields + 1 == columns || !hasHeader else {
        let count = fields == 0 ? "1 field" : "\(fields + 1) fields"
        throw TableFault(line: rowLine, reason: "this row has \(count), the header has \(columns)")
      }
      rows.append(TableRows.Row(range: start..<at, line: rowLine))
    }
    start = at
  }

  private mutating func finish(
    _ bytes: UnsafeRawBufferPointer, _ rows: inout [TableRows.Row]
  ) throws(TableFault) {
    switch state {
    case .between:
      guard row >= -1 else {
        throw TableFault(line: 0, reason: "the file is empty; a CSV has a header")
      }
      try noteLineEnds(bytes)
      start = at
    case .quoted:
      try checkLength(at - start)
      try checkUTF8(bytes)
      throw TableFault(line: quoteLine, reason: "a quote is opened and never closed")
    case .fieldStart, .plain, .afterQuote:
      try endRow(bytes, &rows)
      frame.hasLastLineEnd = false
    }
  }

  /// Puts the line ends since the last row into the frame, unless they are the usual one.
  @inline(__always)
  private mutating func noteLineEnds(_ bytes: UnsafeRawBufferPointer) throws(TableFault) {
    guard start < at else { return }
    try checkLineEnds()
    let isFirst = row == -1 || (row == 0 && !hasHeader && frame.exceptions.isEmpty)
    if isFirst { frame.lineEnd = LineEnd(beginning: bytes[start..<at]) }
    let isUsual =
      switch frame.lineEnd {
      case .lf: at - start == 1 && bytes[start] == ASCII.lf
      case .cr: at - start == 1 && bytes[start] == ASCII.cr
      case .crlf: at - start == 2 && bytes[start] == ASCII.cr && bytes[start + 1] == ASCII.lf
      }
    // Before the first row of a file without a header, nothing is usual.
    guard !isUsual || (row == -1 && !hasHeader) else { return }
    frame.except(row, Array(bytes[start..<at]))
    guard frame.exceptions.count <= TableFrame.exceptionCountMax else {
      throw fault("the line ends change too often; make them all alike")
    }
  }

  private func checkLineEnds() throws(TableFault) {
    guard at - start <= TableScanner.lineEndBytesMax else {
      throw TableFault(
        line: rowLine,
        reason: "more line ends follow than \(TableScanner.lineEndBytesMax) bytes")
    }
  }

  /// Refuses a row of `count` bytes when these are too many.
  func checkLength(_ count: Int) throws(TableFault) {
    guard count <= rowBytesMax else {
      throw TableFault(line: rowLine, reason: "this row is longer than \(rowBytesMax) bytes")
    }
  }

  /// Line ends and delimiters are ASCII, so that a row is UTF-8 when the file is.
  private func checkUTF8(_ bytes: UnsafeRawBufferPointer) throws(TableFault) {
    guard seen & ByteSearch.highs != 0 else { return }
    let row = UnsafeRawBufferPointer(rebasing: bytes[start..<at])
    guard let offset = ByteSearch.firstNotUTF8(in: row) else { return }
    let before = row[..<offset]
    // CR LF have two line ends and end one line.
    let second = zip(before, before.dropFirst()).count { $0 == ASCII.cr && $1 == ASCII.lf }
    let ends = before.count(where: ASCII.isLineEnd)
    throw TableFault(line: rowLine + ends - second, reason: "invalid UTF-8")
  }

  private func fault(_ reason: String) -> TableFault { TableFault(line: line, reason: reason) }
}
