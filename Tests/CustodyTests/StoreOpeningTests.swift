import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A store is opened when it is what it should be, and left alone when not")
struct StoreOpeningTests {
  // MARK: - Not a store

  @Test("a folder, a file or nothing is not a store")
  func notAStore() throws {
    let temporary = try TemporaryStore()
    try Data().write(to: URL(fileURLWithPath: "\(temporary.folder)/file"))
    try FileManager.default.createDirectory(
      atPath: "\(temporary.folder)/empty", withIntermediateDirectories: false)
    for name in ["nothing", "file", "empty"] {
      for access in SmallStore.accesses {
        let code = SmallStore.code {
          try Store.open(at: "\(temporary.folder)/\(name)", for: access)
        }
        #expect(code == .notAStore, "\(name)")
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.folder).count == 2)
  }

  @Test("settings that cannot be read are told", arguments: ["", "{", "format: x", "format: 1"])
  func settings(text: String) async throws {
    let temporary = try await SmallStore.make()
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(temporary.path)/custody.yaml"))
    #expect(SmallStore.code { try temporary.open(for: .reading) } == .damaged)
  }

  @Test("a missing file is named, and opening makes no new one in its place")
  func missing() async throws {
    let cases: [(String, CustodyError.Code, [Store.Access])] = [
      ("store/ledger.sqlite", .needsRecovery, SmallStore.accesses),
      ("store/keys.sqlite", .needsRecovery, [.contents, .writing]),
      ("store/custody.yaml", .notAStore, SmallStore.accesses),
      ("secrets/root.key", .needsRecovery, [.contents, .writing]),
      ("secrets/signing.key", .needsRecovery, [.contents, .writing]),
      ("secrets/signer.state", .needsRecovery, [.writing]),
      ("guard/signer.state", .needsRecovery, [.writing]),
      ("guard", .needsRecovery, [.writing]),
    ]
    for (name, expected, refused) in cases {
      let temporary = try await SmallStore.make()
      let path = "\(temporary.folder)/\(name)"
      try FileManager.default.removeItem(atPath: path)
      for access in SmallStore.accesses {
        var message = ""
        let code = SmallStore.code {
          do {
            return try temporary.open(for: access)
          } catch let error as CustodyError {
            message = error.message
            throw error
          }
        }
        #expect(code == (refused.contains(access) ? expected : nil), "\(name) for \(access)")
        if code != nil, !name.hasSuffix("signer.state") {
          let words = [(name as NSString).lastPathComponent, "root key"]
          #expect(words.contains { message.contains($0) }, "\(message)")
        }
        #expect(!FileManager.default.fileExists(atPath: path), "\(name)")
      }
    }
  }

  @Test("what is there already is not made into a store, and stays as it is")
  func createOverExisting() async throws {
    let temporary = try await SmallStore.make()
    let before = try SmallStore.bytes(temporary.ledgerFile)
    var error = await #expect(throws: CustodyError.self) { try await temporary.create() }
    #expect(error?.code == .alreadyExists)
    #expect(try SmallStore.bytes(temporary.ledgerFile) == before)
    try await SmallStore.append(temporary)

    let folder = try TemporaryStore()
    try FileManager.default.createDirectory(
      atPath: folder.path, withIntermediateDirectories: false)
    try Data([1]).write(to: URL(fileURLWithPath: "\(folder.path)/letter"))
    error = await #expect(throws: CustodyError.self) { try await folder.create() }
    #expect(error?.code == .alreadyExists)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.folder) == ["store"])
    try FileManager.default.removeItem(atPath: "\(folder.path)/letter")
    try await folder.create().close()
  }

  @Test("a failed creation leaves nothing, so that the next try can succeed")
  func failedCreation() async throws {
    let other = try await SmallStore.make()
    let temporary = try TemporaryStore()
    func create(organization: String = "example.org", secrets: String?, guard: String) async
      -> CustodyError.Code?
    {
      do {
        _ = try await Store.create(
          at: temporary.path, organization: organization, secrets: secrets, guardFolder: `guard`)
        return nil
      } catch {
        return (error as? CustodyError)?.code
      }
    }
    let (secrets, guardFolder) = (temporary.secrets, temporary.guardFolder)
    try Data().write(to: URL(fileURLWithPath: "\(temporary.folder)/file"))
    let tries: [(CustodyError.Code, String, String, String)] = [
      (.usage, "two words", secrets, guardFolder),
      (.usage, "", secrets, guardFolder),
      (.alreadyExists, "example.org", secrets, other.guardFolder),
      (.alreadyExists, "example.org", other.secrets, guardFolder),
      (.notFound, "example.org", secrets, "\(temporary.folder)/file/guard"),
      (.notFound, "example.org", "\(temporary.folder)/file/secrets", guardFolder),
    ]
    for (expected, organization, secrets, guardFolder) in tries {
      let code = await create(organization: organization, secrets: secrets, guard: guardFolder)
      #expect(code == expected || code == .io && expected == .notFound, "\(expected)")
      let left = try FileManager.default.contentsOfDirectory(atPath: temporary.folder)
      #expect(left == ["file"], "after \(expected)")
    }
    #expect(await create(secrets: secrets, guard: guardFolder) == nil)
    // The other store was not touched.
    #expect(try other.open().status().condition == .clean)
  }

  // MARK: - Places that cannot be written

  @Test("on read-only media a ledger verifies, and nothing else is promised", .needsMounts)
  func readOnlyMedia() async throws {
    let temporary = try await SmallStore.make()
    let outcome = try await CommandFolder().shellWithMounts(
      """
      set -e
      export CUSTODY_STORE='\(temporary.path)'
      mount --bind "$CUSTODY_STORE" "$CUSTODY_STORE"
      mount -o remount,ro,bind "$CUSTODY_STORE"
      custody verify "$CUSTODY_STORE/ledger.sqlite"
      custody verify && echo store verified
      set +e
      echo 1 | custody append --stream a --type b.c; echo "append: $?"
      custody log >/dev/null; echo "log: $?"
      """)
    #expect(outcome.text.contains("store verified"), "\(outcome)")
    #expect(outcome.text.contains("append: 7"), "\(outcome)")
    #expect(outcome.text.contains("log: 0"), "\(outcome)")
    #expect(try temporary.open().head().size == 6)
  }

  @Test("settings that name another ledger key than the signing key are not signed for")
  func foreignVerifier() async throws {
    let temporary = try await SmallStore.make()
    let path = "\(temporary.path)/custody.yaml"
    let settings = try String(contentsOfFile: path, encoding: .utf8)
    let key = try temporary.open(for: .reading).verifierKey
    let other = VerifierKey(
      name: key.name, algorithm: .ed25519,
      publicKey: SigningKey(seed: SecretBytes(count: 32) { $0.copyBytes(from: [UInt8](1...32)) })
        .publicKey)
    try settings.replacing("\(key)", with: "\(other)").write(
      toFile: path, atomically: false, encoding: .utf8)
    #expect(SmallStore.code { try temporary.open() } == .needsRecovery)
    try settings.write(toFile: path, atomically: false, encoding: .utf8)
    #expect(SmallStore.code { try temporary.open() } == nil)
  }

  @Test("a folder without permission is told", .enabled(if: getuid() != 0, "root may do anything"))
  func noPermission() async throws {
    let temporary = try await SmallStore.make()
    #expect(chmod(temporary.path, 0o500) == 0)
    defer { chmod(temporary.path, 0o700) }
    #expect(try await temporary.open(for: .reading).verify().holds)
    let locked = SmallStore.code { try temporary.open() }
    #expect(locked == .permission)
    #expect(chmod(temporary.path, 0) == 0)
    #expect(
      [.permission, .notAStore].contains(SmallStore.code { try temporary.open(for: .reading) }))
  }
}
