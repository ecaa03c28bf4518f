import CustodyTesting
import Foundation
import Testing

@Suite("key")
struct KeyTests {
  private static let recipient = "age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z"

  @Test("list and show name keys, never their bytes")
  func listAndShow() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "p-0001").succeeded()
    try await folder.append(["1", "2"], "--subject", "p-0001").succeeded()
    let keys = try await folder.run("key", "list", "--format", "ndjson").succeeded().objects()
    #expect(
      Set(keys.compactMap { $0["purpose"] as? String }) == ["index", "operations", "subject"])
    let key = try #require(keys.first { $0["purpose"] as? String == "subject" })
    let id = try #require(key["key"] as? String)
    for name in [id, id.uppercased(), String(id.prefix(8))] {
      let shown = try await folder.run("key", "show", name, "--format", "json").succeeded().object()
      #expect(shown["key"] as? String == id)
      #expect(shown["class"] as? String == "default")
      // Two of ours, and the one that registered her.
      #expect(shown["events"] as? Int == 3)
    }
    let epoch = try await folder.run("key", "show", "epoch", "--format", "json").object()
    #expect(epoch["wraps"] as? Int == 3)
    for name in ["abc", "zzzz", String(repeating: "0", count: 32)] {
      expect(
        try await folder.run("key", "show", name), Refusal(status: 3, says: ["custody key list"]))
    }
  }

  @Test("rotate replaces the epoch key, asks first, and opens everything afterwards")
  func rotate() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.append(["1"]).succeeded()
    try await expectRefusal(Refusal(status: 2, says: ["--yes", "backups"]), in: folder) {
      try await folder.run("key", "rotate")
    }
    let before = try await folder.run("key", "show", "epoch", "--format", "json").object()
    let rotated = try await folder.run("key", "rotate", "--yes", "--format", "json").succeeded()
    #expect(rotated.complaint.contains("A new key backup is due"))
    #expect(try rotated.object()["destroyed"] as? String == before["key"] as? String)
    let after = try await folder.run("key", "show", "epoch", "--format", "json").object()
    #expect(try rotated.object()["epoch"] as? String == after["key"] as? String)
    #expect(try await folder.content(at: 4) == Array("1".utf8))
    let types = try await folder.events("--since", "5").compactMap { $0["type"] as? String }
    #expect(types == ["key.created", "key.destroyed"])
    #expect(try await folder.run("verify", "--level", "contents").status == 0)
    let secrets = try FileManager.default.contentsOfDirectory(
      atPath: folder.file(".custody/secrets"))
    #expect(secrets.filter { $0.hasPrefix("epoch-") }.count == 1)
  }

  @Test("backup writes an age file and records it, to a file and to standard output")
  func backup() async throws {
    let folder = try await CommandFolder.withStore()
    let options = ["key", "backup", "--recipient", Self.recipient, "--expires", "2090-01-01"]
    let out = try await folder.run(options).succeeded()
    #expect(out.text.hasPrefix("age-encryption.org/v1\n"))
    try await folder.run(options + ["--to", "keys.age"]).succeeded()
    #expect(try folder.read("keys.age").starts(with: Array("age-encryption.org/v1\n".utf8)))
    let mode = try FileManager.default.attributesOfItem(atPath: folder.file("keys.age"))
    #expect(mode[.posixPermissions] as? Int == 0o600)
    let events = try await folder.events("--type", "backup.taken", "--content")
    #expect(events.count == 2)
    let content = try #require(events[0]["content"] as? [String: String])
    #expect(content["expires"] == "2090-01-01T00:00:00Z")
    // A file that is there is not replaced, and no backup that does not exist is recorded.
    let refusal = Refusal(status: 4, says: ["keys.age exists already", "--force"])
    try await expectRefusal(refusal, in: folder) {
      try await folder.run(options + ["--to", "keys.age"])
    }
    try await folder.run(options + ["--to", "keys.age", "--force"]).succeeded()
  }

  @Test("backup refuses recipients and dates that make no sense")
  func badBackup() async throws {
    let folder = try await CommandFolder.withStore()
    for (recipient, expires, says) in [
      (String(Self.recipient.dropLast()), "2090-01-01", "age-keygen"),
      ("AGE-SECRET-KEY-1QQQ", "2090-01-01", "age-keygen"),
      (Self.recipient, "2020-01-01", "before it is made"), (Self.recipient, "never", "2030-01-01"),
    ] {
      let refusal = Refusal(status: 2, says: [says], hides: ["AGE-SECRET"])
      try await expectRefusal(refusal, in: folder) {
        try await folder.run("key", "backup", "--recipient", recipient, "--expires", expires)
      }
    }
  }

  private static let hasAge = ["age", "age-keygen"].allSatisfy { program in
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
  }

  @Test("backup opens with age", .enabled(if: hasAge, "The program age is not installed."))
  func opensWithAge() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "zebra-0017").succeeded()
    let result = try await folder.shell(
      """
      age-keygen -o identity 2>/dev/null || exit 1
      custody key backup --recipient "$(age-keygen -y identity)" --expires 2090-01-01 --to k.age &&
        age --decrypt --identity identity k.age
      """
    ).succeeded()
    let backup = try result.object()
    #expect(backup["custody"] as? String == "key-backup/1")
    #expect((backup["keys"] as? [Any])?.count == 3)
    #expect((backup["epochs"] as? [Any])?.count == 1)
    #expect((backup["subjects"] as? [Any])?.count == 1)
    #expect(!result.text.contains("zebra"))
  }
}
