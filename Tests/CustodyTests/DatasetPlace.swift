import Custody
import CustodyTesting
import Foundation
import Testing

/// A store, and a folder for what is committed and restored.
struct DatasetPlace {
  let temporary: TemporaryStore
  let store: Store
  var datasets: Datasets { store.datasets }
  var source: String { "\(temporary.folder)/source" }
  func target(_ name: String) -> String { "\(temporary.folder)/\(name)" }

  init() async throws {
    temporary = try TemporaryStore()
    store = try await temporary.create()
  }

  func write(_ path: String, _ bytes: some Sequence<UInt8>) throws {
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func write(_ path: String, _ text: String) throws { try write(path, text.utf8) }

  func text(_ name: String) throws -> String {
    // Foundation would take a byte-order mark away.
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: target(name))), as: UTF8.self)
  }

  /// Commits a table of this text.
  @discardableResult
  func commit(_ name: String, _ text: String) async throws -> Datasets.Commit {
    try write(target("\(name).source"), text)
    return try await datasets.commit(name, target("\(name).source"))
  }

  /// A CSV of which `id` is the natural key and `client` the person, with these versions.
  func table(_ versions: String...) async throws {
    try await datasets.create("table", kind: .csv, key: "id", subject: "client")
    for text in versions { try await commit("table", text) }
  }

  /// Destroys the keys of a person, and opens the store without her.
  func erasing(_ person: String) async throws -> Store {
    #expect(try await !store.destroyKeys(of: person, in: temporary).isEmpty)
    return try temporary.open()
  }
}

extension Datasets {
  /// What a comparison says, a line a change: `changed a.txt`, `moved old > new`, `moved 3 (1 > 2)`.
  func differences(
    _ name: String, _ old: String, _ new: String, matching filter: Filter? = nil
  ) throws -> [String] {
    var found: [String] = []
    try diff(name, old, new, matching: filter) { found.append($0.line) }
    return found
  }

  /// The same of a comparison with what is at a path.
  func differences(
    _ name: String, with path: String, subjectFile: String? = nil
  ) async throws -> [String] {
    var found: [String] = []
    try await status(name, path, subjectFile: subjectFile) { found.append($0.line) }
    return found
  }
}

extension Datasets.Change {
  var line: String {
    if let oldKey { return "\(kind.rawValue) \(oldKey) > \(key)" }
    if let oldPlace, let newPlace { return "\(kind.rawValue) \(key) (\(oldPlace) > \(newPlace))" }
    return "\(kind.rawValue) \(key)"
  }
}

extension Datasets.Commit {
  /// What it added, changed and removed.
  var counts: [Int] { [added, changed, removed] }
}
