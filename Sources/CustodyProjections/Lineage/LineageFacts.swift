import CustodyLedger
import CustodyModel

/// As of when the graph is asked: what was recorded below a position, and had come to be by a time.
package struct LineageMoment: Sendable, Equatable {
  package var below = Int64.max
  /// In microseconds since 1970; nil for any. What says no zone never counts where one is asked for.
  package var time: Int64?

  package init(below: Int64 = .max, time: Int64? = nil) {
    self.below = below
    self.time = time
  }
}

/// What a number of `lineage_1_name` stands for.
package struct LineageNameRow: Sendable {
  package let id: Int64
  package let kind: LineageNameKind
  /// What a column or version is of.
  package let owner: Int64
  let text: [UInt8]

  /// Of a dataset, a job or a model.
  package var name: LineageName {
    let end = text.firstIndex(of: 0) ?? 0
    return LineageName(
      namespace: String(decoding: text[..<end], as: UTF8.self),
      name: String(decoding: text.dropFirst(end < text.count ? end + 1 : 0), as: UTF8.self))
  }

  /// Of a column, a version or a facet.
  package var label: String { String(decoding: text, as: UTF8.self) }
}

/// That a run read or wrote a dataset. Its times are microseconds since 1970, nil without a zone.
package struct LineageUse: Sendable {
  package let run: Int64
  package let isWrite: Bool
  package let dataset: Int64
  /// 0 when nobody named it.
  package let version: Int64
  package let position: Int64
  package let time: Int64?
}

/// That a job reads or writes a dataset, said of no run.
package struct LineageDeclaration: Sendable {
  package let job: Int64
  package let isWrite: Bool
  package let dataset: Int64
  package let position: Int64
  package let time: Int64?
}

/// That one thing came from another, said edge by edge.
package struct LineageStatedEdge: Sendable {
  package let run: Int64
  package let target: Int64
  /// 0: from nowhere.
  package let source: Int64
  package let position: Int64
  package let time: Int64?

  /// The same for who asks about datasets alone: what comes from a job comes from none of them.
  func amongDatasets(_ reader: LineageReader) throws -> LineageStatedEdge {
    guard source != 0, try reader.name(source).kind == .job else { return self }
    return LineageStatedEdge(run: run, target: target, source: 0, position: position, time: time)
  }
}

package struct LineageColumnRow: Sendable {
  package let dataset: Int64
  package let target: Int64
  package let source: Int64
  /// See ``LineageColumnEdge``.
  package let how: Int64
  package let position: Int64
  package let time: Int64?
}

package struct LineageAlias: Sendable {
  package let dataset: Int64
  package let other: Int64
  package let isRename: Bool
  package let position: Int64
  package let time: Int64?
}

package struct LineageTraining: Sendable {
  package let model: Int64
  package let version: Int64
  package let run: Int64
  package let dataset: Int64
  package let datasetVersion: Int64
  package let position: Int64
  package let time: Int64?
}

package struct LineageRunRow: Sendable {
  package let id: Int64
  package let uuid: EventID
  package let job: Int64?
}

package struct LineageEventRow: Sendable {
  package let run: Int64
  package let job: Int64?
  package let dataset: Int64?
  package let type: OpenLineageEvent.EventType?
  package let position: Int64
  package let time: Int64?
}

package struct LineageParentRow: Sendable {
  package let run: Int64
  package let parent: Int64
  package let isRoot: Bool
  /// What the parent is said to be a run of.
  package let job: Int64
}

package struct LineageFacetRow: Sendable {
  package let about: Int64
  package let state: LineageFacetState
  package let position: Int64
  package let time: Int64?

  package func isNewer(than other: LineageFacetRow) -> Bool {
    let (left, right) = (time ?? .min, other.time ?? .min)
    return left == right ? position > other.position : left > right
  }
}
