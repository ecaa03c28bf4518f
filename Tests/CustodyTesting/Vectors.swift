import Foundation
import Testing

/// Known answers by other implementations: test data that is not part of the project.
///
/// A clone alone lacks them; it has its own examples under `CustodyLedgerTests/Examples`.
package enum Vectors {
  /// `CUSTODY_VECTORS`, else `../shared/vectors` beside the package; nil when there is no folder.
  package static let folder: URL? = {
    let named = ProcessInfo.processInfo.environment["CUSTODY_VECTORS"]
    let package = URL(filePath: #filePath)  // PACKAGE/Tests/CustodyTesting/Vectors.swift
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder =
      named.map { URL(filePath: $0, directoryHint: .isDirectory) }
      ?? package.deletingLastPathComponent().appending(path: "shared/vectors")
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder)
    return exists && isFolder.boolValue ? folder : nil
  }()

  /// The JSON file at `path` in the folder; `snake_case` names become `snakeCase`.
  ///
  /// - Throws: what Foundation throws when the file is missing or of another shape.
  package static func decode<T: Decodable>(_ type: T.Type, from path: String) throws -> T {
    guard let folder else { throw CocoaError(.fileNoSuchFile) }
    return try decode(type, at: folder.appending(path: path))
  }

  /// The same for a JSON file anywhere.
  package static func decode<T: Decodable>(_ type: T.Type, at file: URL) throws -> T {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(contentsOf: file))
  }

  /// The paths of all JSON files under `path`, in their own order; none when there is no folder.
  package static func jsonFiles(under path: String) -> [String] {
    guard let root = folder?.appending(path: path),
      let files = FileManager.default.enumerator(atPath: root.path)
    else { return [] }
    return files.compactMap { $0 as? String }
      .filter { $0.hasSuffix(".json") }
      .map { "\(path)/\($0)" }
      .sorted()
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips a test or suite when the shared vectors are not there.
  package static var needsVectors: Self {
    .enabled(
      if: Vectors.folder != nil,
      "The shared vectors are not here; name their folder in CUSTODY_VECTORS to run these tests.")
  }
}
