import Foundation
import Testing

/// Data that others published: test data that is not part of the project.
package enum SharedData {
  /// Conversations of real people.
  package static let conversations = folder("conversations")

  /// Events, facets and schemas of OpenLineage.
  package static let openLineage = folder("openlineage")

  /// Below `CUSTODY_DATA`, else below `../shared/data` beside the package; nil when there is no such
  /// folder.
  private static func folder(_ name: String) -> URL? {
    let named = ProcessInfo.processInfo.environment["CUSTODY_DATA"]
    let package = URL(filePath: #filePath)  // PACKAGE/Tests/CustodyTesting/SharedData.swift
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder =
      (named.map { URL(filePath: $0, directoryHint: .isDirectory) }
      ?? package.deletingLastPathComponent().appending(path: "shared/data"))
      .appending(path: name)
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }

  /// The paths of the JSON files of OpenLineage under `path`, in their order; none when there is no
  /// folder.
  package static func openLineageFiles(under path: String) -> [String] {
    guard let root = openLineage?.appending(path: path),
      let files = FileManager.default.enumerator(atPath: root.path)
    else { return [] }
    return files.compactMap { $0 as? String }
      .filter { $0.hasSuffix(".json") }
      .map { "\(path)/\($0)" }
      .sorted()
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips a test or suite when the shared conversations are not there.
  package static var needsConversations: Self {
    .enabled(
      if: SharedData.conversations != nil,
      "The shared conversations are not here; name the folder above them in CUSTODY_DATA.")
  }

  /// Skips a test or suite when the shared events of OpenLineage are not there.
  package static var needsOpenLineage: Self {
    .enabled(
      if: SharedData.openLineage != nil,
      "The events of OpenLineage are not here; name the folder above them in CUSTODY_DATA.")
  }
}
