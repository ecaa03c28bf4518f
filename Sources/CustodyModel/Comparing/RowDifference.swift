/// How a row of a table or a JSON object differs from another, value by value.
package enum RowDifference {
  /// A value that differs; nil on the side that has none of this name.
  package struct Field: Equatable, Sendable {
    package let name: String
    package let old: String?
    package let new: String?
  }

  // MARK: - Tables

  /// A row and the header that says what its values are.
  package struct Row {
    let names: [String]
    let values: [String]

    /// - Parameter raw: as a scanner gave it, nil when there is no row on this side.
    package init(_ raw: [UInt8]?, _ frame: TableFrame) {
      let names = frame.names.map { String(decoding: $0, as: UTF8.self) }
      let delimiter = frame.delimiter ?? UInt8(ascii: ",")
      values =
        raw?.withUnsafeBytes { row in
          TableFields.ranges(row, delimiter: delimiter).map {
            String(
              decoding: TableFields.value(UnsafeRawBufferPointer(rebasing: row[$0])),
              as: UTF8.self)
          }
        } ?? []
      // A row that no scanner gave may have more values than the header has names.
      self.names =
        names + (names.count..<max(names.count, values.count)).map { "#\($0 + 1)" }
    }

    /// Values by name and, of columns with one name, by place among these.
    fileprivate var byName: [(name: Place, value: String)] {
      var counts: [[UInt8]: Int] = [:]
      return zip(names, values).map { name, value in
        counts[Array(name.utf8), default: 0] += 1
        return (Place(name: name, count: counts[Array(name.utf8)]!), value)
      }
    }
  }

  fileprivate struct Place: Hashable {
    let name: String
    let count: Int

    // Swift's == takes names as equal that differ in their bytes.
    static func == (left: Place, right: Place) -> Bool {
      left.count == right.count && left.name.utf8.elementsEqual(right.name.utf8)
    }
    func hash(into hasher: inout Hasher) {
      hasher.combine(count)
      for byte in name.utf8 { hasher.combine(byte) }
    }
  }

  /// The values that differ: those of the older row in its order, then those that only the newer
  /// has. None when the rows differ in their quotes only.
  package static func between(_ old: Row, _ new: Row) -> [Field] {
    between(old.byName, new.byName)
  }

  private static func between(
    _ old: [(name: Place, value: String)], _ new: [(name: Place, value: String)]
  ) -> [Field] {
    let newer = Dictionary(new.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    let older = Set(old.map(\.name))
    var fields: [Field] = []
    for (place, value) in old {
      let other = newer[place]
      if let other, other.utf8.elementsEqual(value.utf8) { continue }
      fields.append(Field(name: title(place), old: value, new: other))
    }
    for (place, value) in new where !older.contains(place) {
      fields.append(Field(name: title(place), old: nil, new: value))
    }
    return fields
  }

  private static func title(_ place: Place) -> String {
    place.count == 1 ? place.name : "\(place.name) (\(place.count))"
  }

  // MARK: - JSON

  /// The members that differ, those of objects within by their path as `a.b`; values as JSON.
  ///
  /// - Returns: nil when a side is no JSON object. None when they differ in white space or in the
  ///   order of members only.
  package static func between(json old: [UInt8]?, _ new: [UInt8]?) -> [Field]? {
    var (older, newer): ([(name: Place, value: String)], [(name: Place, value: String)]) = ([], [])
    if let old { guard collect(old, "", 0, &older) else { return nil } }
    if let new { guard collect(new, "", 0, &newer) else { return nil } }
    return between(older, newer)
  }

  /// Objects further down stand as one value.
  private static let depthMax = 16

  private static func collect(
    _ json: [UInt8], _ prefix: String, _ depth: Int, _ found: inout [(name: Place, value: String)]
  ) -> Bool {
    guard let members = json.withUnsafeBytes({ try? JSONText.members($0) }) else { return false }
    var counts: [[UInt8]: Int] = [:]
    for member in members {
      let path = prefix.isEmpty ? member.name : "\(prefix).\(member.name)"
      let value = Array(json[member.range])
      let isObject = value.first == UInt8(ascii: "{") && value.count > 2 && depth < depthMax
      if isObject, collect(value, path, depth + 1, &found) { continue }
      counts[Array(path.utf8), default: 0] += 1
      found.append(
        (
          Place(name: path, count: counts[Array(path.utf8)]!),
          String(decoding: value, as: UTF8.self)
        )
      )
    }
    return true
  }
}
