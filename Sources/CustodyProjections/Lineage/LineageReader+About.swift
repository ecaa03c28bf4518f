import CustodyLedger
import CustodyStore

/// When something was first and last spoken of, by the events' own times.
package struct LineageSightings: Sendable {
  /// In microseconds since 1970; nil when no event says it with a zone.
  package private(set) var first: Int64?
  package private(set) var last: Int64?
  /// The first and the last event that say it without a zone.
  package private(set) var untimed: (first: Int64, last: Int64)?

  package init() {}

  package mutating func add(_ position: Int64, _ time: Int64?) {
    guard let time else {
      untimed = (
        min(untimed?.first ?? position, position), max(untimed?.last ?? position, position)
      )
      return
    }
    first = min(first ?? time, time)
    last = max(last ?? time, time)
  }
}

/// Asks for what was said of one thing.
extension LineageReader {
  /// Every word on facets of some datasets or jobs, or of runs, whose numbers are negative.
  package func facets(of about: [Int64]) throws -> [(name: Int64, word: LineageFacetRow)] {
    var found: [(name: Int64, word: LineageFacetRow)] = []
    for about in about {
      try forEach("facet, state", "facet", "about = ?3", [about]) { row in
        found.append(
          (
            row.integer(0),
            LineageFacetRow(
              about: about, state: LineageFacetState(rawValue: row.integer(1)) ?? .faulty,
              position: row.integer(2), time: time(row, 3))
          ))
      }
    }
    return found
  }

  /// When a dataset was spoken of, under all its names.
  ///
  /// Cost: a pass over all uses.
  package func sightings(ofDataset names: [Int64]) throws -> LineageSightings {
    var found = LineageSightings()
    for name in names {
      for (table, column) in [
        ("use", "dataset"), ("declaration", "dataset"), ("event", "dataset"), ("facet", "about"),
        ("column", "dataset"), ("alias", "dataset"), ("alias", "other"),
      ] {
        try forEach(column, table, "\(column) = ?3", [name]) { row in
          found.add(row.integer(1), time(row, 2))
        }
      }
    }
    return found
  }

  /// When a job was spoken of, and how many runs it had.
  package func sightings(
    ofJob job: Int64
  ) throws -> (sightings: LineageSightings, runs: Set<Int64>) {
    var found = LineageSightings()
    var runs: Set<Int64> = []
    try forEach("run", "event", "job = ?3", [job]) { row in
      if row.integer(0) != 0 { runs.insert(row.integer(0)) }
      found.add(row.integer(1), time(row, 2))
    }
    for (table, column) in [("declaration", "job"), ("facet", "about"), ("parent", "job")] {
      try forEach(column, table, "\(column) = ?3", [job]) { row in
        found.add(row.integer(1), time(row, 2))
      }
    }
    return (found, runs)
  }

  /// What was said of the versions of a dataset, of one of them or, with a run, of the one that it
  /// wrote without giving it a name.
  ///
  /// - Parameters:
  ///   - versions: numbers of its names.
  ///   - run: who wrote what has none.
  ///
  /// Cost: a pass over all uses.
  package func uses(ofVersions versions: [Int64], writtenBy run: Int64?, of names: [Int64]) throws
    -> [LineageUse]
  {
    var found: [LineageUse] = []
    for name in names {
      try forEach("run, is_write, version", "use", "dataset = ?3", [name]) { row in
        let version = row.integer(2)
        guard
          versions.contains(version) || version == 0 && row.integer(1) != 0 && row.integer(0) == run
        else { return }
        found.append(
          LineageUse(
            run: row.integer(0), isWrite: row.integer(1) != 0, dataset: name, version: version,
            position: row.integer(3), time: time(row, 4)))
      }
    }
    return found
  }

  /// What a run read and wrote.
  package func uses(ofRun run: Int64) throws -> [LineageUse] {
    var found: [LineageUse] = []
    try forEach("is_write, dataset, version", "use", "run = ?3", [run]) { row in
      found.append(
        LineageUse(
          run: run, isWrite: row.integer(0) != 0, dataset: row.integer(1), version: row.integer(2),
          position: row.integer(3), time: time(row, 4)))
    }
    return found
  }

  /// The versions that nobody said to be written at a time with a zone, with the first event that
  /// says them written.
  ///
  /// Cost: a pass over all uses, or two.
  package func untimedVersions() throws -> [Int64: Int64] {
    var found: [Int64: Int64] = [:]
    try forEach("version", "use", "is_write AND version != 0 AND time IS NULL") { row in
      found[row.integer(0)] = min(found[row.integer(0)] ?? .max, row.integer(1))
    }
    guard !found.isEmpty else { return found }
    try forEach("version", "use", "is_write AND version != 0 AND time IS NOT NULL") { row in
      found[row.integer(0)] = nil
    }
    return found
  }
}
