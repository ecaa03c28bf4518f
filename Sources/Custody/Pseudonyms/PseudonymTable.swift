import CustodyModel
import CustodyProjections
import CustodyStore

/// The dataset that has the tokens of another beside their values, a row for each value and the people
/// whose records have it, sealed under their keys for that: it goes with them, or alone.
struct PseudonymTable {
  /// The class of data of the keys that seal it.
  static let dataClass = "pseudonym-table"
  private static let header = "id,column,token,value"
  private static let comma = UInt8(ascii: ",")

  let dataset: DatasetRow
  /// Nil before the first.
  let newest: VersionRow?
  private let store: Store

  /// What the table of a dataset is called.
  static func name(of dataset: String) -> String { "\(dataset).pseudonyms" }

  /// The table as it is.
  ///
  /// - Throws: `alreadyExists` for another dataset of its name.
  init(_ dataset: DatasetRow, in store: Store) throws {
    guard dataset.kind == Datasets.Kind.csv.rawValue, dataset.key == "id",
      dataset.dataClass == Self.dataClass
    else {
      throw CustodyError(
        .alreadyExists,
        "The tokens of a dataset are kept in \(dataset.name), and there is another dataset of this "
          + "name.")
    }
    self.dataset = dataset
    self.store = store
    newest = try store.engine.read(DatasetProjection.kind) {
      try DatasetReader($0).newest(of: dataset.id)
    }
  }

  /// Makes an empty one for a dataset.
  static func create(for dataset: DatasetRow, in store: Store) async throws {
    let name = Self.name(of: dataset.name)
    guard Datasets.isName(name) else {
      throw CustodyError(
        .usage, "\(dataset.name) is too long a name: its tokens are kept in \(name).")
    }
    try await store.datasets.create(
      name, kind: .csv, key: "id",
      subject: dataset.subject == "none" ? "none" : SubjectRule.inherited, dataClass: dataClass,
      owner: dataset.owner)
  }

  /// Teaches a mint the tokens that there are.
  ///
  /// - Parameters:
  ///   - columns: the columns that matter, in the mint's order.
  ///   - people: numbers of key sets; what is not among them gets the next ones.
  ///
  /// Cost: opens every row of the table.
  func teach(_ mint: TokenMint, _ columns: [String], _ people: inout [[KeyID]: Int]) throws {
    guard let newest else { return }
    try store.checkRecords(of: dataset, in: newest)
    let numbers = Dictionary(uniqueKeysWithValues: zip(columns.map { Array($0.utf8) }, 0...))
    var pages = try VersionPages(store, dataset, newest)
    var peopleOfRows: [Int64: Int] = [:]
    while let page = try pages.next() {
      for (row, content) in page {
        guard case .whole(let bytes) = content.bytes else { throw Self.damaged }
        let fields = bytes.withUnsafeBytes { bytes in
          TableFields.ranges(bytes, delimiter: Self.comma).map {
            TableFields.value(UnsafeRawBufferPointer(rebasing: bytes[$0]))
          }
        }
        guard fields.count == 4, let number = Self.number(fields[0], fields[2]) else {
          throw Self.damaged
        }
        guard let column = numbers[fields[1]] else { continue }
        let whose =
          try peopleOfRows[row.keys] ?? people.number(of: store.people(of: row.keys))
        peopleOfRows[row.keys] = whose
        mint.learn(column, fields[3], fields[2], number: number, people: whose)
      }
    }
  }

  private static let damaged = CustodyError(
    .damaged, "A row of a table of tokens is not one. Run: custody verify --level contents")

  /// `token` is the first of its rows, `token-2` the second.
  private static func number(_ id: [UInt8], _ token: [UInt8]) -> Int? {
    guard id.starts(with: token) else { return nil }
    let rest = id.dropFirst(token.count)
    return rest.isEmpty ? 1 : Int(String(decoding: rest.dropFirst(), as: UTF8.self))
  }

  /// The table with more rows; those that are gone are left out.
  ///
  /// - Parameter people: key sets by their numbers.
  func source(
    adding rows: [TokenMint.Row], _ columns: [String], _ people: [[KeyID]]
  ) throws -> any DatasetSource {
    Source(table: self, rows: rows, columns: columns, people: people, frame: try Self.frame())
  }

  private static func frame() throws -> [UInt8] {
    var scanner = TableScanner(.csv(delimiter: comma))
    do throws(TableFault) {
      _ = try scanner.scan(Array("\(header)\n".utf8), isLast: true)
    } catch {
      throw CustodyError(error, in: header)
    }
    return scanner.frame.encoded()
  }

  private struct Source: DatasetSource {
    let table: PseudonymTable
    let rows: [TokenMint.Row]
    let columns: [String]
    let people: [[KeyID]]
    let frame: [UInt8]?

    var name: String { table.dataset.name }
    var size: Int { table.newest?.bytes ?? 0 }
    private static let batchSize = 4096

    func forEachBatch(_ body: (SourceBatch) async throws -> Void) async throws {
      var first = 0
      func give(_ records: [SourceRecord]) async throws {
        guard !records.isEmpty else { return }
        try await body(SourceBatch(first: first, count: records.count) { records[$0] })
        first += records.count
      }
      if let newest = table.newest {
        var pages = try VersionPages(table.store, table.dataset, newest)
        var keyIDs: [Int64: [KeyID]] = [:]
        while let page = try pages.next() {
          for (row, _) in page where keyIDs[row.keys] == nil {
            keyIDs[row.keys] = try table.store.people(of: row.keys)
          }
          try await give(
            try page.enumerated().map {
              try kept($1.content, place: first + $0 + 1, keyIDs[$1.row.keys] ?? [])
            })
        }
      }
      for start in stride(from: 0, to: rows.count, by: Self.batchSize) {
        let batch = rows[start..<min(start + Self.batchSize, rows.count)]
        try await give(batch.enumerated().map { made($1, place: first + $0 + 1) })
      }
    }

    private func kept(
      _ content: RecordContent, place: Int, _ keyIDs: [KeyID]
    ) throws -> SourceRecord {
      guard case .whole(let bytes) = content.bytes else { throw PseudonymTable.damaged }
      return SourceRecord(
        key: content.naturalKey, line: place, content: .bytes(bytes[...]), file: nil, subjects: [],
        keyIDs: keyIDs)
    }

    private func made(_ row: TokenMint.Row, place: Int) -> SourceRecord {
      let id = row.token + (row.number == 1 ? [] : Array("-\(row.number)".utf8))
      let fields = [id, Array(columns[row.column].utf8), row.token, row.value].map(Self.field)
      return SourceRecord(
        key: id, line: place, content: .bytes(Array(fields.joined(separator: [comma]))[...]),
        file: nil, subjects: [], keyIDs: people[row.people])
    }

    /// RFC 4180 §2: "Fields containing line breaks (CRLF), double quotes, and commas should be enclosed
    /// in double-quotes."
    private static func field(_ value: [UInt8]) -> [UInt8] {
      let quote = UInt8(ascii: "\"")
      guard value.contains(where: { [comma, quote, 0x0a, 0x0d].contains($0) }) else { return value }
      return [quote] + value.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
    }
  }
}

extension [[KeyID]: Int] {
  /// The number of some people, who get the next one when they have none.
  mutating func number(of people: [KeyID]) -> Int {
    if let known = self[people] { return known }
    self[people] = count
    return count - 1
  }
}

extension Store {
  /// The keys of the people that a row of records is about, ascending; empty for nobody.
  func people(of keys: Int64) throws -> [KeyID] {
    let operations = try folder.keyring?.operationsKey()
    return try engine.readUncaught { try DatasetReader($0).keyIDs(keys) }
      .filter { $0 != operations }
  }
}
