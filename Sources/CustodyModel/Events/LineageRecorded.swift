import CustodyLedger

/// What an event of OpenLineage says for the graph, without what can carry personal data.
package struct LineageRecorded: ModelEvent {
  package static let type = "lineage.recorded"
  package static let version: UInt16 = 1

  /// The event of the ledger with the original; its type is ``LineageReceived``.
  package let source: EventID
  /// The masked event, JSON.
  package let event: [UInt8]
  /// What was not as the spec says, and taken all the same.
  package let warnings: Named<OpenLineageFault>
  /// Facets that are not used, because they are not as the spec asks.
  package let faults: Named<OpenLineageFault>
  /// Keys of the facets that the spec does not have.
  package let unknownFacets: Named<String>

  /// The first of several, and how many there are: the original has them all, and an event that is
  /// wrong all over would otherwise say so at greater length than it has itself.
  package struct Named<Element: Hashable & Sendable>: Hashable, Sendable {
    /// At most ``LineageRecorded/namedMax``.
    package let first: [Element]
    package let count: Int

    package init(_ all: [Element]) {
      first = Array(all.prefix(LineageRecorded.namedMax))
      count = all.count
    }

    fileprivate init?(first: [Element]?, count: Int?) {
      guard let first, let count, first.count == min(count, LineageRecorded.namedMax) else {
        return nil
      }
      self.first = first
      self.count = count
    }
  }

  package static let namedMax = 100

  package init(
    source: EventID, event: [UInt8], warnings: Named<OpenLineageFault>,
    faults: Named<OpenLineageFault>, unknownFacets: Named<String>
  ) {
    self.source = source
    self.event = event
    self.warnings = warnings
    self.faults = faults
    self.unknownFacets = unknownFacets
  }

  /// What is recorded of an event whose original is `source`.
  package init(_ event: OpenLineageEvent, source: EventID) {
    self.init(
      source: source, event: event.masked, warnings: Named(event.warnings),
      faults: Named(event.faults), unknownFacets: Named(event.unknownFacets))
  }

  package var content: [UInt8] { Self.content(source: source, said) }

  /// The content, of what can be made before the original has an id.
  package static func content(source: EventID, _ said: [UInt8]) -> [UInt8] {
    var content: [UInt8] = []
    content.reserveCapacity(said.count + 64)
    content += #"{"source":"\#(source.uuid)","event":"#.utf8
    content += said
    return content
  }

  /// The content after the name of `event`.
  package var said: [UInt8] {
    var content = event
    var writer = JSONWriter()
    writer.member("warnings", warnings.first, Self.write)
    writer.member("warningCount", warnings.count)
    writer.member("faults", faults.first, Self.write)
    writer.member("faultCount", faults.count)
    writer.member("unknownFacets", strings: unknownFacets.first)
    writer.member("unknownFacetCount", unknownFacets.count)
    content.append(UInt8(ascii: ","))
    content += writer.object.utf8.dropFirst()
    return content
  }

  private static func write(_ fault: OpenLineageFault, _ writer: inout JSONWriter) {
    writer.member("path", fault.path)
    writer.member("rule", fault.rule)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content),
      let source = reader.string("source").flatMap({ EventID(uuid: $0) }),
      let event = reader.bytes("event"), event.first == UInt8(ascii: "{"),
      let warnings = Named(
        first: Self.read(reader.objects("warnings")), count: reader.integer("warningCount")),
      let faults = Named(
        first: Self.read(reader.objects("faults")), count: reader.integer("faultCount")),
      let unknownFacets = Named(
        first: reader.strings("unknownFacets"), count: reader.integer("unknownFacetCount"))
    else { return nil }
    self.init(
      source: source, event: Array(event), warnings: warnings, faults: faults,
      unknownFacets: unknownFacets)
  }

  private static func read(_ objects: [MemberReader]?) -> [OpenLineageFault]? {
    guard let objects else { return nil }
    let faults = objects.compactMap { object -> OpenLineageFault? in
      guard let path = object.string("path"), let rule = object.string("rule") else { return nil }
      return OpenLineageFault(path: path, rule: rule)
    }
    return faults.count == objects.count ? faults : nil
  }

  package static let example = LineageRecorded(
    source: EventID(uuid: "01a204a7-ba70-7fdc-b314-7b88f7b52729")!,
    event: Array(
      (#"{"eventType":"COMPLETE","eventTime":"2026-01-31T08:00:00.000Z","#
        + #""run":{"runId":"01a204a7-ba70-7fdc-b314-7b88f7b5272a","facets":{"airflow":{}}},"#
        + #""job":{"namespace":"airflow://production","name":"daily.load"},"#
        + #""outputs":[{"namespace":"postgres://warehouse:5432","name":"public.orders"}]}"#).utf8),
    warnings: Named([
      OpenLineageFault(path: "$.producer", rule: "is missing"),
      OpenLineageFault(path: "$.schemaURL", rule: "is missing"),
    ]),
    faults: Named([
      OpenLineageFault(path: "$.outputs[0].facets.schema.fields[2].name", rule: "is missing")
    ]),
    unknownFacets: Named(["airflow"]))
}
