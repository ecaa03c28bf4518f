import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

/// What is at the places that a run names before its command begins.
///
/// A pipeline runs again and again at the same places. What Custody can bring back makes room; what a
/// failed run of the same job left is moved aside; whatever else is there stays.
struct RunPlaces {
  private let store: Store
  private let job: String

  /// What becomes of what is at a place.
  enum Fate {
    case stays
    /// Custody can bring it back.
    case removed
    /// A failed run left it.
    case movedAside(to: String)
  }

  init(_ store: Store, job: String) {
    self.store = store
    self.job = job
  }

  /// Judges what is at the place of an output; nothing is touched.
  ///
  /// - Parameters:
  ///   - dataset: what the output goes to; nil when there is none yet.
  ///   - isForced: whether it goes whatever it is.
  /// - Throws: `alreadyExists` for what nobody could bring back.
  func fate(
    of path: String, for output: String, _ dataset: DatasetRow?, isForced: Bool
  ) async throws -> Fate {
    guard FileIO.exists(path) else { return .stays }
    if isForced { return RunPlan.hasContent(path) ? .removed : .stays }
    if let run = try failedRun(thatLeft: path, output) {
      return .movedAside(to: "\(path).left-\("\(run)".suffix(8))")
    }
    // An empty folder may have been made for the command.
    guard RunPlan.hasContent(path) else { return .stays }
    guard try await isVersion(path, output, dataset) else {
      throw CustodyError(
        .alreadyExists,
        "\(path) has something in it that is no version of \(output): nobody could bring it back. "
          + "Commit, move or remove it; custody run --force removes it before the command runs.")
    }
    return .removed
  }

  /// - Returns: where to it was moved.
  func make(_ fate: Fate, of path: String) throws -> String? {
    switch fate {
    case .stays: return nil
    case .removed:
      try OutsidePath.remove(path)
      return nil
    case .movedAside(let aside):
      if FileIO.exists(aside) { try OutsidePath.remove(aside) }
      guard rename(path, aside) == 0 else {
        throw CustodyError(SystemCallError("rename"), path: path)
      }
      return aside
    }
  }

  /// Whether what is at the place of an input is another version, exactly as Custody wrote it there.
  func isOlder(_ path: String, _ dataset: DatasetRow) async throws -> Bool {
    guard let number = try await lastRestored(dataset.name, to: path) else { return false }
    return try await isVersion(number, path, dataset)
  }

  /// Whether an output's place has the newest version, or the one that this job wrote there last.
  private func isVersion(
    _ path: String, _ output: String, _ dataset: DatasetRow?
  ) async throws -> Bool {
    guard let dataset, FileIO.isFolder(path) == (dataset.kind == Datasets.Kind.files.rawValue)
    else { return false }
    var numbers: Set<Int> = []
    if let newest = try store.datasets.read({ try $0.newest(of: dataset.id) }) {
      numbers.insert(newest.number)
    }
    let last = try store.engine.read(RunProjection.kind) { try RunReader($0).lastCompleted(job) }
    if let last, let story = try Runs(store: store).story(of: last),
      let written = story.completed?.outputs.first(where: { $0.dataset == output })
    {
      numbers.insert(written.number)
    }
    for number in numbers where try await isVersion(number, path, dataset) { return true }
    return false
  }

  private func isVersion(
    _ number: Int, _ path: String, _ dataset: DatasetRow
  ) async throws -> Bool {
    guard let version = try store.datasets.read({ try $0.version(number, of: dataset.id) }) else {
      return false
    }
    return try await InputVersion(store, dataset, version, to: nil, nil).isAt(path, in: store)
  }

  /// The last run of the job, when it failed and everything there came while it went on.
  private func failedRun(thatLeft path: String, _ output: String) throws -> EventID? {
    guard let last = try store.engine.read(RunProjection.kind, { try RunReader($0).last(job) }),
      let story = try Runs(store: store).story(of: last), story.end != .completed,
      story.text?.places.contains(where: { $0.name == output && $0.path == path }) == true
    else { return nil }
    guard let endedAt = story.endedAt else {
      throw CustodyError(
        .alreadyExists,
        "Run \(last) of \(job) writes to \(path), or a command that outlived it does: wait until it "
          + "has ended.")
    }
    // The clock of a file system goes in steps of some milliseconds.
    let slack = 10_000
    let time = Int(story.startedAt.microseconds) - slack...Int(endedAt.microseconds) + slack
    return Self.changeTimes(path).allSatisfy { $0.map(time.contains) ?? false } ? last : nil
  }

  /// When each thing at a path last changed in any way, in microseconds; nil for what cannot be
  /// asked. Unlike the time of writing it cannot be set.
  private static func changeTimes(_ path: String) -> [Int?] {
    let names = FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []
    return ([path] + names.map { "\(path)/\($0)" }).map { path in
      var status = stat()
      guard lstat(path, &status) == 0 else { return nil }
      return status.st_ctim.tv_sec * 1_000_000 + status.st_ctim.tv_nsec / 1000
    }
  }

  /// The version that was last written to a path.
  private func lastRestored(_ dataset: String, to path: String) async throws -> Int? {
    let filter = EventFilter(
      stream: "\(DatasetProjection.streamPrefix)\(dataset)", type: DatasetRestored.type,
      isReversed: true)
    for try await event in store.events(filter) {
      guard let content = try store.content(of: event),
        let restored = DatasetRestored(
          content: content, version: event.header.claim.typeVersion), restored.target == path
      else { continue }
      return restored.number
    }
    return nil
  }
}
