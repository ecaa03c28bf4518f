import CustodyLedger

/// The values of some columns of a table's rows, or of some members of JSON lines: replaces them, and
/// leaves every other byte as it is.
package struct ColumnValues: Sendable {
  /// Where values stand.
  package enum Place: Equatable, Sendable {
    /// A column of a CSV, from 0.
    case column(Int)
    /// A member of a JSON object, by the names that lead to it.
    case member([String])
  }

  /// Why a row is refused.
  package enum Fault: Error, Equatable {
    /// What stands in one of the places is an object, or an array in one.
    case noValue(place: Int)
    case noJSON
  }

  private struct Edit {
    let range: Range<Int>
    let bytes: [UInt8]
  }

  private let places: [Place]
  private let delimiter: UInt8?

  /// - Parameter delimiter: of a CSV; nil for JSON lines.
  package init(_ places: [Place], delimiter: UInt8?) {
    self.places = places
    self.delimiter = delimiter
  }

  /// A row with other values. What is empty, null or missing stays so: it says nothing of anybody.
  ///
  /// - Parameter value: called with the number of a place and its value: the text of a CSV's field or
  ///   of a JSON string, a number, true or false as it is written, each element of an array of them.
  ///   Returns what stands there instead: ASCII letters and digits.
  package func replaced(
    _ row: UnsafeRawBufferPointer, _ value: (Int, [UInt8]) throws -> [UInt8]
  ) throws -> [UInt8] {
    var edits: [Edit] = []
    if let delimiter {
      let fields = TableFields.ranges(row, delimiter: delimiter)
      for (number, place) in places.enumerated() {
        guard case .column(let column) = place, fields.indices.contains(column) else { continue }
        let text = TableFields.value(UnsafeRawBufferPointer(rebasing: row[fields[column]]))
        guard !text.isEmpty else { continue }
        edits.append(Edit(range: fields[column], bytes: try value(number, text)))
      }
    } else {
      for (number, place) in places.enumerated() {
        guard case .member(let path) = place else { continue }
        try Self.find(path[...], row, at: 0, &edits, number) { try value(number, $0) }
      }
    }
    return Self.applied(edits.sorted { $0.range.lowerBound < $1.range.lowerBound }, to: row)
  }

  private static func applied(_ edits: [Edit], to row: UnsafeRawBufferPointer) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(row.count + 32 * edits.count)
    var at = 0
    for edit in edits {
      bytes.append(contentsOf: row[at..<edit.range.lowerBound])
      bytes.append(contentsOf: edit.bytes)
      at = edit.range.upperBound
    }
    bytes.append(contentsOf: row[at...])
    return bytes
  }

  /// - Parameter start: where `json` begins in the row.
  private static func find(
    _ path: ArraySlice<String>, _ json: UnsafeRawBufferPointer, at start: Int,
    _ edits: inout [Edit], _ number: Int, _ value: ([UInt8]) throws -> [UInt8]
  ) throws {
    guard let name = path.first else {
      return try replace(json, at: start, &edits, number, value)
    }
    // What is no object has no such member.
    guard json.first(where: { !isSpace($0) }) == UInt8(ascii: "{") else { return }
    let members: [JSONText.Member]
    do { members = try JSONText.members(json) } catch { throw Fault.noJSON }
    // A name that stands twice stands for two values, whichever of them a reader takes.
    for member in members where member.name.utf8.elementsEqual(name.utf8) {
      try find(
        path.dropFirst(), UnsafeRawBufferPointer(rebasing: json[member.range]),
        at: start + member.range.lowerBound, &edits, number, value)
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    [0x20, 0x09, 0x0a, 0x0d].contains(byte)
  }

  private static func replace(
    _ json: UnsafeRawBufferPointer, at start: Int, _ edits: inout [Edit], _ number: Int,
    _ value: ([UInt8]) throws -> [UInt8]
  ) throws {
    func put(_ text: some Sequence<UInt8>) throws {
      let quote = UInt8(ascii: "\"")
      edits.append(
        Edit(
          range: start..<start + json.count, bytes: [quote] + (try value(Array(text))) + [quote]))
    }
    switch json.first ?? 0 {
    case UInt8(ascii: "\""):
      guard let text = JSONText.string(json) else { throw Fault.noJSON }
      if !text.isEmpty { try put(text.utf8) }
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "t"),
      UInt8(ascii: "f"):
      try put(json)
    case UInt8(ascii: "n"): return
    case UInt8(ascii: "["):
      guard let elements = try? JSONText.elements(json) else { throw Fault.noJSON }
      for range in elements {
        let element = UnsafeRawBufferPointer(rebasing: json[range])
        guard element.first != UInt8(ascii: "[") else { throw Fault.noValue(place: number) }
        try replace(element, at: start + range.lowerBound, &edits, number, value)
      }
    default: throw Fault.noValue(place: number)
    }
  }
}
