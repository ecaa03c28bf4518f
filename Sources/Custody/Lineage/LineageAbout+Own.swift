import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// What Custody itself knows: of its own datasets, versions, runs and models, and of any job how often
/// it ran.
extension LineageAbout {
  private func isOwn(_ query: LineageQuery) -> Bool { node.namespace == query.ownNamespace }

  mutating func addOwnDataset(_ query: LineageQuery) throws {
    guard isOwn(query), let row = try query.ownDatasets()[node.name] else { return }
    add("content", .text(row.kind))
    add("key", row.key.map { .text($0) })
    add("subject", .text(row.subject))
    add("class", .text(row.dataClass))
    add("tags", row.tags.isEmpty ? nil : .list(row.tags))
    let versions = try query.datasets.versions(of: node.name).filter { version in
      query.reader.moment.time.map { version.recordedAt.microseconds <= $0 } ?? true
    }
    add("versions", .count(versions.count))
    guard let newest = versions.last else { return }
    add("newest", .text("v\(newest.number)"))
    addContents(newest)
  }

  mutating func addOwnVersion(_ query: LineageQuery) throws {
    guard isOwn(query), let number = node.version.flatMap({ Int($0.dropFirst()) }),
      let version = try query.datasets.versions(of: node.name).first(where: {
        $0.number == number
      })
    else { return }
    addContents(version)
    add("added", .count(version.added))
    add("changed", .count(version.changed))
    add("removed", .count(version.removed))
    add("tags", version.tags.isEmpty ? nil : .list(version.tags))
    add("message", version.message.map { .text($0) })
    add("run", version.run.map { .text($0) })
    add("by", .text(version.actor))
    add("position", .count(version.position.value))
  }

  private mutating func addContents(_ version: Datasets.Version) {
    add("root", .text(version.root.hex))
    add("records", .count(version.records))
    add("size", .bytes(version.bytes))
  }

  /// How often a job ran, and how the last of its runs went.
  mutating func addRuns(_ runs: Set<Int64>, _ query: LineageQuery) throws {
    guard !runs.isEmpty else { return }
    add("runs", .count(runs.count))
    // A job that ran very often has one that began last all the same, but not for the price of each.
    guard runs.count <= Self.runCountMax else { return }
    let last = try runs.compactMap { try query.run($0) }
      .max {
        ($0.startedAt?.microseconds ?? .min, $0.row.id) < (
          $1.startedAt?.microseconds ?? .min, $1.row.id
        )
      }
    guard let last else { return }
    add("lastRun", .text(last.row.uuid.uuid))
    add("lastState", .text(last.state.text))
    add("lastBegan", last.startedAt.map { .time($0) })
  }

  private static let runCountMax = 2000

  mutating func addOwnRun(_ query: LineageQuery) throws {
    guard let id = node.id.flatMap({ EventID(uuid: $0) }),
      let story = try Runs(store: query.store).story(
        of: id, leavingOut: query.store.restrictions.restricted(unless: nil))
    else { return }
    add("purpose", story.purpose.map { .text($0) })
    // Arguments may be about somebody: custody why tells them.
    let absent = story.isTextRestricted ? "restricted" : "erased"
    add("command", .text(story.text.map { $0.command.first ?? "" } ?? absent))
    // As of a moment before its end nobody knew more of it.
    let isOver = node.state != .running
    if isOver, let end = story.end { add("result", .text(Self.text(end))) }
    add("duration", isOver ? story.duration.map { .duration($0) } : nil)
    add("host", .text(story.host))
    add("commit", story.commit.map { .text($0) })
    let inputs = story.started.inputs.map { "\($0.dataset)@v\($0.number)" }
    let outputs = (isOver ? story.completed?.outputs ?? [] : []).map {
      "\($0.dataset)@v\($0.number)"
    }
    add("reads", inputs.isEmpty ? nil : .list(inputs))
    add("writes", outputs.isEmpty ? nil : .list(outputs))
    add("position", .count(story.position.value))
  }

  private static func text(_ end: RunStory.End) -> String {
    switch end {
    case .completed: "completed"
    case .status(let status): "status \(status)"
    case .signal(let number): "ended by signal \(number)"
    case .refused(let code): "refused: \(code)"
    case .aborted: "aborted"
    }
  }

  mutating func addModel(_ query: LineageQuery) throws {
    guard
      let version = try query.store.models.versions(of: node.name).first(where: {
        $0.version == node.version
      })
    else { return }
    node.startedAt = version.recordedAt
    add("digest", version.digest.map { .text($0) })
    add("purpose", version.purpose.map { .text($0) })
    add("run", version.run.map { .text("\($0)") })
    add("trainedOn", .list(version.trainedOn.map { "\($0.dataset)@v\($0.version)" }))
    add("by", .text(version.actor))
    add("position", .count(version.position.value))
  }
}
