import ArgumentParser
import Custody

extension MomentOptions {
  func lineage(of store: Store) throws -> Lineage {
    try store.lineage.known(at: try at.moment(in: store), when: try time(in: store))
  }
}

/// How far, and over what kind of nodes, the graph is followed.
struct LineageReachOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Follow at most so many edges.", valueName: "N"))
  var depth: Int?

  @Option(help: "What the nodes are; else what fits the NODE.")
  var grain: Lineage.Grain?

  func validate() throws {
    if let depth, depth < 1 { throw ValidationError("--depth is 1 or more.") }
  }
}

extension Lineage.Grain: ExpressibleByArgument {}

extension Lineage.Direction {
  /// What two flags ask for: without any, or with both, both.
  static func chosen(upstream: Bool, downstream: Bool) -> [Lineage.Direction] {
    upstream == downstream ? [.upstream, .downstream] : upstream ? [.upstream] : [.downstream]
  }
}

extension DatasetReference {
  /// The version that a NODE names beside the KEY of a record.
  init(ofRecordIn node: String) throws {
    guard let reference = DatasetReference(argument: node) else {
      throw CustodyError(.usage, "\(node) is no NAME[@REF] of a dataset, and KEY names a record.")
    }
    self = reference
  }
}

/// What the help of several verbs says.
enum LineageHelp {
  static let node = """
    NODE is a dataset, a job, a model or a run: its name, with namespace/ before it where several \
    are called so, or the first or last 8 digits of a run's id. NAME@VERSION is one version of a dataset, \
    NAME#COLUMN a column. dataset:, job:, model: or run: before it says which is meant.
    """
}
