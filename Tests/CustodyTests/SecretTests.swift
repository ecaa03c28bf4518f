import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("The keyring opens with its own secrets only")
struct SecretTests {
  private static func code(_ body: () throws -> some Any) -> CustodyError.Code? {
    do {
      _ = try body()
      return nil
    } catch {
      return (error as? CustodyError)?.code
    }
  }

  @Test("under a passphrase: with that one, and no other")
  func passphrase() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create(passphrase: Passphrase("correct horse"))
    let receipt = try await store.append(NewEvent(stream: "a", type: "b.c", content: [1, 2]))
    try await store.close()
    for access in [Store.Access.writing, .contents] {
      #expect(
        Self.code { try Store.open(at: temporary.path, for: access) { Passphrase("battery") } }
          == .wrongPassphrase)
      #expect(Self.code { try Store.open(at: temporary.path, for: access) } == .wrongPassphrase)
    }
    let opened = try Store.open(at: temporary.path) { Passphrase("correct horse") }
    #expect(try opened.content(of: #require(try opened.event(at: receipt.position))) == [1, 2])
    // Reading needs none.
    #expect(try await Store.open(at: temporary.path, for: .reading).verify().holds)
  }

  @Test("an empty passphrase is refused")
  func emptyPassphrase() async throws {
    let temporary = try TemporaryStore()
    let error = await #expect(throws: CustodyError.self) {
      try await temporary.create(passphrase: Passphrase(""))
    }
    #expect(error?.code == .usage)
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.folder).isEmpty)
  }

  @Test("other parameters of scrypt than our own are refused before they cost anything")
  func scryptParameters() async throws {
    let temporary = try TemporaryStore()
    try await temporary.create(passphrase: Passphrase("correct horse")).close()
    let path = "\(temporary.secrets)/root.scrypt"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    for change in [("131072", "2"), ("131072", "1073741824"), ("131072 8 1", "131072 8 9")] {
      let changed = text.replacing(change.0, with: change.1)
      try #require(changed != text)
      try changed.write(toFile: path, atomically: false, encoding: .utf8)
      let code = Self.code { try Store.open(at: temporary.path) { Passphrase("correct horse") } }
      #expect(code == .wrongPassphrase)
    }
  }

  @Test("a secret file that others can read is refused", arguments: [0o644, 0o640, 0o604, 0o660])
  func mode(mode: mode_t) async throws {
    let temporary = try TemporaryStore()
    try await temporary.create().close()
    let secrets = try FileManager.default.contentsOfDirectory(atPath: temporary.secrets)
      .filter { $0.hasSuffix(".key") }
    #expect(secrets.count == 3, "root, signing and epoch: \(secrets)")
    for name in secrets {
      let path = "\(temporary.secrets)/\(name)"
      #expect(chmod(path, mode) == 0)
      let error = #expect(throws: CustodyError.self, "\(name)") {
        try temporary.open().subjects.id(of: "anyone")
      }
      #expect(error?.code == .keyFileMode)
      #expect(error?.message.contains("chmod 600") == true)
      #expect(chmod(path, 0o600) == 0)
    }
    #expect(try temporary.open().subjects.id(of: "anyone") == nil)
  }

  @Test("secret files exchanged among themselves or with another store's are refused")
  func exchanged() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let epoch = "epoch-\(try store.keys.epoch()).key"
    try await store.close()
    let other = try TemporaryStore()
    let otherStore = try await other.create()
    let otherEpoch = "epoch-\(try otherStore.keys.epoch()).key"
    try await otherStore.close()

    let own = temporary.secrets
    let changes = [
      [("\(own)/\(epoch)", "\(own)/signing.key")],
      [("\(own)/signing.key", "\(own)/\(epoch)")],
      [("\(other.secrets)/signing.key", "\(own)/signing.key")],
      [("\(other.secrets)/\(otherEpoch)", "\(own)/\(epoch)")],
      [("\(other.secrets)/root.key", "\(own)/root.key")],
      // All that the other root key opens: files name the ledger that they belong to.
      [
        ("\(other.secrets)/root.key", "\(own)/root.key"),
        ("\(other.secrets)/signing.key", "\(own)/signing.key"),
      ],
    ]
    for change in changes {
      let saved = try change.map { try Data(contentsOf: URL(fileURLWithPath: $0.1)) }
      for (from, to) in change {
        try Data(contentsOf: URL(fileURLWithPath: from)).write(to: URL(fileURLWithPath: to))
      }
      let code = Self.code { try temporary.open().subjects.id(of: "anyone") }
      #expect(code == .wrongPassphrase, "\(change)")
      for (bytes, file) in zip(saved, change) {
        try bytes.write(to: URL(fileURLWithPath: file.1))
      }
    }
    #expect(try temporary.open().subjects.id(of: "anyone") == nil)
  }

  @Test("a flipped bit in a secret file is refused", arguments: ["signing.key", "epoch"])
  func flipped(name: String) async throws {
    let temporary = try TemporaryStore()
    try await temporary.create().close()
    let files = try FileManager.default.contentsOfDirectory(atPath: temporary.secrets)
    let path = "\(temporary.secrets)/\(files.first { $0.hasPrefix(name) }!)"
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    for index in [0, 23, 24, bytes.count - 1] {
      try Data(bytes.flipped(at: index)).write(to: URL(fileURLWithPath: path))
      #expect(Self.code { try temporary.open().subjects.id(of: "anyone") } == .wrongPassphrase)
    }
    for count in [0, 10, bytes.count - 1] {
      try Data(bytes.prefix(count)).write(to: URL(fileURLWithPath: path))
      #expect(Self.code { try temporary.open().subjects.id(of: "anyone") } == .wrongPassphrase)
    }
  }

  @Test("a symbolic link in the place of a secret is refused")
  func link() async throws {
    let temporary = try TemporaryStore()
    try await temporary.create().close()
    let path = "\(temporary.secrets)/root.key"
    try FileManager.default.moveItem(atPath: path, toPath: "\(temporary.folder)/elsewhere")
    try FileManager.default.createSymbolicLink(
      atPath: path, withDestinationPath: "\(temporary.folder)/elsewhere")
    #expect(Self.code { try temporary.open() } == .damaged)
  }

  @Test("secrets and databases are for their owner alone")
  func permissions() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.append(NewEvent(stream: "a", type: "b.c", content: []))
    _ = try await store.keys.rotate()
    let files = try #require(FileManager.default.enumerator(atPath: temporary.folder))
    for case let name as String in files {
      let attributes = try FileManager.default.attributesOfItem(
        atPath: "\(temporary.folder)/\(name)")
      let mode = try #require(attributes[.posixPermissions] as? NSNumber).uint16Value
      #expect(mode & 0o077 == 0, "\(name) has mode \(String(mode, radix: 8))")
    }
  }
}
