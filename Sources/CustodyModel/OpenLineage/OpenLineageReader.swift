/// Finds the shape of an event in its document.
struct OpenLineageReader {
  private let document: JSONDocument
  private var warnings: [OpenLineageFault] = []

  private let facetReading: OpenLineageEvent.FacetReading

  init(_ document: JSONDocument, _ facets: OpenLineageEvent.FacetReading = .checked) {
    self.document = document
    facetReading = facets
  }

  mutating func event() throws(OpenLineageFault) -> OpenLineageEvent {
    let root = 0
    guard document.kind(root) == .object else {
      throw OpenLineageFault(path: "$", rule: "an object is expected")
    }
    try refuseTwins(root)
    let kind = try kind()
    let time = try time()
    let eventType = kind == .run ? try eventType() : nil
    let producer = address("producer")
    let schemaURL = address("schemaURL")
    var run: OpenLineageEvent.Run?
    var job: OpenLineageEvent.Job?
    var dataset: OpenLineageEvent.Dataset?
    var inputs: [OpenLineageEvent.Dataset] = []
    var outputs: [OpenLineageEvent.Dataset] = []
    if kind == .dataset {
      dataset = try self.dataset(try object(root, "dataset"), .dataset)
    } else {
      if kind == .run { run = try self.run(try object(root, "run")) }
      job = try self.job(try object(root, "job"))
      inputs = try datasets("inputs") { .input($0) }
      outputs = try datasets("outputs") { .output($0) }
    }
    return OpenLineageEvent(
      kind: kind, eventType: eventType, time: time, producer: producer, schemaURL: schemaURL,
      run: run, job: job, dataset: dataset, inputs: inputs, outputs: outputs, warnings: warnings,
      document: document)
  }

  /// OpenLineage.json: a dataset event has no job and run, a job event has no run.
  private mutating func kind() throws(OpenLineageFault) -> OpenLineageEvent.Kind {
    let hasRun = document.member(0, "run") != nil
    let hasJob = document.member(0, "job") != nil
    let dataset = document.member(0, "dataset")
    if let dataset, hasJob {
      warn(dataset, "is passed over, because a job stands beside it")
    }
    if hasJob { return hasRun ? .run : .job }
    if hasRun { throw OpenLineageFault(path: "$.job", rule: "is missing") }
    guard dataset != nil else {
      throw OpenLineageFault(path: "$", rule: "a run with its job, a job or a dataset is expected")
    }
    return .dataset
  }

  private mutating func time() throws(OpenLineageFault) -> LineageTime {
    let node = try string(0, "eventTime")
    guard let time = LineageTime(document.string(node)) else {
      throw fault(node, LineageTime.rule)
    }
    if !time.hasZone { warn(node, "has no zone; it is read as UTC and orders nothing") }
    return time
  }

  private func eventType() throws(OpenLineageFault) -> OpenLineageEvent.EventType? {
    guard document.member(0, "eventType") != nil else { return nil }
    let node = try string(0, "eventType")
    guard let type = OpenLineageEvent.EventType(rawValue: document.string(node)) else {
      let names = OpenLineageEvent.EventType.allCases.map(\.rawValue).joined(separator: ", ")
      throw fault(node, "\(names) is expected")
    }
    return type
  }

  /// Producer and schema say where the event comes from, not what it says: nothing is lost without.
  private mutating func address(_ name: StaticString) -> String? {
    guard let node = document.member(0, name) else {
      warnings.append(OpenLineageFault(path: "$.\(name)", rule: "is missing"))
      return nil
    }
    if !LineageURI.isURI(document.text(node)) { warn(node, LineageURI.rule) }
    return document.kind(node) == .string ? document.string(node) : nil
  }

  // MARK: - Entities

  private mutating func run(_ object: Int) throws(OpenLineageFault) -> OpenLineageEvent.Run {
    let node = try string(object, "runId")
    guard let id = LineageRunID(JSONValue(document: document, node: node)) else {
      throw fault(node, LineageRunID.rule)
    }
    return .init(id: id, facets: try facets(of: object, .run, .run))
  }

  private mutating func job(_ object: Int) throws(OpenLineageFault) -> OpenLineageEvent.Job {
    .init(name: try name(object, .init("job")), facets: try facets(of: object, .job, .job))
  }

  private mutating func dataset(
    _ object: Int, _ entity: OpenLineageFacet.Entity
  ) throws(OpenLineageFault) -> OpenLineageEvent.Dataset {
    let name = try name(object, entity.path)
    let facets = try facets(of: object, .dataset, entity)
    let usage: OpenLineageFacets? =
      switch entity {
      case .input: try self.facets(of: object, .input, entity)
      case .output: try self.facets(of: object, .output, entity)
      case .run, .job, .dataset: nil
      }
    return .init(name: name, facets: facets, usage: usage)
  }

  private mutating func datasets(
    _ member: StaticString, _ entity: (Int) -> OpenLineageFacet.Entity
  ) throws(OpenLineageFault) -> [OpenLineageEvent.Dataset] {
    guard let array = document.member(0, member) else { return [] }
    guard document.kind(array) == .array else { throw fault(array, "an array is expected") }
    var datasets: [OpenLineageEvent.Dataset] = []
    var element = array + 1
    while element < document.nodes[array].after {
      guard document.kind(element) == .object else {
        throw fault(element, "an object is expected")
      }
      try refuseTwins(element)
      datasets.append(try dataset(element, entity(datasets.count)))
      element = document.nodes[element].after
    }
    return datasets
  }

  private mutating func name(
    _ object: Int, _ path: JSONPath
  ) throws(OpenLineageFault) -> LineageName {
    let namespace = try string(object, "namespace")
    let name = try string(object, "name")
    for node in [namespace, name] {
      if let rule = LineageName.fault(document.text(node)) { throw fault(node, rule) }
    }
    if LineageName.hasUserInfo(document.text(namespace)) {
      var path = path
      path.append(name: "namespace")
      warnings.append(
        OpenLineageFault(
          path: path.text, rule: "has a user or a password in it, which are left out of the name"))
    }
    let plain = LineageName.withoutUser(document.text(namespace))
    return LineageName(
      namespace: String(decoding: plain, as: UTF8.self), name: document.string(name))
  }

  // MARK: - Facets

  private func facets(
    of owner: Int, _ place: OpenLineageFacet.Place, _ entity: OpenLineageFacet.Entity
  ) throws(OpenLineageFault) -> OpenLineageFacets {
    let found =
      switch place {
      case .run, .job, .dataset: document.member(owner, "facets")
      case .input: document.member(owner, "inputFacets")
      case .output: document.member(owner, "outputFacets")
      }
    guard let found else { return OpenLineageFacets(all: [], document: document) }
    guard document.kind(found) == .object else { throw fault(found, "an object is expected") }
    guard facetReading != .ignored else { return OpenLineageFacets(all: [], document: document) }
    var all: [OpenLineageFacet] = []
    let replaced = document.twin(found) == nil ? [] : replacedFacets(found)
    document.forEachMember(found) { (key, value) in
      guard document.kind(value) != .null else { return }
      all.append(facet(key, value, place, entity, isReplaced: replaced.contains(key)))
    }
    return OpenLineageFacets(all: all, document: document)
  }

  /// The names of members that stand again further on.
  private func replacedFacets(_ object: Int) -> Set<Int> {
    var last: [ArraySlice<UInt8>: Int] = [:]
    var replaced: Set<Int> = []
    document.forEachMember(object) { (key, _) in
      if let earlier = last.updateValue(key, forKey: document.text(key)) {
        replaced.insert(earlier)
      }
    }
    return replaced
  }

  private func facet(
    _ key: Int, _ value: Int, _ place: OpenLineageFacet.Place, _ entity: OpenLineageFacet.Entity,
    isReplaced: Bool
  ) -> OpenLineageFacet {
    let known = FacetCatalog.known(place, key, in: document)
    let name = document.string(key)
    func fault(_ rule: String, at found: Int? = nil, member: String? = nil) -> OpenLineageFault {
      var path = entity.path
      path.append(name: place.member)
      path.append(name: name)
      return OpenLineageFault(
        path: document.path(to: found ?? value, member: member, from: value, path), rule: rule)
    }
    var isDeleted = false
    var violated: OpenLineageFault?
    if known == nil, !OpenLineageFacet.isKey(document.text(key)) {
      // Without the key: it may be a text about somebody.
      var path = entity.path
      path.append(name: place.member)
      violated = OpenLineageFault(path: path.text, rule: OpenLineageFacet.keyRule)
    } else if document.kind(value) != .object {
      violated = fault("an object is expected")
    } else if isReplaced {
      violated = fault("stands twice; the later one is used")
    } else {
      let deleted = place == .job || place == .dataset ? document.member(value, "_deleted") : nil
      isDeleted = deleted.map { document.kind($0) == .true } ?? false
      // What is taken back has not got to say what it was.
      if !isDeleted, facetReading == .checked, let known,
        let found = FacetCatalog.schema.fault(document, value, known.schema)
      {
        violated = fault(found.rule, at: found.node, member: found.member)
      }
    }
    return OpenLineageFacet(
      entity: entity, place: place, key: name, isUnderstood: known != nil, isDeleted: isDeleted,
      fault: violated, node: value)
  }

  // MARK: - Members

  private func object(_ owner: Int, _ name: StaticString) throws(OpenLineageFault) -> Int {
    let node = try member(owner, name)
    guard document.kind(node) == .object else { throw fault(node, "an object is expected") }
    try refuseTwins(node)
    return node
  }

  private func string(_ owner: Int, _ name: StaticString) throws(OpenLineageFault) -> Int {
    let node = try member(owner, name)
    guard document.kind(node) == .string else { throw fault(node, "a string is expected") }
    return node
  }

  private func member(_ owner: Int, _ name: StaticString) throws(OpenLineageFault) -> Int {
    guard let node = document.member(owner, name) else {
      throw OpenLineageFault(
        path: document.path(to: owner, member: "\(name)"), rule: "is missing")
    }
    return node
  }

  /// Two readers could take two values of a member that stands twice, and see two graphs.
  private func refuseTwins(_ object: Int) throws(OpenLineageFault) {
    if let twin = document.twin(object) { throw fault(twin, "a member stands twice") }
  }

  private func fault(_ node: Int, _ rule: String) -> OpenLineageFault {
    OpenLineageFault(path: document.path(to: node), rule: rule)
  }

  private mutating func warn(_ node: Int, _ rule: String) {
    warnings.append(fault(node, rule))
  }
}

extension OpenLineageFacet.Entity {
  fileprivate var path: JSONPath {
    switch self {
    case .run: JSONPath("run")
    case .job: JSONPath("job")
    case .dataset: JSONPath("dataset")
    case .input(let index): JSONPath("inputs", index)
    case .output(let index): JSONPath("outputs", index)
    }
  }
}
