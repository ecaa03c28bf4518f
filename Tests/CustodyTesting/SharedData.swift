import Foundation
import Testing

/// Conversations of real people, published by others: test data that is not part of the project.
package enum SharedData {
  /// `CUSTODY_DATA`, else `../shared/data` beside the package; nil when there is no such folder.
  package static let conversations: URL? = {
    let named = ProcessInfo.processInfo.environment["CUSTODY_DATA"]
    let package = URL(filePath: #filePath)  // PACKAGE/Tests/CustodyTesting/SharedData.swift
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder =
      (named.map { URL(filePath: $0, directoryHint: .isDirectory) }
      ?? package.deletingLastPathComponent().appending(path: "shared/data"))
      .appending(path: "conversations")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }()
}

extension Trait where Self == ConditionTrait {
  /// Skips a test or suite when the shared conversations are not there.
  package static var needsConversations: Self {
    .enabled(
      if: SharedData.conversations != nil,
      "The shared conversations are not here; name the folder above them in CUSTODY_DATA.")
  }
}
