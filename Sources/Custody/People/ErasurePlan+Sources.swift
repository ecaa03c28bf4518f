import CustodyStore

extension ErasurePlan {
  /// Where versions with their records were committed from, by hand or by a run that left them there.
  /// Committing from there again brings the people back, as new ones with other keys.
  public struct Source: Hashable, Sendable {
    /// The dataset.
    public let dataset: String
    /// The path of the file or folder; nil where the ledger does not say.
    public let path: String?
    /// The versions that came from there, ascending.
    public let versions: [Int]
  }
}

extension ErasurePlanning {
  /// Nobody waits to be forgotten because the event of a version is damaged.
  private func readableSource(of version: Datasets.Version) throws -> Datasets.Source {
    do {
      return try store.datasets.source(of: version)
    } catch let error as CustodyError where error.code == .damaged {
      return .unrecorded
    }
  }

  /// Where records were committed from, by dataset and then by version.
  func sources(of records: [ErasurePlan.Records]) throws -> [ErasurePlan.Source] {
    try records.flatMap { records -> [ErasurePlan.Source] in
      var versions: [String?: [Int]] = [:]
      for version in try store.datasets.versions(of: records.dataset)
      where records.versions.contains(version.number) {
        switch try readableSource(of: version) {
        case .path(let path): versions[path, default: []].append(version.number)
        case .unrecorded: versions[nil, default: []].append(version.number)
        case .run:
          if let path = try? store.datasets.outputPath(of: version) {
            versions[path, default: []].append(version.number)
          }
        case .version: break
        }
      }
      return versions.sorted { $0.value[0] < $1.value[0] }.map {
        ErasurePlan.Source(dataset: records.dataset, path: $0.key, versions: $0.value)
      }
    }
  }
}
