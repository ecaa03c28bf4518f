import CustodyModel
import CustodyProjections
import CustodyStore

extension Datasets {
  /// A version of which another was made.
  public struct Ancestor: Sendable {
    /// The dataset.
    public let dataset: String
    /// The number of the version.
    public let version: Int
    /// How far it says whom its records are about.
    public let state: State.Kind
  }

  /// Of what runs made a version that has no tokens of its own: back to versions that have some, or that
  /// somebody committed.
  ///
  /// A run may keep tokens, drop them or put values in their place, and nobody but its author knows
  /// which. So the version it wrote is raw until somebody says more, and this says what to go by.
  ///
  /// - Returns: by dataset and version; empty when no run made it, or it has tokens.
  /// - Throws: `notFound` for a dataset or version that there is not.
  ///
  /// Cost: a few look-ups for each run behind it.
  public func ancestors(of name: String, _ reference: String = "head") throws -> [Ancestor] {
    let row = try existing(name)
    let version = try version(row, reference)
    var states: [String: [Int: State]] = [:]
    func state(_ name: String, _ number: Int) throws -> State {
      let known = try states[name] ?? self.states(of: name)
      states[name] = known
      return known[number] ?? .raw
    }
    guard try state(name, version.number).columns.isEmpty else { return [] }
    var (open, seen) = ([version], Set<[String]>())
    var found: [Ancestor] = []
    while let version = open.popLast() {
      guard let run = version.run.flatMap({ EventID(uuid: $0) }),
        let story = try Runs(store: store).story(of: run)
      else { continue }
      for input in story.started.inputs
      where seen.insert([input.dataset, "\(input.number)"]).inserted {
        let read = try self.version(try existing(input.dataset), "v\(input.number)")
        let said = try state(input.dataset, input.number)
        if read.run != nil, said.columns.isEmpty {
          open.append(read)
        } else {
          found.append(
            Ancestor(dataset: input.dataset, version: input.number, state: said.kind))
        }
      }
    }
    return found.sorted { ($0.dataset, $0.version) < ($1.dataset, $1.version) }
  }
}
