import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

/// What is at the places that a run names before its command begins.
///
/// A pipeline runs again and again at the same places. What Custody can bring back, and what a failed
/// run of the same job left, makes room; whatever else is there stays.
struct RunPlaces {
  private let store: Store
  private let job: String

  init(_ store: Store, job: String) {
    self.store = store
    self.job = job
  }

  /// Removes what is at the place of an output.
  ///
  /// - Parameters:
  ///   - dataset: what the output goes to; nil when there is none yet.
  ///   - isForced: whether it goes whatever it is.
  /// - Throws: `alreadyExists` for what nobody could bring back.
  func clear(_ path: String, for output: String, _ dataset: DatasetRow?, isForced: Bool)
    async throws
  {
    guard FileIO.exists(path) else { return }
    if try isLeft(path, output) { return try Self.remove(path) }
    // An empty folder may have been made for the command.
    guard RunPlan.hasContent(path) else { return }
    if !isForced, try await !isNewest(path, dataset) {
      throw CustodyError(
        .alreadyExists,
        "\(path) has something in it that is no version of \(output): nobody could bring it back. "
          + "Commit or remove it, or let --force remove it before the command runs.")
    }
    try Self.remove(path)
  }

  /// Removes what is at the place of an input when it is another version, as Custody wrote it there.
  ///
  /// - Returns: whether it was.
  func clearOlder(_ path: String, _ dataset: DatasetRow) async throws -> Bool {
    guard let number = try await lastRestored(dataset.name, to: path),
      let version = try store.datasets.read({ try $0.version(number, of: dataset.id) }),
      try await InputVersion(store, dataset, version, to: nil, nil).isAt(path, in: store)
    else { return false }
    try Self.remove(path)
    return true
  }

  private static func remove(_ path: String) throws {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw CustodyError(.permission, "\(path) cannot be removed.", cause: error)
    }
  }

  private func isNewest(_ path: String, _ dataset: DatasetRow?) async throws -> Bool {
    guard let dataset, FileIO.isFolder(path) == (dataset.kind == Datasets.Kind.files.rawValue),
      let newest = try store.datasets.read({ try $0.newest(of: dataset.id) })
    else { return false }
    return try await InputVersion(store, dataset, newest, to: nil, nil).isAt(path, in: store)
  }

  /// Whether everything there came while the last run of the job went on, which failed.
  private func isLeft(_ path: String, _ output: String) throws -> Bool {
    guard let last = try store.engine.read(RunProjection.kind, { try RunReader($0).last(job) }),
      let story = try Runs(store: store).story(of: last), let endedAt = story.endedAt,
      story.end != .completed,
      story.text?.places.contains(where: { $0.name == output && $0.path == path }) == true
    else { return false }
    // The clock of a file system goes in steps of some milliseconds.
    let slack = 10_000
    let time = Int(story.startedAt.microseconds) - slack...Int(endedAt.microseconds) + slack
    return Self.changeTimes(path).allSatisfy { $0.map(time.contains) ?? false }
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
