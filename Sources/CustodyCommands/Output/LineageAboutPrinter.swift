import Custody
import CustodyModel

/// Prints what is known of a node of lineage by itself.
struct LineageAboutPrinter {
  private let things: [LineageAbout]
  private let format: OutputFormat
  /// Fields and columns that are shown of each thing; 0 for all.
  private let limit: Int

  init(_ things: [LineageAbout], _ format: OutputFormat, limit: Int) {
    self.things = things
    self.format = format
    self.limit = limit
  }

  /// Models that are told; each of them has a version of its own to ask for.
  private static let thingCountMax = 3

  func print() {
    var hasNaiveTimes = false
    for (index, thing) in things.suffix(Self.thingCountMax).enumerated() {
      if index > 0 { Terminal.print("") }
      let text = LineageAboutText(thing, limit: limit)
      let heading = Terminal.visible(text.heading)
      for line in Terminal.width.map({ Self.wrapped(heading, to: $0) }) ?? [heading] {
        Terminal.print(Terminal.styled(line, .bold))
      }
      let rows = text.rows
      let indent = (rows.map(\.title.count).max() ?? 0) + 2
      for row in rows { print(row, indent: indent) }
      hasNaiveTimes = hasNaiveTimes || text.hasNaiveTimes
    }
    let more = things.count - Self.thingCountMax
    if more > 0 { Terminal.print("and \(more) more before them: custody model list") }
    if hasNaiveTimes { Terminal.print(Cell.naiveLegend) }
  }

  private func print(_ row: LineageAboutText.Row, indent: Int) {
    let width = Terminal.width.map { max(20, $0 - indent) }
    let lines = row.lines.map { Terminal.visible($0) }
      .flatMap { line in width.map { Self.wrapped(line, to: $0) } ?? [line] }
    for (index, line) in lines.enumerated() {
      let title = index == 0 ? row.title : ""
      let padding = String(repeating: " ", count: indent - title.count)
      let start = title.isEmpty ? "" : Terminal.styled(title, .dim)
      Terminal.print("\(start)\(padding)\(line)")
    }
  }

  /// Lines that end between words, and within words that are longer than a line.
  private static func wrapped(_ text: String, to width: Int) -> [String] {
    text.wrapped(to: width).flatMap { line -> [String] in
      var (lines, rest) = ([String](), line[...])
      while rest.columnCount > width {
        let start = rest.prefix(columns: width)
        lines.append(String(start))
        rest = rest.dropFirst(max(1, start.count))
      }
      return lines + [String(rest)]
    }
  }

  /// The answer to what is asked without what lies around.
  func printAlone() {
    switch format {
    case .table, .csv: print()
    case .json:
      var object = JSONWriter()
      write(to: &object)
      Terminal.print(object.object)
    case .ndjson: printLines()
    }
  }

  // MARK: - For programs

  /// A line for each thing, at depth 0: lines of what lies around it follow.
  func printLines() {
    for thing in things {
      var object = JSONWriter()
      object.member("direction", "of")
      object.member("depth", 0)
      Self.write(thing, &object)
      Terminal.print(object.object)
    }
  }

  func write(to object: inout JSONWriter) {
    object.member("of", things) { thing, writer in Self.write(thing, &writer) }
  }

  private static func write(_ thing: LineageAbout, _ writer: inout JSONWriter) {
    LineagePrinter.write(thing.node, &writer)
    let basis = { (time: Timestamp) in thing.isNaive ? time.withoutZone : "\(time)" }
    writer.member("firstSeen", thing.firstSeen.map(basis))
    writer.member("lastSeen", thing.lastSeen.map(basis))
    writer.member("alsoCalled", strings: thing.alsoCalled)
    var known = JSONWriter()
    for fact in thing.facts { known.member(fact.name, json: fact.value.cell.json) }
    writer.member("known", json: known.object)
    writer.member(
      "facets", json: object(thing.facets.filter { !["input", "output"].contains($0.place) }))
    for (place, name) in [("input", "inputs"), ("output", "outputs")] {
      let facets = thing.facets.filter { $0.place == place }
      guard thing.node.kind == .run else {
        writer.member("\(place)Facets", json: object(facets))
        continue
      }
      var datasets: [String] = []
      for facet in facets where facet.dataset != datasets.last {
        datasets.append(facet.dataset ?? "")
      }
      writer.member(name, datasets) { dataset, writer in
        writer.member("dataset", dataset)
        writer.member("\(place)Facets", json: object(facets.filter { $0.dataset == dataset }))
      }
    }
    var unknown = JSONWriter()
    for facet in thing.unknownFacets { unknown.member(facet.key, facet.count) }
    writer.member("unknownFacets", json: unknown.object)
  }

  private static func object(_ facets: [LineageAbout.Facet]) -> String {
    var object = JSONWriter()
    for facet in facets {
      var writer = JSONWriter()
      writer.member("value", json: facet.json)
      writer.member("sealed", facet.isSealed)
      writer.member("original", facet.original?.value)
      writer.member("saidAt", facet.saidAt.map { "\($0)" })
      writer.member("run", facet.run)
      object.member(facet.key, json: writer.object)
    }
    return object.object
  }
}

extension LineageAbout.Fact.Value {
  var cell: Cell {
    switch self {
    case .text(let text): .text(text)
    case .count(let count), .bytes(let count), .duration(let count): .number(count)
    case .time(let time): .time(time)
    case .list(let texts): .list(texts)
    }
  }

  /// With its unit, for people.
  var shown: String {
    switch self {
    case .bytes(let count): count.asBytes
    case .duration(let milliseconds): "\(Double(milliseconds) / 1000) s"
    case .list(let texts): texts.joined(separator: ", ")
    case .time(let time): time.toTheSecond
    default: cell.plain
    }
  }
}
