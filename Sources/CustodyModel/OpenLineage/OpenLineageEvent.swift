import CustodyLedger

/// An event of OpenLineage, read: what a run, a job or a dataset is said to be or to have done.
///
/// Which of the three it is, its shape says, because producers write many forms of `schemaURL`.
/// Read from the exact bytes that arrived; those are what is sealed, and ``masked`` is what the
/// graph is made of.
package struct OpenLineageEvent: Sendable {
  /// In bytes. An event is sealed as the content of one, which can have no more.
  package static let sizeMax = ContentSealer.contentSizeMax

  package enum Kind: String, Sendable { case run, job, dataset }

  /// What became of a run.
  package enum EventType: String, CaseIterable, Sendable {
    case start = "START"
    case running = "RUNNING"
    case complete = "COMPLETE"
    case abort = "ABORT"
    case fail = "FAIL"
    case other = "OTHER"

    /// Whether nothing but OTHER comes after it.
    package var isTerminal: Bool { self == .complete || self == .abort || self == .fail }
  }

  package struct Run: Sendable {
    package let id: LineageRunID
    package let facets: OpenLineageFacets
  }

  package struct Job: Sendable {
    package let name: LineageName
    package let facets: OpenLineageFacets
  }

  package struct Dataset: Sendable {
    package let name: LineageName
    package let facets: OpenLineageFacets
    /// Its `inputFacets` or `outputFacets`: what is true of this run only.
    package let usage: OpenLineageFacets?
  }

  package let kind: Kind
  /// Nil for a run event without one, and for events of the other kinds.
  package let eventType: EventType?
  package let time: LineageTime
  /// As they stand in the event; nil when missing, and then there is a warning.
  package let producer: String?
  package let schemaURL: String?
  /// Of a run event.
  package let run: Run?
  /// Of a run event or a job event.
  package let job: Job?
  /// Of a dataset event.
  package let dataset: Dataset?
  package let inputs: [Dataset]
  package let outputs: [Dataset]
  /// What is not as the spec says, and taken all the same.
  package let warnings: [OpenLineageFault]
  let document: JSONDocument

  /// Reads one event.
  ///
  /// - Throws: what makes the whole event unusable: no JSON, no time, no id, no name. A facet that
  ///   is wrong is no such thing; see ``facets``.
  package init(
    reading bytes: [UInt8], facets: FacetReading = .checked
  ) throws(OpenLineageFault) {
    guard bytes.count <= Self.sizeMax else {
      throw OpenLineageFault(path: "$", rule: "an event has at most \(Self.sizeMax) bytes")
    }
    let document: JSONDocument
    do {
      document = try JSONDocument(bytes)
    } catch {
      throw OpenLineageFault(path: "$", rule: "\(error.reason), at byte \(error.offset)")
    }
    var reader = OpenLineageReader(document, facets)
    self = try reader.event()
  }

  /// What is done about the facets of an event.
  package enum FacetReading: Sendable {
    case checked
    /// They were checked when the event was masked.
    case known
    /// Only whether the event itself can be taken is asked.
    case ignored
  }

  package init(reading bytes: ArraySlice<UInt8>) throws(OpenLineageFault) {
    try self.init(reading: Array(bytes))
  }

  init(
    kind: Kind, eventType: EventType?, time: LineageTime, producer: String?, schemaURL: String?,
    run: Run?, job: Job?, dataset: Dataset?, inputs: [Dataset], outputs: [Dataset],
    warnings: [OpenLineageFault], document: JSONDocument
  ) {
    self.kind = kind
    self.eventType = eventType
    self.time = time
    self.producer = producer
    self.schemaURL = schemaURL
    self.run = run
    self.job = job
    self.dataset = dataset
    self.inputs = inputs
    self.outputs = outputs
    self.warnings = warnings
    self.document = document
  }

  /// Every facet: run, job, dataset, inputs, outputs, each in the order of the text.
  package var facets: [OpenLineageFacet] {
    var all = (run?.facets.all ?? []) + (job?.facets.all ?? [])
    for dataset in [dataset].compactMap({ $0 }) + inputs + outputs {
      all += dataset.facets.all + (dataset.usage?.all ?? [])
    }
    return all
  }

  /// The facets that are not used because they are not as the spec asks.
  package var faults: [OpenLineageFault] { facets.compactMap(\.fault) }

  /// The keys of the facets that the spec does not have, each once, in order.
  package var unknownFacets: [String] {
    let keys = facets.filter { !$0.isUnderstood && $0.fault == nil }.map(\.key)
    return Set(keys).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
