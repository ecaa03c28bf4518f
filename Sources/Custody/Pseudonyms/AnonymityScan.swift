import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// Goes through a version and counts the people who share each combination of values.
struct AnonymityScan {
  private struct Group {
    var records = 0
    /// By what rows of records name keys by; of a record about nobody, a number of its own.
    var people: Set<Int64> = []

    mutating func take(_ person: Int64) {
      records += 1
      people.insert(person)
    }
  }

  private let store: Store
  private let dataset: DatasetRow
  private let version: VersionRow
  private let columns: PseudonymColumns
  private let sensitive: [String]
  /// Columns and members that are accounted for.
  private let known: Set<String>
  private var groups: [Digest: Group] = [:]
  private var isAboutNobody: [Int64: Bool] = [:]
  private var records = 0
  private var missing = 0
  /// Columns that nobody looks at.
  private(set) var others: Set<String> = []

  init(
    _ store: Store, _ dataset: DatasetRow, _ version: VersionRow, _ wanted: [String],
    _ sensitive: [String], _ state: Datasets.State
  ) throws {
    self.store = store
    self.dataset = dataset
    self.version = version
    let frame = try VersionContents(store: store, dataset: dataset, version: version)
      .tableFrame().frame
    let name = "\(dataset.name)@v\(version.number)"
    let columns = try PseudonymColumns(wanted, of: dataset, frame, name)
    let others = try PseudonymColumns(sensitive, of: dataset, frame, name).names
    let tokens = state.columns.map(\.name)
    if let twice = others.first(where: { columns.names.contains($0) }) {
      throw CustodyError(.usage, "The column \(twice) is named twice.")
    }
    // Of a version with tokens another dataset may say where people are found.
    let subjects = [columns.subject].compactMap(\.self) + state.links.compactMap(\.column)
    if let subject = subjects.first(where: { others.contains($0) && !tokens.contains($0) }) {
      throw CustodyError(
        .usage,
        "The column \(subject) says whom records are about. Give it tokens first: custody dataset "
          + "pseudonymize \(dataset.name) --column \(subject)")
    }
    self.columns = columns
    self.sensitive = others
    known = Set(columns.names + others + tokens)
    if dataset.kind == Datasets.Kind.csv.rawValue {
      self.others = Set(frame.names.map { String(decoding: $0, as: UTF8.self) }).subtracting(known)
    }
  }

  mutating func run() throws {
    var pages = try VersionPages(store, dataset, version)
    while let page = try pages.next() {
      for (row, content) in page { try take(row, content) }
    }
    missing = pages.missing
  }

  private mutating func take(_ row: RecordRow, _ content: RecordContent) throws {
    records += 1
    let values = try columns.values(of: content, place: records)
    var writer = ByteWriter()
    for column in values {
      writer.write(UInt64(column.count))
      for value in column {
        writer.write(UInt64(value.count))
        writer.write(value)
      }
    }
    let isAboutNobody = try isAboutNobody[row.keys] ?? store.people(of: row.keys).isEmpty
    self.isAboutNobody[row.keys] = isAboutNobody
    let person = isAboutNobody ? -Int64(row.ordinal) - 1 : row.keys
    groups[SHA256.hash(writer.bytes), default: Group()].take(person)
    if dataset.kind == Datasets.Kind.lines.rawValue, case .whole(let line) = content.bytes {
      line.withUnsafeBytes { findOthers($0, []) }
    }
  }

  /// Members that are accounted for neither by their own name nor by one that they stand below.
  private mutating func findOthers(_ json: UnsafeRawBufferPointer, _ path: [String]) {
    if !path.isEmpty, known.contains(path.joined(separator: ".")) { return }
    guard let members = try? JSONText.members(json) else {
      others.insert(path.joined(separator: "."))
      return
    }
    for member in members {
      findOthers(UnsafeRawBufferPointer(rebasing: json[member.range]), path + [member.name])
    }
  }

  func measured(required: Int) -> DatasetAnonymityMeasured {
    DatasetAnonymityMeasured(
      dataset: dataset.name, number: version.number, columns: columns.names, sensitive: sensitive,
      others: others.count, records: records, missing: missing, groups: groups.count,
      smallest: groups.values.map(\.people.count).min() ?? 0,
      unique: groups.values.reduce(0) { $0 + ($1.people.count == 1 ? $1.records : 0) },
      required: required)
  }
}

extension Datasets.State.Link {
  /// The column that says whom records are about, when it is that.
  fileprivate var column: String? { if case .column(let name) = self { name } else { nil } }
}
