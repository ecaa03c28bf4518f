/// A facet of an event: where it stands, and whether it can be used.
package struct OpenLineageFacet: Sendable {
  /// What it says something about.
  package enum Entity: Hashable, Sendable, CustomStringConvertible {
    case run, job, dataset
    /// A place in `inputs`, `outputs`, from 0.
    case input(Int)
    case output(Int)

    package var description: String {
      switch self {
      case .run: "run"
      case .job: "job"
      case .dataset: "dataset"
      case .input(let index): "input \(index)"
      case .output(let index): "output \(index)"
      }
    }
  }

  /// Which of the spec's five kinds it is; it decides what a key means. A dataset that is read has
  /// facets of its own and of this reading.
  package enum Place: Int, CaseIterable, Sendable {
    case run, job, dataset, input, output

    /// What the spec calls the member with the facets.
    package var member: String {
      switch self {
      case .run, .job, .dataset: "facets"
      case .input: "inputFacets"
      case .output: "outputFacets"
      }
    }
  }

  package let entity: Entity
  package let place: Place
  package let key: String
  /// Whether the spec has it in this place.
  package let isUnderstood: Bool
  /// Whether it takes back what an earlier event said: `_deleted`. Only facets of jobs and
  /// datasets can.
  package let isDeleted: Bool
  /// Why it is not used: it is kept in the original only.
  package let fault: OpenLineageFault?
  let node: Int
}

/// The facets of one place, in the order of the text.
package struct OpenLineageFacets: Sendable {
  package let all: [OpenLineageFacet]
  let document: JSONDocument

  /// What a facet says; nil when it is missing, deleted or not as the spec asks.
  package subscript<Facet: LineageFacet>(_ type: Facet.Type) -> Facet? {
    guard let found = all.last(where: { $0.key == Facet.key && $0.isUsed }) else { return nil }
    return Facet(JSONValue(document: document, node: found.node))
  }

  /// A facet as its text has it; nil when it is missing, deleted or not as the spec asks.
  package func json(_ key: String) -> ArraySlice<UInt8>? {
    all.last { $0.key == key && $0.isUsed }
      .map { JSONValue(document: document, node: $0.node).json }
  }

  /// Whether a facet of a masked event says less than it does in the original.
  ///
  /// - Parameter original: where the facet stands in the original; nil when that is gone, and then the
  ///   answer is whether anything is ever masked in such a facet.
  package func isMasked(_ key: String, of original: OpenLineageFacets?) -> Bool {
    guard let here = all.last(where: { $0.key == key && $0.isUsed }) else { return false }
    guard let original, let there = original.all.last(where: { $0.key == key && $0.isUsed }) else {
      return FacetCatalog.known(here.place, here.node - 1, in: document)?.mask.isHiding ?? false
    }
    return JSONValue(document: document, node: here.node)
      .isLess(than: JSONValue(document: original.document, node: there.node))
  }

  /// Whether this event takes the facet back.
  package func isDeleted<Facet: LineageFacet>(_ type: Facet.Type) -> Bool {
    all.contains { $0.key == Facet.key && $0.isDeleted && $0.isUnderstood && $0.fault == nil }
  }
}

extension JSONValue {
  /// Whether a masked value lacks something that the original has.
  fileprivate func isLess(than original: JSONValue) -> Bool {
    guard kind == original.kind else { return true }
    switch kind {
    case .object:
      let mine = Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
      return original.members.contains { name, value in
        // Who produced a facet is no text of anybody.
        !["_producer", "_schemaURL"].contains(name)
          && mine[name].map { $0.isLess(than: value) } ?? true
      }
    case .array:
      let (mine, other) = (elements, original.elements)
      return mine.count != other.count || zip(mine, other).contains { $0.isLess(than: $1) }
    case .string: return string?.utf8.elementsEqual(original.string?.utf8 ?? "".utf8) != true
    default: return json != original.json
    }
  }
}

extension OpenLineageFacet {
  /// In bytes. The spec gives no bound; keys are kept and shown, so they are to be names.
  package static let keySizeMax = 128

  static let keyRule =
    "a facet's key is expected: at most \(keySizeMax) letters, digits and any of _ - . : /"

  static func isKey(_ text: ArraySlice<UInt8>) -> Bool {
    (1...keySizeMax).contains(text.count)
      && text.allSatisfy { ASCII.isWord($0) || "-.:/".utf8.contains($0) }
  }

  /// Whether its value means something here.
  package var isUsed: Bool { isUnderstood && !isDeleted && fault == nil }
}

/// A facet that is understood, with the members that lineage needs.
package protocol LineageFacet: Equatable, Sendable {
  static var key: String { get }
  /// The facet of a value that its schema takes.
  init?(_ value: JSONValue)
}
