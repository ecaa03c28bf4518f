/// Cuts the bytes of a CSV (RFC 4180) or JSONL file into rows, batch by batch, in memory for one
/// batch and one row.
///
/// What the rows and the frame are does not depend on where the batches end. After a fault the
/// scanner is of no more use.
package struct TableScanner {
  package enum Kind: Equatable, Sendable {
    /// A header and rows. Without a delimiter, it is the one of comma, semicolon, tab and bar that
    /// the header has most often, and the first of these when two are as frequent.
    case csv(delimiter: UInt8?)
    /// A row on each line.
    case lines
  }

  /// A longer row is refused: more likely is a quote that is opened and never closed, and a row is
  /// held in memory whole.
  package static let rowBytesMax = 1 << 28
  /// More line ends in sequence are refused, because the frame holds them.
  package static let lineEndBytesMax = 1 << 20

  /// The file's frame; complete after the last batch.
  package var frame: TableFrame { cutter.frame }

  private var cutter: RowCutter
  private var finder: DelimiterFinder?
  /// The bytes of the row that is not complete.
  private var held: [UInt8] = []
  private var isBegun = false
  private var isDone = false

  /// A given delimiter is ASCII, and neither a quote nor a line end.
  package init(_ kind: Kind, rowBytesMax: Int = Self.rowBytesMax) {
    precondition(rowBytesMax <= Self.rowBytesMax)
    switch kind {
    case .csv(let delimiter):
      precondition(delimiter.map(ASCII.isDelimiter) ?? true)
      cutter = RowCutter(hasHeader: true, rowBytesMax: rowBytesMax)
      if let delimiter { cutter.part(at: delimiter) } else { finder = DelimiterFinder() }
    case .lines: cutter = RowCutter(hasHeader: false, rowBytesMax: rowBytesMax)
    }
  }

  /// The rows that are complete with the next `bytes` of the file, which are empty at its end; the
  /// header is not among them. A fault is that of the first row that has one.
  package mutating func scan(_ bytes: [UInt8], isLast: Bool) throws(TableFault) -> TableRows {
    precondition(!isDone)
    isDone = isLast
    var batch: [UInt8] = []
    swap(&batch, &held)
    // A batch that continues no row is not copied.
    if batch.isEmpty { batch = bytes } else { batch.append(contentsOf: bytes) }
    guard try begin(batch) else {
      held = batch
      return TableRows(bytes: [], rows: [])
    }
    let rows = try batch.withUnsafeBufferPointer { (bytes) throws(TableFault) in
      try cutter.cut(UnsafeRawBufferPointer(bytes), isLast: isLast)
    }
    let done = cutter.forget()
    held = done == 0 ? batch : Array(batch[done...])
    return TableRows(bytes: rows.isEmpty ? [] : batch, rows: rows)
  }

  /// Whether what comes before the first row is known: the byte order mark and the delimiter.
  private mutating func begin(_ batch: [UInt8]) throws(TableFault) -> Bool {
    if !isBegun {
      guard isDone || batch.count >= ASCII.byteOrderMark.count else { return false }
      guard !batch.starts(with: [0xff, 0xfe]), !batch.starts(with: [0xfe, 0xff]) else {
        throw TableFault(line: 1, reason: "the text is UTF-16; save it as UTF-8")
      }
      cutter.begin(hasByteOrderMark: batch.starts(with: ASCII.byteOrderMark))
      isBegun = true
    }
    guard var finder else { return true }
    let delimiter = batch.withUnsafeBytes { finder.find(in: $0, from: cutter.at, isLast: isDone) }
    try cutter.checkLength(finder.passed)
    self.finder = delimiter == nil ? finder : nil
    guard let delimiter else { return false }
    cutter.part(at: delimiter)
    return true
  }
}

/// The rows that one batch completed.
package struct TableRows: Sendable {
  package struct Row: Equatable, Sendable {
    /// Where it is in `bytes`, without its line end.
    package let range: Range<Int>
    /// Its first line in the file, from 1.
    package let line: Int
  }

  /// The rows and what stands between them.
  package let bytes: [UInt8]
  package let rows: [Row]
}

/// Finds what parts the fields of a header.
///
/// Which bytes are inside quotes depends on the delimiter that is looked for, so all candidates
/// count as one here, and the header is cut again when it is known.
private struct DelimiterFinder {
  private static let candidates = [",", ";", "\t", "|"].map { UInt8(ascii: $0) }

  /// How many bytes of the header are looked at.
  private(set) var passed = 0
  private var counts = [Int](repeating: 0, count: candidates.count)
  private var isInQuotes = false
  /// Whether a quote would open a field, or open again what the quote before it closed.
  private var canOpen = true

  /// The delimiter, when `bytes` have a whole header from `start` on. Continues where it stopped.
  mutating func find(
    in bytes: UnsafeRawBufferPointer, from start: Int, isLast: Bool
  ) -> UInt8? {
    while start + passed < bytes.count {
      let byte = bytes[start + passed]
      if byte == ASCII.quote {
        let closes = isInQuotes
        isInQuotes = !closes && canOpen
        canOpen = closes
      } else if !isInQuotes {
        if ASCII.isLineEnd(byte) { return best }
        let candidate = Self.candidates.firstIndex(of: byte)
        if let candidate { counts[candidate] += 1 }
        canOpen = candidate != nil
      }
      passed += 1
    }
    return isLast ? best : nil
  }

  /// The candidate that is the most frequent.
  private var best: UInt8 {
    let most = counts.max() ?? 0
    return Self.candidates[counts.firstIndex(of: most) ?? 0]
  }
}
