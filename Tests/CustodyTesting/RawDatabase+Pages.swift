import Foundation

extension RawDatabase {
  /// Gives a row the number of another one, which SQL would refuse: two rows then have it.
  ///
  /// Works on the bytes of the file: https://www.sqlite.org/fileformat2.html#b_tree_pages.
  ///
  /// - Throws: when there is no such row, or the numbers do not take equally many bytes.
  package static func renumber(
    _ path: String, table: String, row: Int, as other: Int
  ) throws {
    let root = try RawDatabase(path).integer(
      "SELECT rootpage FROM sqlite_master WHERE name = '\(table)'")
    var pages = Pages(bytes: [UInt8](try Data(contentsOf: URL(filePath: path))))
    guard let place = pages.place(of: row, below: root),
      pages.replace(varintAt: place, with: other)
    else { throw Failure(code: 0, message: "row \(row) of \(table) cannot be row \(other)") }
    try Data(pages.bytes).write(to: URL(filePath: path))
  }

  private struct Pages {
    var bytes: [UInt8]

    private func number(_ at: Int, _ count: Int) -> Int {
      bytes[at..<at + count].reduce(0) { $0 << 8 | Int($1) }
    }

    private var pageSize: Int { number(16, 2) == 1 ? 65_536 : number(16, 2) }

    /// A number of up to eight bytes of seven bits, and where it ends.
    private func varint(_ at: Int) -> (value: Int, end: Int) {
      var (value, at) = (0, at)
      while bytes[at] & 0x80 != 0 {
        value = value << 7 | Int(bytes[at] & 0x7f)
        at += 1
      }
      return (value << 7 | Int(bytes[at]), at + 1)
    }

    /// Where the number of a row stands in the cell of its leaf.
    func place(of row: Int, below page: Int) -> Int? {
      let start = (page - 1) * pageSize
      let header = start + (page == 1 ? 100 : 0)
      let isLeaf = bytes[header] == 13
      for index in 0..<number(header + 3, 2) {
        let cell = start + number(header + (isLeaf ? 8 : 12) + 2 * index, 2)
        if isLeaf {
          let at = varint(cell).end
          if varint(at).value == row { return at }
        } else if let found = place(of: row, below: number(cell, 4)) {
          return found
        }
      }
      return isLeaf ? nil : place(of: row, below: number(header + 8, 4))
    }

    mutating func replace(varintAt at: Int, with value: Int) -> Bool {
      let count = varint(at).end - at
      guard value >> (7 * count) == 0, count == 1 || value >> (7 * (count - 1)) > 0 else {
        return false
      }
      for index in 0..<count {
        let digit = UInt8(truncatingIfNeeded: value >> (7 * (count - 1 - index))) & 0x7f
        bytes[at + index] = index < count - 1 ? digit | 0x80 : digit
      }
      return true
    }
  }
}
