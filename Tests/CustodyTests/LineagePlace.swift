import Custody
import CustodyTesting
import Foundation
import Testing

extension Store {
  /// What an import said.
  struct LineageImported {
    let summary: LineageImport.Summary
    let refusals: [String]
    let remarks: [String]
  }

  /// Takes in events of OpenLineage, so many at a time.
  @discardableResult
  func importing(_ events: [String], by count: Int = 1000) async throws -> LineageImported {
    let remarks = Collected()
    let importer = LineageImport(self) { remarks.texts.append("\($0.path): \($0.rule)") }
    var refusals: [String] = []
    for start in stride(from: 0, to: events.count, by: count) {
      let parts = events[start..<min(events.count, start + count)].enumerated().map {
        LineageImport.Part(
          location: .init(file: "events", line: start + $0 + 1), bytes: Array($1.utf8)[...])
      }
      refusals += try await importer.append(LineageImport.read(parts)).map { "\($0)" }
    }
    try await importer.finish()
    return LineageImported(
      summary: importer.summary, refusals: refusals, remarks: remarks.texts)
  }

  private final class Collected { var texts: [String] = [] }
}

/// What lineage answers to every question that can be asked of some events, without what depends on
/// the order in which they came: numbers of rows, positions, the order within a depth.
struct LineageAnswers: Equatable {
  var list: [String]
  /// By grain, direction and name.
  var reach: [String: [String: Int]] = [:]
  var gaps: [String] = []

  init(_ lineage: Lineage, _ story: LineageStory, _ events: [LineageStory.Event]) throws {
    list = try lineage.list().map {
      "\($0.kind) \($0.namespace)/\($0.name) \($0.facts.map(\.value))"
    }
    for (grain, kind, name) in Self.questions(story, events) {
      for direction in Lineage.Direction.allCases {
        reach["\(grain) \(direction) \(kind) \(name)"] = try lineage.reach(
          from: ["\(kind):\(name)"], direction, grain: grain
        ).depths
      }
    }
    gaps = try lineage.gaps().map { gap in
      // A duration up to now is another one a moment later.
      let finding = gap.finding.replacing(/nothing was heard for [^;]+/, with: "silent")
        .replacing(/positions \d+( and \d+)+( and more)?/, with: "positions")
      return "\(gap.kind) \(gap.node.text) \(finding)"
    }.sorted()
  }

  /// Every node that some events name, in every grain that has it.
  static func questions(
    _ story: LineageStory, _ events: [LineageStory.Event]
  ) -> [(Lineage.Grain, kind: String, name: String)] {
    let texts = events.map(\.json)
    func isNamed(_ name: LineageStory.Name) -> Bool {
      texts.contains { $0.contains("\"\(name.name)\"") }
    }
    var found: [(Lineage.Grain, String, String)] = []
    for name in story.datasets where isNamed(name) {
      found += [(.design, "dataset", "\(name)"), (.run, "dataset", "\(name)")]
    }
    for job in Set(events.compactMap(\.job)) {
      found += [(.design, "job", "\(job)"), (.run, "job", "\(job)")]
    }
    for run in Set(events.compactMap(\.run)) { found.append((.run, "run", run)) }
    for node in LineageReference(.column, events).nodes where node.hasPrefix("column ") {
      found.append((.column, "column", String(node.dropFirst(7))))
    }
    return found
  }

  /// What of two is not the same, for people.
  func differences(from other: LineageAnswers) -> [String] {
    var found: [String] = []
    if list != other.list { found.append("list: \(list) != \(other.list)") }
    for key in Set(reach.keys).union(other.reach.keys).sorted() where reach[key] != other.reach[key]
    {
      found.append(
        "\(key): \(reach[key].map(Self.text) ?? "-") != \(other.reach[key].map(Self.text) ?? "-")")
    }
    let (left, right) = (Set(gaps), Set(other.gaps))
    if gaps != other.gaps {
      found.append(
        "gaps: \(left.subtracting(right).sorted()) != \(right.subtracting(left).sorted())")
    }
    return found
  }

  static func text(_ depths: [String: Int]) -> String {
    depths.map { "\($0.value) \($0.key)" }.sorted().joined(separator: ", ")
  }
}

extension LineagePicture.Node {
  /// As ``LineageReference`` writes it.
  var text: String {
    switch kind {
    case .run: "run \(id ?? "")"
    case .version, .model: "\(kind) \(namespace)/\(name)@\(version ?? "")"
    default: "\(kind) \(namespace)/\(name)"
    }
  }
}

extension LineageReach {
  /// How far away each thing is.
  var depths: [String: Int] {
    Dictionary(steps.map { ($0.node.text, $0.depth) }) { left, right in
      Issue.record("twice in one answer")
      return min(left, right)
    }
  }

  /// What is reached, at any depth.
  var texts: Set<String> { Set(steps.map(\.node.text)) }
}
