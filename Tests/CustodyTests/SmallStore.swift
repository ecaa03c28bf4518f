import Custody
import CustodyTesting
import Foundation

/// A closed store with some events, and what tests of opening ask of it.
enum SmallStore {
  static let accesses = [Store.Access.reading, .contents, .writing]

  static func code(_ body: () throws -> some Any) -> CustodyError.Code? {
    do {
      _ = try body()
      return nil
    } catch {
      return (error as? CustodyError)?.code
    }
  }

  /// A closed store with some events.
  static func make() async throws -> TemporaryStore {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.append(NewEvent(stream: "a", type: "b.c", content: [1]))
    try await store.append(NewEvent(stream: "a", type: "b.c", content: [2]))
    try await store.close()
    return temporary
  }

  static func append(_ temporary: TemporaryStore, _ count: Int = 1) async throws {
    let store = try temporary.open()
    for _ in 0..<count {
      try await store.append(NewEvent(stream: "a", type: "b.c", content: [3]))
    }
    try await store.close()
  }

  static func bytes(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path))
  }
}
