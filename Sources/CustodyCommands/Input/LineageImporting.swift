import Custody
import CustodyModel
import Foundation

/// Takes in files of OpenLineage: all of them are checked before anything is appended.
final class LineageImporting {
  /// What is not as the specification asks is told one by one up to here.
  private static let remarksShownMax = 20

  private let importer: LineageImport
  private let remarks: Remarks
  private let keepGoing: Bool
  private let isDry: Bool
  private let progress = ProgressBar("importing", in: .bytes)
  private var checked = 0
  private var refused = 0

  private final class Remarks {
    private(set) var count = 0

    func take(_ remark: LineageImport.Remark) {
      count += 1
      guard count <= remarksShownMax else { return }
      let place = [remark.location.file, remark.location.line.map(String.init)]
        .compactMap { $0 }.joined(separator: ":")
      Terminal.note(
        "\(place): \(remark.path): \(remark.rule)\(remark.isFault ? "; the facet is not used" : "")"
      )
    }
  }

  init(_ store: Store, keepGoing: Bool, isDry: Bool) {
    let remarks = Remarks()
    self.remarks = remarks
    importer = LineageImport(store) { remarks.take($0) }
    self.keepGoing = keepGoing
    self.isDry = isDry
  }

  var summary: LineageImport.Summary {
    var summary = importer.summary
    summary.refused += refused
    return summary
  }

  func run(_ arguments: [String]) async throws {
    defer { progress.finish() }
    let inputs = try LineageInput.paths(arguments).map { try LineageInput($0) }
    let total = inputs.reduce(0) { $0 + $1.size }
    if !keepGoing || isDry {
      var before = 0
      for input in inputs {
        try check(input, before, total)
        before += input.size
      }
    }
    guard !isDry else { return }
    var before = 0
    // One batch is read while the one before is appended.
    var reading: LineageImport.Reading?
    for input in inputs {
      while let parts = try input.next(LineageImport.batchSize) {
        let next = LineageImport.read(parts)
        if let reading { try await append(reading) }
        reading = next
        progress.update(before + input.bytesRead, total)
      }
      before += input.size
    }
    if let reading { try await append(reading) }
    try await importer.finish()
    let rest = remarks.count - Self.remarksShownMax
    if rest > 0 { Terminal.note("and \(rest) more of the kind") }
  }

  private func append(_ reading: LineageImport.Reading) async throws {
    for error in try await importer.append(reading) { Terminal.note("custody: \(error)") }
  }

  private func check(_ input: LineageInput, _ before: Int, _ total: Int) throws {
    while let parts = try input.next(LineageImport.batchSize) {
      progress.update((before + input.bytesRead) / (isDry ? 1 : 4), total)
      checked += parts.count
      for error in LineageImport.check(parts) {
        guard keepGoing else { throw error }
        refused += 1
        Terminal.note("custody: \(error)")
      }
    }
    try input.rewind()
  }

  // MARK: - What was done

  func say(_ format: OutputFormat) {
    guard format == .table else { return write(format) }
    _ = Terminal.writeIfRead(Array("\(text)\n".utf8))
  }

  private var text: String {
    let summary = summary
    guard !isDry else {
      return "\((checked - summary.refused).counted("event")) can be imported"
        + (summary.refused > 0 ? "; refused \(summary.refused.counted("event"))" : "")
    }
    var text = "imported \(summary.imported.counted("event"))"
    if let first = summary.first, let last = summary.last {
      text += ", positions \(first) to \(last)"
    }
    if summary.repeats > 0 { text += "; \(summary.repeats) stood there already" }
    if summary.refused > 0 { text += "; refused \(summary.refused.counted("event"))" }
    if summary.warnings > 0 { text += "; \(summary.warnings.counted("warning"))" }
    if summary.faults > 0 {
      text += "; \(summary.faults.counted("facet")) not as the specification asks"
    }
    if !unknown.isEmpty {
      text += "; facets that the specification does not have: "
      text += unknown.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
    return text
  }

  private var unknown: [(key: String, value: Int)] {
    importer.summary.unknownFacets.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
  }

  private func write(_ format: OutputFormat) {
    let summary = summary
    var writer = RecordWriter(
      format,
      [
        .init("imported", right: true), .init("repeats", right: true),
        .init("refused", right: true), .init("warnings", right: true),
        .init("faults", right: true), .init("unknownFacets", long: true),
        .init("first", right: true), .init("last", right: true),
      ])
    writer.write([
      .number(isDry ? checked - summary.refused : summary.imported), .number(summary.repeats),
      .number(summary.refused), .number(summary.warnings), .number(summary.faults),
      .list(unknown.map(\.key)), summary.first.map { .number($0.value) } ?? .absent,
      summary.last.map { .number($0.value) } ?? .absent,
    ])
    writer.finish()
  }
}
