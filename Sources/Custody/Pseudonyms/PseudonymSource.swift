import CustodyModel
import CustodyProjections
import CustodyStore

/// The records of a version with tokens instead of the values of some columns, about the same people.
///
/// They stand in the order of the version; where the natural key gets tokens, in the order of these: the
/// order would say which record is which.
final class PseudonymSource: DatasetSource {
  let name: String
  let frame: [UInt8]?
  var size: Int { version.bytes }
  /// The records of the version that a pass met, in the order in which they are handed over.
  private(set) var ordinals: [UInt32] = []
  /// Records of the version that are gone.
  private(set) var missing = 0

  private let store: Store
  private let dataset: DatasetRow
  private let version: VersionRow
  private let columns: PseudonymColumns
  private let mint: TokenMint
  private let people: PseudonymPeople
  /// Whether values are counted: in the first pass only.
  private var isCounted = true
  /// The records in the order of the tokens of the natural key; nil while they stand in the version's.
  private var sorted: [Int]?

  init(
    _ store: Store, _ dataset: DatasetRow, _ version: VersionRow, frame: [UInt8],
    _ columns: PseudonymColumns, _ mint: TokenMint, _ people: PseudonymPeople
  ) {
    name = "\(dataset.name)@v\(version.number)"
    self.frame = frame
    self.store = store
    self.dataset = dataset
    self.version = version
    self.columns = columns
    self.mint = mint
    self.people = people
  }

  func forEachBatch(_ body: (SourceBatch) async throws -> Void) async throws {
    if columns.hasKey, sorted == nil { try sort() }
    var pages = try VersionPages(store, dataset, version, ordinals: sorted)
    let isFirst = ordinals.isEmpty
    var first = 0
    while let page = try pages.next() {
      let records = try replaced(page, from: first)
      if isFirst { ordinals += page.map { UInt32($0.row.ordinal) } }
      if !records.isEmpty {
        try await body(SourceBatch(first: first, count: records.count) { records[$0] })
      }
      first += records.count
    }
    isCounted = false
    if sorted == nil { missing = pages.missing }
  }

  private func sort() throws {
    var named: [(token: [UInt8], ordinal: Int)] = []
    var pages = try VersionPages(store, dataset, version)
    while let page = try pages.next() {
      for (record, entry) in zip(try replaced(page, from: named.count), page) {
        named.append((record.key, entry.row.ordinal))
      }
    }
    isCounted = false
    missing = pages.missing
    named.sort { $0.token.lexicographicallyPrecedes($1.token) }
    sorted = named.map(\.ordinal)
  }

  private func replaced(
    _ page: [(row: RecordRow, content: RecordContent)], from first: Int
  ) throws -> [SourceRecord] {
    let (columns, mint, people, isCounted) = (columns, mint, people, isCounted)
    return try Parallel.map(page.count) { range in
      try range.map { index in
        try columns.record(
          page[index].content, place: first + index + 1, people.keyIDs(of: page[index].row.keys)
        ) {
          mint.token(
            $0, $1, people: people.number(of: page[index].row.keys), isCounted: isCounted)
        }
      }
    }
  }
}

/// Which columns get tokens, and how a record reads then.
struct PseudonymColumns: Sendable {
  /// As the header or the path to a member has them.
  let names: [String]
  private let values: ColumnValues
  /// The column or member that says whom a record is about, if one does.
  let subject: String?
  /// The column or member that is the natural key, if one is.
  let keyName: String?
  /// Which of them it is, if it is one.
  private let key: Int?
  private let source: String

  /// - Throws: `invalidInput` for a column that there is not, `usage` for one that is named twice.
  init(_ wanted: [String], of dataset: DatasetRow, _ frame: TableFrame, _ source: String) throws {
    let isCSV = dataset.kind == Datasets.Kind.csv.rawValue
    func place(_ text: String) throws -> ColumnValues.Place {
      if isCSV { return .column(try frame.column(text, in: source)) }
      let path = text.split(separator: ".").map(String.init)
      guard !path.isEmpty else {
        throw CustodyError(.usage, "--column needs a member, as name or person.name.")
      }
      return .member(path)
    }
    let places = try wanted.map(place)
    let columns = frame.names.map { String(decoding: $0, as: UTF8.self) }
    func name(_ place: ColumnValues.Place) -> String {
      switch place {
      case .column(let number): columns[number]
      case .member(let path): path.joined(separator: ".")
      }
    }
    names = places.map(name)
    // What is said of a version names columns: of two of one name nobody knew which has tokens.
    if let twin = names.first(where: { name in columns.count { $0 == name } > 1 }) {
      throw CustodyError(
        .invalidInput,
        "Several columns have the name \(twin), and what is said of them goes by names. Commit a "
          + "version in which each has its own.", at: .init(file: source, line: 1))
    }
    for (index, name) in names.enumerated() where names[..<index].contains(name) {
      throw CustodyError(.usage, "The column \(name) is named twice.")
    }
    switch try SubjectRule(dataset.subject, kind: dataset.kind).place {
    case .column(let column): subject = name(try place(column))
    case .json(let path): subject = path.joined(separator: ".")
    case .none, .path, .file, .inherited: subject = nil
    }
    let key = try dataset.key.map { name(try place($0)) }
    keyName = key
    self.key = names.firstIndex { $0 == key }
    values = ColumnValues(places, delimiter: isCSV ? frame.delimiter : nil)
    self.source = source
  }

  /// Whether the natural key is one of them.
  var hasKey: Bool { key != nil }

  /// A record with tokens instead of values; its natural key is a token where that is one of them.
  ///
  /// - Parameter place: where it stands, from 1, for messages.
  func record(
    _ content: RecordContent, place: Int, _ keyIDs: [KeyID],
    _ token: (Int, [UInt8]) -> [UInt8]
  ) throws -> SourceRecord {
    guard case .whole(let row) = content.bytes else {
      throw CustodyError(.damaged, "A row is not one. Run: custody verify --level contents")
    }
    var naturalKey = content.naturalKey
    let bytes: [UInt8]
    do {
      bytes = try row.withUnsafeBytes { row in
        try values.replaced(row) { column, value in
          let token = token(column, value)
          if column == key { naturalKey = token }
          return token
        }
      }
    } catch let fault as ColumnValues.Fault {
      throw refusal(fault, place)
    }
    return SourceRecord(
      key: naturalKey, line: place, content: .bytes(bytes[...]), file: nil, subjects: [],
      keyIDs: keyIDs)
  }

  /// The values of each column, in the columns' order.
  func values(of content: RecordContent, place: Int) throws -> [[[UInt8]]] {
    guard case .whole(let row) = content.bytes else {
      throw CustodyError(.damaged, "A row is not one. Run: custody verify --level contents")
    }
    var found: [[[UInt8]]] = names.map { _ in [] }
    do {
      _ = try row.withUnsafeBytes { row in
        try values.replaced(row) { column, value in
          found[column].append(value)
          return []
        }
      }
    } catch let fault as ColumnValues.Fault {
      throw refusal(fault, place)
    }
    return found
  }

  private func refusal(_ fault: ColumnValues.Fault, _ place: Int) -> CustodyError {
    switch fault {
    case .noValue(let number):
      CustodyError(
        .invalidInput,
        "\(names[number]) is no single value in record \(place) of \(source). Name a member "
          + "within it, as \(names[number]).name.")
    case .noJSON:
      CustodyError(.damaged, "Record \(place) of \(source) is not JSON. Run: custody verify")
    }
  }
}

/// Whom records are about: the keys that seal what is made of them, and their table.
struct PseudonymPeople: Sendable {
  /// By what rows of records name keys by; empty for nobody.
  private let keyIDsByRow: [Int64: [KeyID]]
  private let numbers: [Int64: Int]

  init(_ keyIDs: [Int64: [KeyID]], numbers: [Int64: Int]) {
    keyIDsByRow = keyIDs
    self.numbers = numbers
  }

  func keyIDs(of row: Int64) -> [KeyID] { keyIDsByRow[row] ?? [] }
  /// Which people of the table they are.
  func number(of row: Int64) -> Int { numbers[row] ?? 0 }
}
