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

  @Test("of several who make the same store at once, one does", arguments: 0..<5)
  func samePlace(seed: Int) async throws {
    let temporary = try TemporaryStore()
    let path = temporary.path
    let codes = await withTaskGroup { group in
      for index in 0..<4 {
        let guardFolder = "\(temporary.folder)/guard\(index)"
        group.addTask { await Self.create(path, guard: guardFolder) }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(codes.filter { $0 == nil }.count == 1, "\(codes)")
    let names = try FileManager.default.contentsOfDirectory(atPath: temporary.folder)
    #expect(names.count == 2, "\(names)")
    #expect(try await Store.open(at: path).verify(level: .contents).holds)
  }

  @Test("a creation that fails takes nothing that others put beside it")
  func neighbors() async throws {
    let temporary = try TemporaryStore()
    try FileManager.default.createDirectory(
      atPath: "\(temporary.guardFolder)/another", withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      atPath: "\(temporary.secrets)/epochs", withIntermediateDirectories: true)
    // The name of a file that creation makes, taken by a folder: it fails halfway.
    try FileManager.default.createDirectory(
      atPath: "\(temporary.guardFolder)/\(SignerState.fileName).tmp",
      withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      atPath: "\(temporary.secrets)/signing.key", withIntermediateDirectories: true)
    let code = await Self.create(
      temporary.path, secrets: temporary.secrets, guard: temporary.guardFolder)
    #expect(code == .alreadyExists)
    func names(_ path: String) throws -> Set<String> {
      Set(try FileManager.default.contentsOfDirectory(atPath: path))
    }
    #expect(try names(temporary.guardFolder) == ["another", "\(SignerState.fileName).tmp"])
    #expect(try names(temporary.secrets) == ["epochs", "signing.key"])
    #expect(try names(temporary.folder) == ["guard", "secrets"])
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
    let left = "store.00112233aabbccdd.init"
    let others = [
      "store.1.init", "store.x.init", "other.00112233aabbccdd.init", "store.ffff2233aabbccdd.init",
    ]
    for name in [left] + others {
      try FileManager.default.createDirectory(
        atPath: "\(temporary.folder)/\(name)/secrets", withIntermediateDirectories: true)
      guard !name.hasPrefix("store.ffff") else { continue }
      let hourAgo = timespec(tv_sec: time(nil) - 3600, tv_nsec: 0)
      utimensat(AT_FDCWD, "\(temporary.folder)/\(name)", [hourAgo, hourAgo], 0)
    }
    #expect(await Self.create(temporary.path, guard: temporary.guardFolder) == nil)
    let names = try FileManager.default.contentsOfDirectory(atPath: temporary.folder)
    #expect(Set(names) == Set(others + ["store", "guard"]))
  }
}
