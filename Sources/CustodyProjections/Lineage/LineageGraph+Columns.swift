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
    // A column of a dataset with several names is one column.
    func column(_ id: Int64) throws -> Int64 {
      guard !identities.isEmpty else { return id }
      let row = try reader.name(id)
      let leader = identities.leader(of: row.owner)
      guard row.kind == .column, leader != row.owner else { return id }
      return try reader.id(of: .column, owner: leader, Array(row.label.utf8)) ?? id
    }
    var targets: [Int64: Set<Int64>] = [:]
    var whole: Set<Int64> = []
    for edge in try reader.columnEdges() {
      let isCurrent = newest.contains { facets in
        facets[edge.dataset].map { $0.state == .said && $0.position == edge.position } ?? false
      }
      // A job's word on a dataset stands under the job.
      guard isCurrent || newest[2].values.contains(where: { $0.position == edge.position }) else {
        continue
      }
      let source = graph.number(of: .column(try column(edge.source)), at: edge.time)
      let target: Int32
      if edge.target == edge.dataset {
        let dataset = identities.leader(of: edge.dataset)
        whole.insert(dataset)
        target = graph.number(of: .dataset(dataset), at: edge.time)
      } else {
        let id = try column(edge.target)
        targets[identities.leader(of: edge.dataset), default: []].insert(id)
        target = graph.number(of: .column(id), at: edge.time)
      }
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
