/// Puts a table file together again from its frame and its rows.
///
/// The same rows in the same places give the same bytes. Where rows are missing, the others keep the
/// line ends that they had.
package struct TableWriter {
  private let frame: TableFrame
  private let isWhole: Bool
  /// The row written last; -1 before the first.
  private var row = -1
  /// The first of the frame's exceptions that may be about `row` or a later one.
  private var exception = 0

  /// - Parameter isWhole: whether rows come with their places; else each has the usual line end.
  package init(frame: TableFrame, isWhole: Bool = true) {
    self.frame = frame
    self.isWhole = isWhole
  }

  /// What stands before the rows.
  package func begin(_ output: inout [UInt8]) {
    if frame.hasByteOrderMark { output.append(contentsOf: ASCII.byteOrderMark) }
    if let header = frame.header { output.append(contentsOf: header) }
  }

  /// The next row, as a scanner gave it.
  ///
  /// - Parameter place: how many rows stood before it; by default as many as were written.
  package mutating func row(
    _ raw: UnsafeRawBufferPointer, at place: Int? = nil, _ output: inout [UInt8]
  ) {
    endLine(&output)
    output.append(contentsOf: raw)
    row = isWhole ? place ?? row + 1 : 0
  }

  /// What stands after the rows.
  package mutating func end(_ output: inout [UInt8]) {
    // A file without lines may still have blank ones.
    let hasLine = row >= 0 || frame.header != nil
    if frame.hasLastLineEnd || !hasLine { endLine(&output) }
  }

  /// Ends the line of `row`. That waits until the next row is there, because the last line may
  /// have no line end.
  private mutating func endLine(_ output: inout [UInt8]) {
    let exceptions = frame.exceptions
    while exception < exceptions.count, exceptions[exception].rows.upperBound <= row {
      exception += 1
    }
    if isWhole || row < 0, exception < exceptions.count,
      exceptions[exception].rows.contains(row)
    {
      output.append(contentsOf: exceptions[exception].bytes)
    } else if row >= 0 || frame.header != nil {
      usual(&output)
    }
  }

  private func usual(_ output: inout [UInt8]) {
    if frame.lineEnd != .lf { output.append(ASCII.cr) }
    if frame.lineEnd != .cr { output.append(ASCII.lf) }
  }
}
