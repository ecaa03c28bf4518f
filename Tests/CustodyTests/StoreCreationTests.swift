import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A store is made whole, by one at a time, or not at all")
struct StoreCreationTests {
  private static func create(
    _ path: String, secrets: String? = nil, guard guardFolder: String
  ) async -> CustodyError.Code? {
    do {
      let store = try await Store.create(
        at: path, organization: "example.org", secrets: secrets, guardFolder: guardFolder)
      try await store.close()
      return nil
    } catch {
      return (error as? CustodyError)?.code ?? .internal
    }
  }

  @Test("of several who want the same secrets and guard at once, one gets them", arguments: 0..<5)
  func race(seed: Int) async throws {
    let temporary = try TemporaryStore()
    let (secrets, guardFolder) = (temporary.secrets, temporary.guardFolder)
    let codes = await withTaskGroup { group in
      for index in 0..<4 {
        group.addTask {
          await Self.create(
            "\(temporary.folder)/store\(index)", secrets: secrets, guard: guardFolder)
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(codes.filter { $0 == nil }.count == 1, "\(codes)")
    let names = try FileManager.default.contentsOfDirectory(atPath: temporary.folder)
    let made = names.filter { $0.hasPrefix("store") }
    #expect(made.count == 1, "\(names)")
    // The losers took nothing from the winner.
    let store = try Store.open(at: "\(temporary.folder)/\(made[0])")
    try await store.append(NewEvent(stream: "a", type: "b.c", content: [1]))
    #expect(try await store.verify(level: .contents).holds)
    try await store.close()
  }

  @Test("folders inside the new store, or one for two things, are refused by what is wrong")
  func nested() async throws {
    let temporary = try TemporaryStore()
    let path = temporary.path
    for (secrets, guardFolder) in [
      ("\(path)/keys", temporary.guardFolder), (path, temporary.guardFolder),
      (temporary.secrets, "\(path)/guard"), (temporary.secrets, temporary.secrets),
    ] {
      #expect(await Self.create(path, secrets: secrets, guard: guardFolder) == .usage)
      #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.folder) == [])
    }
  }

  @Test("what a killed creation had built is removed by the next; what others build is not")
  func leftovers() async throws {
    let temporary = try TemporaryStore()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    let left = "store.\(process.processIdentifier).init"
    let others = ["store.1.init", "store.x.init", "other.\(process.processIdentifier).init"]
    for name in [left] + others {
      try FileManager.default.createDirectory(
        atPath: "\(temporary.folder)/\(name)/secrets", withIntermediateDirectories: true)
    }
    #expect(await Self.create(temporary.path, guard: temporary.guardFolder) == nil)
    let names = try FileManager.default.contentsOfDirectory(atPath: temporary.folder)
    #expect(Set(names) == Set(others + ["store", "guard"]))
  }
}
