extension OpenLineageEvent {
  /// The event as JSON without anything that can carry personal data: what the graph is made of.
  ///
  /// The same bytes for the same event, in whatever order and spacing its members arrived. Read
  /// again, it has the same names, times, schemas and edges; and masked again, it is the same.
  package var masked: [UInt8] {
    var writer = MaskWriter(document)
    writer.open("{")
    if let eventType { writer.text("eventType", eventType.rawValue) }
    // As it was written, because it may have no zone, or more digits than we keep.
    if let time = document.member(0, "eventTime") { writer.text("eventTime", node: time) }
    if let run {
      writer.name("run")
      writer.open("{")
      writer.text("runId", "\(run.id)")
      writer.facets("facets", run.facets)
      writer.close("}")
    }
    if let job {
      writer.name("job")
      writer.entity(job.name, job.facets, nil)
    }
    if let dataset {
      writer.name("dataset")
      writer.entity(dataset.name, dataset.facets, nil)
    }
    writer.datasets("inputs", inputs)
    writer.datasets("outputs", outputs)
    writer.uri("producer", document.member(0, "producer"))
    writer.uri("schemaURL", document.member(0, "schemaURL"))
    writer.close("}")
    return writer.out
  }
}

/// Writes what a mask keeps of a document.
private struct MaskWriter {
  private(set) var out: [UInt8] = []
  private let document: JSONDocument
  /// Whether the next value or member is the first within its brackets.
  private var isFirst = true

  init(_ document: JSONDocument) {
    self.document = document
    out.reserveCapacity(document.bytes.count)
  }

  // MARK: - Parts of an event

  mutating func entity(
    _ name: LineageName, _ facets: OpenLineageFacets, _ usage: OpenLineageFacets?
  ) {
    open("{")
    text("namespace", name.namespace)
    text("name", name.name)
    self.facets("facets", facets)
    if let usage, let place = usage.all.first?.place {
      self.facets(place == .input ? "inputFacets" : "outputFacets", usage)
    }
    close("}")
  }

  mutating func datasets(_ name: StaticString, _ datasets: [OpenLineageEvent.Dataset]) {
    guard !datasets.isEmpty else { return }
    self.name(name)
    open("[")
    for dataset in datasets {
      comma()
      entity(dataset.name, dataset.facets, dataset.usage)
    }
    close("]")
  }

  /// Those that are as the spec asks, sorted by key; of an unknown one its key only.
  mutating func facets(_ name: StaticString, _ facets: OpenLineageFacets) {
    let kept = facets.all.filter { $0.fault == nil }
      .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    guard !kept.isEmpty else { return }
    self.name(name)
    open("{")
    for facet in kept {
      self.name(facet.key.utf8)
      open("{")
      let known =
        facet.isUnderstood ? FacetCatalog.known(facet.place, facet.node - 1, in: document) : nil
      if let known {
        for name in ["_producer", "_schemaURL"] as [StaticString] {
          member(name, .uri, of: facet.node, within: [:])
        }
        if !facet.isDeleted, case .object(let members) = known.mask {
          for (name, mask) in members { member(name, mask, of: facet.node, within: members) }
        }
      }
      if facet.isDeleted {
        self.name("_deleted")
        out += "true".utf8
      }
      close("}")
    }
    close("}")
  }

  // MARK: - By mask

  private mutating func member(
    _ name: StaticString, _ mask: FacetMask, of object: Int,
    within members: FacetMask.Members
  ) {
    guard let node = document.member(object, name) else { return }
    self.name(name)
    value(node, mask, of: object, within: members)
  }

  /// Schemas were checked, so kinds are as masks expect; a value of another kind becomes null.
  private mutating func value(
    _ node: Int, _ mask: FacetMask, of owner: Int, within members: FacetMask.Members
  ) {
    switch (mask, document.kind(node)) {
    case (.text, .string): quoted(document.text(node))
    case (.word, .string):
      let text = document.text(node)
      quoted(Self.isWord(text) ? text : [SQLMask.placeholder])
    case (.number, .number), (.flag, .true), (.flag, .false):
      out += document.text(node)
    case (.uri, .string):
      let text = document.text(node)
      quoted(LineageURI.masked(text) ?? (Self.isWord(text) ? text : [SQLMask.placeholder]))
    case (.namespace, .string): quoted(LineageName.withoutUser(document.text(node)))
    case (.nameOrURI, .string):
      let text = document.text(node)
      let isURI = LineageURI.hasAuthority(text)
      quoted(isURI ? LineageURI.masked(text) ?? [SQLMask.placeholder] : text)
    case (.sql, .string):
      let dialect = document.member(owner, "dialect").map { document.string($0) }
      quoted(SQLMask.masked(document.text(node), dialect: dialect)[...])
    case (.hidden, .string): quoted([SQLMask.placeholder])
    case (.emptyList, .array): out += "[]".utf8
    case (.list(let mask), .array): list(node, mask, of: owner, within: members)
    case (.map(let mask), .object): map(node, mask)
    case (.object(let members), .object): object(node, members)
    case (.again, .object): object(node, members)
    case (.listOfAgain, .array): list(node, .object(members), of: owner, within: members)
    default: out += "null".utf8
    }
  }

  private mutating func object(_ node: Int, _ members: FacetMask.Members) {
    open("{")
    for (name, mask) in members { member(name, mask, of: node, within: members) }
    close("}")
  }

  private mutating func list(
    _ node: Int, _ mask: FacetMask, of owner: Int, within members: FacetMask.Members
  ) {
    open("[")
    var element = node + 1
    while element < document.nodes[node].after {
      comma()
      value(element, mask, of: owner, within: members)
      element = document.nodes[element].after
    }
    close("]")
  }

  private mutating func map(_ node: Int, _ mask: FacetMask) {
    var names: [Int] = []
    document.forEachMember(node) { (name, value) in
      if document.kind(value) != .null { names.append(name) }
    }
    names.sort { document.text($0).lexicographicallyPrecedes(document.text($1)) }
    open("{")
    for name in names {
      self.name(document.text(name))
      value(name + 1, mask, of: node, within: [:])
    }
    close("}")
  }

  /// Names of languages and dialects; no sentence.
  private static func isWord(_ text: ArraySlice<UInt8>) -> Bool {
    text.count <= 32 && text.allSatisfy { ASCII.isWord($0) || "+-.#".utf8.contains($0) }
  }

  // MARK: - JSON

  mutating func open(_ bracket: Unicode.Scalar) {
    out.append(UInt8(ascii: bracket))
    isFirst = true
  }

  mutating func close(_ bracket: Unicode.Scalar) {
    out.append(UInt8(ascii: bracket))
    isFirst = false
  }

  private mutating func comma() {
    if !isFirst { out.append(UInt8(ascii: ",")) }
    isFirst = false
  }

  mutating func name(_ name: StaticString) {
    comma()
    out.append(UInt8(ascii: "\""))
    out += UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    out.append(UInt8(ascii: "\""))
    out.append(UInt8(ascii: ":"))
  }

  private mutating func name(_ name: some Collection<UInt8>) {
    comma()
    quoted(name)
    out.append(UInt8(ascii: ":"))
  }

  mutating func text(_ name: StaticString, _ text: String) {
    self.name(name)
    quoted(text.utf8)
  }

  mutating func text(_ name: StaticString, node: Int) {
    self.name(name)
    quoted(document.text(node))
  }

  /// Left out when it is unclear what it holds.
  mutating func uri(_ name: StaticString, _ node: Int?) {
    guard let node, document.kind(node) == .string,
      let masked = LineageURI.masked(document.text(node))
    else { return }
    self.name(name)
    quoted(masked)
  }

  private mutating func quoted(_ text: some Collection<UInt8>) {
    out.append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        out.append(UInt8(ascii: "\\"))
        out.append(byte)
      case 0..<0x20, 0x7f:
        out += "\\u00".utf8
        out.append(Hex.digit(byte >> 4))
        out.append(Hex.digit(byte & 15))
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }

  private enum Hex {
    static func digit(_ value: UInt8) -> UInt8 {
      value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
  }
}
