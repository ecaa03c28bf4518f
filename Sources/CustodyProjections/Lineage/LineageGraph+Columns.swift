extension LineageGraph {
  /// Which columns came from which, as the newest word on each dataset has it.
  ///
  /// What all columns of a dataset depend on leads to the dataset, and from there to each of them.
  package static func columns(_ reader: LineageReader) throws -> LineageGraph {
    let identities = try reader.identities()
    var graph = LineageGraph(.column, identities)
    let newest = try ["dataset.columnLineage", "dataset.lineage", "job.lineage"].map {
      try reader.newest(facet: $0)
    }
    // A job's word on a dataset stands under the job.
    let ofJobs = newest[2].values.reduce(into: Set<Int64>()) { $0.formUnion($1) }
    var targets: [Int64: Set<Int64>] = [:]
    var whole: Set<Int64> = []
    for edge in try reader.columnEdges() {
      let isCurrent = newest[..<2].contains { $0[edge.dataset]?.contains(edge.position) ?? false }
      guard isCurrent || ofJobs.contains(edge.position) else { continue }
      // A column of a dataset with several names is one column.
      let source = graph.number(
        of: .column(try reader.shared(edge.source, identities)), at: edge.time)
      let target: Int32
      if edge.target == edge.dataset {
        let dataset = identities.leader(of: edge.dataset)
        whole.insert(dataset)
        target = graph.number(of: .dataset(dataset), at: edge.time)
      } else {
        let id = try reader.shared(edge.target, identities)
        targets[identities.leader(of: edge.dataset), default: []].insert(id)
        target = graph.number(of: .column(id), at: edge.time)
      }
      graph.note(edge.how, from: source, to: target)
      graph.connect(source, target, position: edge.position, time: edge.time)
    }
    for dataset in whole.sorted() {
      let all = graph.number(of: .dataset(dataset))
      for id in (targets[dataset] ?? []).sorted() {
        graph.connect(all, graph.number(of: .column(id)), position: 0, time: .min)
      }
    }
    graph.finish()
    return graph
  }
}
