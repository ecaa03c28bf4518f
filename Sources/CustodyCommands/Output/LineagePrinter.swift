import Custody
import CustodyModel

/// Prints what lies upstream and downstream of something.
struct LineagePrinter {
  let format: OutputFormat
  /// Whether there is a column with who answers for each.
  var hasOwners = false

  private var columns: [RecordWriter.Column] {
    [
      .init("direction", detail: true), .init("depth", right: true), .init("kind"),
      .init("namespace", detail: true), .init("name", detail: true),
      .init("label", "name", long: true),
      .init("version"), .init("run", "run", detail: true), .init("state"), .init("time"),
      .init("owners", detail: !hasOwners), .init("note", detail: true),
    ]
  }

  /// - Parameter about: what is known of the node itself, told before what lies around it.
  func print(
    _ answers: [(direction: Lineage.Direction, reach: LineageReach)],
    about: LineageAboutPrinter? = nil
  ) {
    switch format {
    case .table:
      about?.print()
      if about != nil { Terminal.print("") }
      for (direction, reach) in answers {
        if answers.count > 1 { Terminal.print(Terminal.styled(direction.rawValue, .bold)) }
        var writer = RecordWriter(.table, columns)
        for step in reach.steps { writer.write(row(direction, step)) }
        if reach.steps.isEmpty {
          Terminal.print("nothing is \(direction.rawValue)")
        } else {
          writer.finish()
        }
        Terminal.print(summary(direction, reach))
        if answers.count > 1, direction == answers[0].direction { Terminal.print("") }
      }
    case .ndjson, .csv:
      // CSV has the same columns in each row.
      if format == .ndjson { about?.printLines() }
      var writer = RecordWriter(format, columns)
      for (direction, reach) in answers {
        for step in reach.steps { writer.write(row(direction, step)) }
      }
      writer.finish()
      for (direction, reach) in answers { Terminal.note(summary(direction, reach)) }
    case .json:
      var object = JSONWriter()
      let first = answers[0].reach
      if let about {
        about.write(to: &object)
      } else {
        object.member("of", first.starts) { node, writer in Self.write(node, &writer) }
      }
      object.member("moment", first.moment)
      for (direction, reach) in answers {
        object.member(direction.rawValue, reach.steps) { step, writer in
          writer.member("depth", step.depth)
          Self.write(step.node, &writer)
        }
        object.member("\(direction.rawValue)Count", reach.count)
      }
      object.member("complete", answers.allSatisfy(\.reach.isComplete))
      // Both directions begin at the same nodes.
      let again = answers.dropFirst().reduce(0) { $0 + $1.reach.startCount }
      object.member("visited", answers.reduce(0) { $0 + $1.reach.visited } - again)
      Terminal.print(object.object)
    }
  }

  /// A row for each group, with how many things of which kind are in it.
  func print(grouped answers: [(direction: Lineage.Direction, reach: LineageReach)]) {
    var writer = RecordWriter(
      format,
      [
        .init("direction"), .init("group", long: true), .init("nearest", right: true),
        .init("furthest", right: true), .init("count", right: true), .init("kinds", "of which"),
      ])
    for (direction, reach) in answers {
      let groups = Dictionary(grouping: reach.steps) { $0.node.group ?? "" }
      for (name, steps) in groups.sorted(by: { left, right in
        let depths = (left.value[0].depth, right.value[0].depth)
        return depths.0 == depths.1 ? left.key < right.key : depths.0 < depths.1
      }) {
        let kinds = LineagePicture.Kind.allCases.compactMap { kind -> String? in
          let count = steps.count { $0.node.kind == kind }
          return count == 0 ? nil : count.counted(kind.rawValue)
        }
        writer.write([
          .text(direction.rawValue), name.isEmpty ? .absent : .text(name),
          .number(steps[0].depth), .number(steps.map(\.depth).max() ?? 0), .number(steps.count),
          .text(kinds.joined(separator: ", ")),
        ])
      }
    }
    writer.finish(none: "nothing is there")
    for (direction, reach) in answers {
      let text = summary(direction, reach)
      format == .table ? Terminal.print(text) : Terminal.note(text)
    }
  }

  private func row(_ direction: Lineage.Direction, _ step: LineageReach.Step) -> [Cell] {
    let node = step.node
    return [
      .text(direction.rawValue), .number(step.depth), .text(node.kind.rawValue),
      .text(node.namespace), .text(node.name), .text(node.label),
      (node.version ?? node.shortID).map { .text($0) } ?? .absent,
      node.id.map { .text($0) } ?? .absent,
      node.state.map { .text(format == .table ? $0.text : $0.rawValue) } ?? .absent,
      node.beginning, .list(node.owners),
      node.facts.first.map { .text($0.value) } ?? .absent,
    ]
  }

  /// How many there are at which distance, and whether that is all.
  func summary(_ direction: Lineage.Direction, _ reach: LineageReach) -> String {
    var text = ""
    if reach.count > 0 {
      let depths = reach.counts.enumerated().prefix(6).map {
        "\($0.element) at depth \($0.offset + 1)"
      }
      text += "\(reach.count) \(direction.rawValue): \(depths.joined(separator: ", "))"
      if reach.counts.count > 6 { text += ", the last at depth \(reach.counts.count)" }
      if reach.steps.count < reach.count { text += "; \(reach.steps.count) shown" }
      text += "; "
    }
    if reach.visited == 0 {
      let names = reach.starts.map(\.label).joined(separator: ", ")
      return "\(names) is known, but has no edges in this grain; \(reach.moment)"
    }
    text += reach.isComplete ? "complete" : "not complete"
    let unsaid = reach.steps.count { !$0.node.facts.isEmpty }
    if unsaid > 0 {
      text += " (\(unsaid.counted("run")) did not say which records come from which)"
    }
    return text + "; visited \(reach.visited.counted("node")); \(reach.moment)"
  }

  static func write(_ node: LineagePicture.Node, _ writer: inout JSONWriter) {
    writer.member("kind", node.kind.rawValue)
    writer.member("namespace", node.namespace)
    writer.member("name", node.name)
    writer.member("label", node.label)
    writer.member("version", node.version)
    writer.member("run", node.id)
    writer.member("state", node.state?.rawValue)
    writer.member("startedAt", (node.startedAt?.description ?? node.naiveStart?.withoutZone))
    writer.member("endedAt", (node.endedAt?.description ?? node.naiveEnd?.withoutZone))
    if node.naiveStart != nil || node.naiveEnd != nil { writer.member("timeBasis", "naive") }
    if !node.erasures.isEmpty {
      writer.member("erasures", node.erasures) { erasure, writer in
        writer.member("position", erasure.position.value)
        writer.member("time", "\(erasure.time)")
        writer.member("reason", erasure.reason)
        writer.member("records", erasure.records)
      }
    }
    writer.member("owners", strings: node.owners)
    writer.member("note", node.facts.first?.value)
  }
}

extension LineagePicture.Node {
  /// When it began or was written.
  var beginning: Cell {
    startedAt.map { .time($0) } ?? naiveStart.map { .naiveTime($0) } ?? .absent
  }
}
