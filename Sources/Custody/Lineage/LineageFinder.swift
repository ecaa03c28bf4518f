import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// Finds what a NODE of the command line names.
///
/// `[KIND:]NAME[@VERSION]`, `[dataset:]NAME#COLUMN`, or the beginning or the end of a run's UUID. A name may be
/// written whole, `namespace/name`, or without its namespace while only one thing is called so.
struct LineageFinder {
  let query: LineageQuery

  /// What was meant.
  struct Found {
    let nodes: [LineageGraph.Node]
    /// The grain that shows it best.
    let grain: LineageGraph.Grain
  }

  private static let kinds = LineagePicture.Kind.allCases.map(\.rawValue)

  func find(_ text: String) throws -> Found {
    guard !text.isEmpty else {
      throw CustodyError(.usage, "The name is empty. custody lineage list shows what there is.")
    }
    let candidates = try candidates(text)
    guard let first = candidates.first else { throw try notFound(text) }
    guard candidates.count == 1 else { throw Self.ambiguous(text, candidates) }
    return first.found
  }

  private struct Candidate {
    let found: Found
    /// What names nothing else.
    let whole: String
  }

  private func candidates(_ text: String) throws -> [Candidate] {
    var (kind, name) = (String?.none, text)
    if let colon = text.firstIndex(of: ":"), Self.kinds.contains(String(text[..<colon])),
      !text[colon...].hasPrefix("://")
    {
      kind = String(text[..<colon])
      name = String(text[text.index(after: colon)...])
    }
    var found: [Candidate] = []
    if kind == nil || kind == "run" { found += try runs(name) }
    if kind == nil || ["dataset", "version"].contains(kind) { found += try datasets(name) }
    if kind == nil || kind == "job" { found += try named(.job, name) }
    if kind == nil || kind == "model" { found += try models(name) }
    if kind == nil || kind == "column" { found += try columns(name) }
    return found
  }

  // MARK: - By name

  /// Names of a kind that a text stands for, whole or without a namespace.
  private func ids(_ kind: LineageNameKind, _ text: String) throws -> [Int64] {
    let reader = query.reader
    var ids = try reader.ids(of: kind, named: text)
    for slash in text.indices where text[slash] == "/" {
      let name = LineageName(
        namespace: String(text[..<slash]), name: String(text[text.index(after: slash)...]))
      guard !name.namespace.isEmpty, !name.name.isEmpty else { continue }
      if let id = try reader.id(of: kind, name), !ids.contains(id) { ids.append(id) }
    }
    guard kind == .dataset else { return ids }
    // Several names of one dataset are no ambiguity.
    var seen: Set<Int64> = []
    let identities = try query.graphIdentities()
    return ids.map { identities.leader(of: $0) }.filter { seen.insert($0).inserted }
  }

  private func named(_ kind: LineageNameKind, _ text: String) throws -> [Candidate] {
    try ids(kind, text).map { id in
      let row = try query.reader.name(id)
      let node: LineageGraph.Node = kind == .job ? .job(id) : .dataset(id)
      return Candidate(
        found: Found(nodes: [node], grain: .design),
        whole: whole(kind == .job ? "job" : "dataset", row))
    }
  }

  private func whole(_ kind: String, _ row: LineageNameRow) -> String {
    "\(kind):\(row.name.namespace)/\(row.name.name)"
  }

  private func datasets(_ text: String) throws -> [Candidate] {
    let whole = try named(.dataset, text)
    guard whole.isEmpty, let at = text.lastIndex(of: "@") else { return whole }
    let version = String(text[text.index(after: at)...])
    return try ids(.dataset, String(text[..<at])).flatMap { dataset in
      try versions(of: dataset, version)
    }
  }

  /// A version by its name, by the beginning of the id of the run that wrote it, or, of Custody's
  /// own datasets, by any REF.
  private func versions(of dataset: Int64, _ text: String) throws -> [Candidate] {
    let row = try query.reader.name(dataset)
    func candidate(_ version: LineageGraph.Version, _ name: String) -> Candidate {
      Candidate(
        found: Found(nodes: [.version(dataset: dataset, version)], grain: .run),
        whole: "\(whole("dataset", row))@\(name)")
    }
    if row.name.namespace == query.ownNamespace {
      let name = "v\(try query.datasets.version(row.name.name, text).number)"
      guard let id = try query.reader.id(of: .version, owner: dataset, Array(name.utf8)) else {
        return []
      }
      return [candidate(.named(id), name)]
    }
    var found: [Candidate] = []
    let identities = try query.graphIdentities()
    for name in identities.names(of: dataset) where found.isEmpty {
      if let id = try query.reader.id(of: .version, owner: name, Array(text.utf8)) {
        found.append(candidate(.named(try query.reader.shared(id, identities)), text))
      }
    }
    guard found.isEmpty, let digits = Self.digits(text) else { return found }
    let graph = try query.graph(.run)
    return try query.reader.runs(withDigits: digits).compactMap { run in
      let version = LineageGraph.Version.written(by: run.id)
      guard graph.numbers[.version(dataset: dataset, version)] != nil else { return nil }
      return candidate(version, String(run.uuid.uuid.suffix(8)))
    }
  }

  private func models(_ text: String) throws -> [Candidate] {
    let at = text.lastIndex(of: "@")
    let wanted = at.map { String(text[text.index(after: $0)...]) }
    let name = at.map { String(text[..<$0]) } ?? text
    return try ids(.model, name).compactMap { id in
      let row = try query.reader.name(id)
      let graph = try query.graph(.run)
      let nodes = try graph.nodes.filter { node in
        guard case .model(id, let version) = node else { return false }
        return try wanted.map { try query.reader.name(version).label == $0 } ?? true
      }
      guard !nodes.isEmpty else { return nil }
      return Candidate(
        found: Found(nodes: nodes, grain: .run), whole: whole("model", row))
    }
  }

  private func columns(_ text: String) throws -> [Candidate] {
    guard let sign = text.lastIndex(of: "#") else { return [] }
    let column = String(text[text.index(after: sign)...])
    return try ids(.dataset, String(text[..<sign])).compactMap { dataset in
      let identities = try query.graphIdentities()
      for name in identities.names(of: dataset) {
        guard let id = try query.reader.id(of: .column, owner: name, Array(column.utf8)) else {
          continue
        }
        let row = try query.reader.name(dataset)
        return Candidate(
          found: Found(
            nodes: [.column(try query.reader.shared(id, identities))], grain: .column),
          whole: "\(whole("column", row))#\(column)")
      }
      return nil
    }
  }

  // MARK: - Runs

  /// At least eight hexadecimal digits, with or without hyphens.
  private static func digits(_ text: String) -> String? {
    let digits = text.lowercased().filter { $0 != "-" }
    let isHex = digits.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
    }
    return isHex && (8...32).contains(digits.utf8.count) ? digits : nil
  }

  private func runs(_ text: String) throws -> [Candidate] {
    guard let digits = Self.digits(text) else { return [] }
    return try query.reader.runs(withDigits: digits).map { run in
      Candidate(
        found: Found(nodes: [.run(run.id)], grain: .run),
        whole: "run:\(run.uuid.uuid)")
    }
  }

  // MARK: - Nothing, or too much

  private static func ambiguous(_ text: String, _ candidates: [Candidate]) -> CustodyError {
    let shown = candidates.prefix(10).map(\.whole).joined(separator: ", ")
    let rest = candidates.count > 10 ? " and \(candidates.count - 10) more" : ""
    return CustodyError(
      .usage, "\(text) names \(candidates.count) things. Give one of them whole: \(shown)\(rest).")
  }

  /// Names that are looked through for suggestions.
  private static let suggestionCountMax = 50_000

  private func notFound(_ text: String) throws -> CustodyError {
    struct Enough: Error {}
    let wanted = text.lowercased()
    var near: [(distance: Int, text: String)] = []
    var looked = 0
    for (kind, word) in [(LineageNameKind.dataset, "dataset"), (.job, "job"), (.model, "model")] {
      do {
        try query.reader.forEachName(of: kind) { row in
          looked += 1
          guard looked <= Self.suggestionCountMax else { throw Enough() }
          let name = row.name.name
          let lower = name.lowercased()
          let isWithin = lower.contains(wanted) || wanted.contains(lower)
          let distance = isWithin ? 1 : Self.distance(lower, wanted)
          guard distance <= max(2, wanted.count / 3) else { return }
          near.append((distance, "\(word):\(try query.label(row))"))
        }
      } catch is Enough {}
    }
    near.sort { ($0.distance, $0.text) < ($1.distance, $1.text) }
    let names = near.prefix(5).map(\.text)
    let advice =
      names.isEmpty
      ? "custody lineage list shows what there is." : "Near: \(names.joined(separator: ", "))."
    return CustodyError(.notFound, "The lineage knows nothing called \(text). \(advice)")
  }

  /// How far apart two names are; of long ones, and of lengths too far apart, no number.
  private static func distance(_ left: String, _ right: String) -> Int {
    let (left, right) = (left.unicodeScalars, right.unicodeScalars)
    guard abs(left.count - right.count) <= right.count / 3 + 2, left.count <= 200 else {
      return .max
    }
    return EditDistance.between(left, right)
  }
}
