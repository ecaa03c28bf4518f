import CustodyTesting
import Foundation
import Testing

@Suite("export, verify and doctor")
struct ExportTests {
  @Test("export writes a copy that verifies without the store, and replaces only with --force")
  func export() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.append(["1", "2"]).succeeded()
    let result = try await folder.run("export", "ledger", "--to", "copy.sqlite").succeeded()
    #expect(result.text == "exported 6 events to copy.sqlite\n")
    let mode = try FileManager.default.attributesOfItem(atPath: folder.file("copy.sqlite"))
    #expect(mode[.posixPermissions] as? Int == 0o600)
    let before = try folder.read("copy.sqlite")
    try await folder.append(["3"]).succeeded()
    let refusal = Refusal(status: 4, says: ["copy.sqlite exists already", "--force"])
    try await expectRefusal(refusal, in: folder) {
      try await folder.run("export", "ledger", "--to", "copy.sqlite")
    }
    #expect(try folder.read("copy.sqlite") == before ? true : false)
    try await folder.run("export", "ledger", "--to", "copy.sqlite", "--force").succeeded()
    // Alone, in another place, on a folder that holds nothing else.
    let elsewhere = try CommandFolder()
    try elsewhere.write("ledger.sqlite", try folder.read("copy.sqlite"), mode: 0o400)
    let report = try await elsewhere.run("verify", "ledger.sqlite", "--format", "json")
    #expect(report.status == 0)
    #expect(try report.object()["events"] as? Int == 7)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: elsewhere.path) == ["ledger.sqlite"])
    expect(
      try await folder.run("export", "ledger", "--to", "no/such/folder/copy"),
      Refusal(status: 3, says: ["no/such/folder"]))
  }

  @Test("verify believes the key it is given, and no other")
  func verifierKey() async throws {
    let folder = try CommandFolder()
    func initialize(_ store: String) async throws -> String {
      let made = try await folder.run(
        "init", "--organization", "example.org", "--store", store, "--format", "json")
      return try #require(try made.succeeded().object()["verifierKey"] as? String)
    }
    let key = try await initialize(".custody")
    let other = try await initialize("other")
    try await folder.append(["1"]).succeeded()
    try await folder.run("export", "ledger", "--to", "copy").succeeded()
    let trusted = try await folder.run("verify", "copy", "--vkey", key)
    #expect(trusted.status == 0)
    #expect(!trusted.text.contains("declares itself"))
    let believed = try await folder.run("verify", "copy")
    #expect(believed.status == 0)
    #expect(believed.text.contains("Give --vkey"))
    for arguments in [["verify", "copy", "--vkey", other], ["verify", "--vkey", other]] {
      let result = try await folder.run(arguments)
      #expect(result.status == 1, "\(result)")
      #expect(result.text.contains("does not hold"))
    }
    expect(
      try await folder.run("verify", "copy", "--vkey", String(key.dropLast(3))),
      Refusal(status: 2, says: ["no verifier key", "name+hex+base64"]))
  }

  @Test("verify compares with an anchor kept elsewhere")
  func anchor() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.append(["1"]).succeeded()
    try await folder.run("checkpoint", "--to", "note").succeeded()
    try await folder.append(["2"]).succeeded()
    try await folder.run("verify", "--anchor", "note").succeeded()
    let note = String(decoding: try folder.read("note"), as: UTF8.self)
    // Another root, which this ledger never had.
    var lines = note.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines[2] =
      "A" + lines[2].dropFirst() == lines[2]
      ? "B" + lines[2].dropFirst() : "A" + lines[2].dropFirst()
    try folder.write("forged", lines.joined(separator: "\n"))
    let forged = try await folder.run("verify", "--anchor", "forged")
    #expect(forged.status == 1, "\(forged)")
    #expect(forged.text.contains("forged"))
    try folder.write("nonsense", "not a note\n")
    expect(
      try await folder.run("verify", "--anchor", "nonsense"),
      Refusal(status: 6, says: ["nonsense is not a checkpoint note"]))
    expect(
      try await folder.run("verify", "--anchor", "nowhere"), Refusal(status: 3, says: ["nowhere"]))
  }

  @Test("verify --explain lists more checks the deeper the level")
  func explain() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.append(["1"]).succeeded()
    var counts: [Int] = []
    for level in ["head", "headers", "bodies", "contents"] {
      let result = try await folder.run("verify", "--explain", "--level", level).succeeded()
      #expect(result.lines.last?.contains("5 events at level \(level): holds") == true)
      #expect(result.lines[0].hasPrefix("check"))
      counts.append(result.lines.count)
    }
    #expect(counts == counts.sorted())
    #expect(Set(counts).count == 4)
  }

  @Test("verify says what a file is that is no ledger")
  func notALedger() async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("text", String(repeating: "not a database ", count: 100))
    try folder.write("empty", "")
    expect(try await folder.run("verify", "nowhere"), Refusal(status: 3, says: ["nowhere"]))
    for name in ["text", "empty", ".", ".custody/keys.sqlite"] {
      let result = try await folder.run("verify", name)
      #expect(result.status == ([".", "text"].contains(name) ? 6 : 1), "\(name): \(result)")
      #expect(!result.text.contains(": holds"))
      #expect(!(result.text + result.complaint).isEmpty)
    }
  }

  @Test("checkpoint writes a note to standard output or a file, and replaces only with --force")
  func checkpoint() async throws {
    let folder = try await CommandFolder.withStore()
    let note = try await folder.run("checkpoint").succeeded().output
    try await folder.run("checkpoint", "--to", "note").succeeded()
    #expect(try folder.read("note") == note)
    let refusal = Refusal(status: 4, says: ["note exists already", "--force"])
    try await expectRefusal(refusal, in: folder) {
      try await folder.run("checkpoint", "--to", "note")
    }
    try await folder.run("checkpoint", "--to", "note", "--force").succeeded()
    #expect(try await folder.run("checkpoint", "--to", "-").succeeded().output == note)
  }

  @Test("status and stats need no secret and tell what there is")
  func statusAndStats() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.append(["1", "2"]).succeeded()
    try await folder.shell("mv .custody/secrets/root.key away").succeeded()
    let status = try await folder.run("status", "--format", "json").succeeded().object()
    #expect(status["events"] as? Int == 6)
    #expect(status["organization"] as? String == "example.org")
    #expect(status["unsealed"] as? Int == 0)
    #expect(status["condition"] as? String == "clean")
    let stats = try await folder.run("stats", "--format", "ndjson").succeeded().objects()
    #expect(stats.compactMap { $0["events"] as? Int }.reduce(0, +) == 6)
    let mine = try #require(stats.first { $0["type"] as? String == "thing.happened" })
    #expect(mine["first"] as? Int == 4)
    #expect(mine["last"] as? Int == 5)
    #expect(mine["streams"] as? Int == 1)
  }

  @Test("doctor says what to do, and exits 1 when something has to be mended")
  func doctor() async throws {
    let folder = try await CommandFolder.withStore()
    let good = try await folder.run("doctor")
    #expect(good.status == 0, "\(good)")
    for word in [
      "SQLite", "OpenSSL", "permissions", "secrets", "guard", "fsync", "clock", "backup",
    ] {
      #expect(good.text.contains(word), "\(word)")
    }
    #expect(good.text.contains("custody backup"))
    try await folder.shell("chmod 755 .custody/secrets").succeeded()
    let bad = try await folder.run("doctor")
    #expect(bad.status == 1)
    #expect(bad.text.contains("chmod go-rwx"))
    let records = try await folder.run("doctor", "--format", "json")
    #expect(records.status == 1)
    let checks = try #require(try records.json() as? [[String: Any]])
    #expect(checks.contains { $0["verdict"] as? String == "bad" })
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.file(".custody"))
    #expect(!left.contains { $0.hasPrefix(".doctor") })
  }
}
