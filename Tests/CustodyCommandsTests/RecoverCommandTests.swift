import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("recover, backup and doctor --deep")
struct RecoverCommandTests {
  /// Opens what is sealed to `recipient`.
  private static let identity =
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
  private static let recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

  /// A store with a person's events, and a key backup in `keys.age`, opened by `identity`.
  private static func place() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "zebra-0017").succeeded()
    try await folder.append(["{\"mood\":1}", "{\"mood\":2}"], "--subject", "zebra-0017").succeeded()
    try folder.write("identity", "# of the office\n\(Self.identity)\n")
    try await folder.run(
      "key", "backup", "--recipient", Self.recipient, "--expires", "2090-01-01", "--to", "keys.age"
    ).succeeded()
    return folder
  }

  /// Puts the ledger back to what it was before one more event.
  private static func behind(_ folder: CommandFolder) async throws {
    let old = try folder.read(".custody/ledger.sqlite")
    try await folder.append(["{}"]).succeeded()
    for suffix in ["-wal", "-shm"] { unlink(folder.file(".custody/ledger.sqlite") + suffix) }
    try folder.write(".custody/ledger.sqlite", old)
  }

  @Test("recover says what it found and would do, asks, does it, and has nothing left to do")
  func behind() async throws {
    let folder = try await Self.place()
    #expect(try await folder.run("recover").succeeded().text.hasPrefix("nothing to recover"))
    try await Self.behind(folder)
    let size = try await folder.size()
    let status = try await folder.run("status")
    #expect(status.status == 5 && status.text.contains("behind"))
    #expect(status.complaint.contains("custody recover"))
    expect(
      try await folder.append(["{}"]), Refusal(status: 5, says: ["older copy", "custody recover"]))

    let dry = try await folder.run("recover", "--dry-run").succeeded()
    for words in [
      "behind:", "the guard", "beyond the end", "incarnation 2", "1 event, at position",
    ] {
      #expect(dry.text.contains(words), "\(words): \(dry)")
    }
    expect(try await folder.run("recover"), Refusal(status: 2, says: ["--yes", "1 event"]))
    #expect(try await folder.size() == size)

    let done = try await folder.run("recover", "--yes", "--actor", "office").succeeded()
    #expect(done.text.contains("can be written to again"), "\(done)")
    #expect(try await folder.run("status").succeeded().text.contains("condition           clean"))
    #expect(try await folder.run("verify", "--level", "projections").status == 0)
    #expect(try await folder.run("recover").succeeded().text.hasPrefix("nothing to recover"))
    let event = try await folder.events("--type", "ledger.restored")
    #expect(event.first?["actor"] as? String == "office")
    try await folder.append(["{}"]).succeeded()
  }

  @Test("as JSON, a program is told what was found and done")
  func json() async throws {
    let folder = try await Self.place()
    var plan = try await folder.run("recover", "--format", "json").succeeded().object()
    #expect(plan["needed"] as? Bool == false && plan["done"] as? Bool == false)
    try await Self.behind(folder)
    plan = try await folder.run("recover", "--format", "json", "--yes").succeeded().object()
    #expect(plan["done"] as? Bool == true && plan["lost"] as? Int == 1)
    let lives = try #require(plan["lives"] as? [[String: Any]])
    #expect(lives.first?["incarnation"] as? Int == 2)
    let conditions = try #require(plan["conditions"] as? [[String: Any]])
    #expect(conditions.map { $0["case"] as? String } == ["behind"])
  }

  @Test("what makes no sense together, or is no backup, is refused, and nothing is changed")
  func refusals() async throws {
    let folder = try await Self.place()
    try folder.write("open", Self.identity, mode: 0o644)
    let cases: [([String], Int32, String)] = [
      (["--keys", "keys.age"], 2, "--identity"),
      (["--identity", "identity"], 2, "--keys"), (["--new-secrets"], 2, "--keys"),
      (["--keys", "nothing", "--identity", "identity"], 3, "nothing"),
      (["--keys", "keys.age", "--identity", "open"], 7, "chmod 600"),
      (["--keys", "keys.age", "--identity", "keys.age"], 6, "identity"),
      (["--keys", "identity", "--identity", "identity"], 6, "age file"),
      (["--anchor", "identity"], 6, "identity"),
    ]
    for (options, code, says) in cases {
      let refusal = Refusal(status: code, says: [says], hides: [Self.identity, "zebra"])
      try await expectRefusal(refusal, in: folder) { try await folder.run(["recover"] + options) }
    }
    let empty = try CommandFolder()
    expect(try await empty.run("recover"), Refusal(status: 3, says: ["no store"]))
  }

  @Test("a machine lost: the two backups, an identity from a pipe, and other places")
  func machineLost() async throws {
    let folder = try await Self.place()
    let text = try await folder.run("backup", "--to", "data").succeeded().text
    #expect(text.contains("events") && text.contains("data"), "\(text)")
    // The names of people and what was said are in neither.
    for name in ["ledger.sqlite", "objects.sqlite", "custody.yaml"] {
      let bytes = Data(try folder.read("data/\(name)"))
      for word in ["zebra", "mood"] { #expect(bytes.range(of: Data(word.utf8)) == nil, "\(name)") }
    }
    let status = try await folder.run("status", "--format", "json").succeeded().object()
    try FileManager.default.removeItem(atPath: try #require(status["guard"] as? String))
    try FileManager.default.removeItem(atPath: folder.file(".custody"))
    try FileManager.default.moveItem(
      atPath: folder.file("data"), toPath: folder.file(".custody"))
    expect(
      try await folder.run("recover", "--yes"), Refusal(status: 5, says: ["--keys FILE"]))
    try folder.write("word", "open sesame\n")
    let result = try await folder.run(
      "recover", "--yes", "--keys", "keys.age", "--identity", "-", "--guard", "guard", "--secrets",
      "secrets", "--passphrase-file", "word", input: .text(Self.identity + "\n")
    ).succeeded()
    #expect(result.complaint.contains("key backup is due"), "\(result)")
    let environment = ["CUSTODY_PASSPHRASE_FILE": folder.file("word")]
    #expect(folder.exists("secrets/root.scrypt") && folder.exists("guard/signer.state"))
    #expect(!folder.exists(".custody/secrets"))
    let content = try await folder.run(
      "show", "5", "--content", environment: environment
    ).succeeded().text
    #expect(content.contains("mood"), "\(content)")
    #expect(
      try await folder.run("verify", "--level", "contents", environment: environment).status == 0)
    #expect(
      try await folder.run(
        "append", "--stream", "s/1", "--type", "a.b", "--subject", "zebra-0017",
        input: .text("{}\n"), environment: environment
      ).status == 0)
    expect(try await folder.append(["{}"]), Refusal(status: 7, says: ["passphrase"]))
  }

  @Test("secrets that do not open end it with the way out, which says what is kept and how")
  func newSecrets() async throws {
    let folder = try await Self.place()
    let keys = ["recover", "--keys", "keys.age", "--identity", "identity"]
    try await folder.run("key", "rotate", "--yes").succeeded()
    try await folder.run("subject", "add", "zebra-0018").succeeded()
    try folder.write(".custody/secrets/root.key", "")
    expect(try await folder.run(keys), Refusal(status: 7, says: ["root.key", "--new-secrets"]))
    let dry = try await folder.run(keys + ["--new-secrets", "--dry-run"]).succeeded().text
    for words in ["mode 0600", "--passphrase", "keys.sqlite.before-recovery", "If root.key"] {
      #expect(dry.contains(words), "\(words): \(dry)")
    }
    let plan = try await folder.run(
      keys + ["--new-secrets", "--dry-run", "--format", "json"]
    ).succeeded().object()
    #expect(plan["setsAside"] as? Bool == true && plan["newSecrets"] as? String == "file")
    #expect(try #require(plan["keysUnopened"] as? Int) > 0)
    try folder.write("word", "open sesame\n")
    let done = try await folder.run(
      keys + ["--new-secrets", "--yes", "--passphrase-file", "word"]
    ).succeeded()
    #expect(done.text.contains("sealed under the passphrase"), "\(done)")
    for name in [
      "keys.sqlite.before-recovery", "secrets/root.key.before-recovery", "secrets/root.scrypt",
    ] { #expect(folder.exists(".custody/" + name), "\(name)") }
    let doctor = try await folder.run("doctor").text
    #expect(doctor.contains("before-recovery") && doctor.contains("no erasure begins before"))
    #expect(!doctor.contains("can be read by others"), "\(doctor)")
  }

  @Test("somebody who was registered again is listed with both keys")
  func registeredAgain() async throws {
    let folder = try await Self.place()
    let old = try folder.read(".custody/keys.sqlite")
    try await folder.run("subject", "add", "zebra-0018").succeeded()
    try await folder.run(
      "key", "backup", "--recipient", Self.recipient, "--expires", "2090-01-01", "--to", "new.age"
    ).succeeded()
    for suffix in ["-wal", "-shm"] { unlink(folder.file(".custody/keys.sqlite") + suffix) }
    try folder.write(".custody/keys.sqlite", old)
    try await folder.run("recover", "--yes").succeeded()
    try await folder.run("subject", "add", "zebra-0018").succeeded()
    let done = try await folder.run(
      "recover", "--yes", "--keys", "new.age", "--identity", "identity"
    ).succeeded()
    #expect(done.text.contains("1 person was registered again"), "\(done)")
    let list = try await folder.run(
      "subject", "list", "--identifiers", "--format", "ndjson"
    ).succeeded().objects()
    #expect(list.count { $0["identifier"] as? String == "zebra-0018" } == 2, "\(list)")
    for person in list {
      let id = try #require(person["subject"] as? String)
      #expect(try await folder.run("subject", "show", id).status == 0)
    }
  }

  @Test("backup leaves alone what is no backup, and replaces one when told to")
  func backup() async throws {
    let folder = try await Self.place()
    try folder.write("letter", "x")
    let cases: [([String], Int32, String)] = [
      (["--to", "letter"], 4, "exists"), (["--to", "letter", "--force"], 2, "is a file"),
      (["--to", ".custody/copy"], 2, "Custody's own"), (["--to", "."], 4, "exists"),
    ]
    for (options, code, says) in cases {
      try await expectRefusal(Refusal(status: code, says: [says]), in: folder) {
        try await folder.run(["backup"] + options)
      }
    }
    try FileManager.default.createDirectory(
      atPath: folder.file("mine"), withIntermediateDirectories: false)
    try folder.write("mine/letter", "x")
    try await expectRefusal(Refusal(status: 4, says: ["no backup"]), in: folder) {
      try await folder.run("backup", "--to", "mine", "--force")
    }
    let first = try await folder.run("backup", "--to", "data", "--format", "json").succeeded()
    let size = try await folder.size()
    #expect(try first.object()["events"] as? Int == size)
    try await folder.append(["{}"]).succeeded()
    try await expectRefusal(Refusal(status: 4, says: ["--force"]), in: folder) {
      try await folder.run("backup", "--to", "data")
    }
    try await folder.run("backup", "--to", "data", "--force").succeeded()
    let verified = try await folder.run("verify", "data/ledger.sqlite")
    #expect(verified.status == 0)

    // A worse copy takes no better one's place.
    let good = try folder.read("data/ledger.sqlite")
    try await Self.behind(folder)
    let behind = try await folder.run("backup", "--to", "data", "--force")
    expect(behind, Refusal(status: 5, says: ["older copy"]))
    try await folder.run("recover", "--yes").succeeded()
    try RawDatabase(folder.file(".custody/ledger.sqlite")).execute(
      "UPDATE event SET body = x'00' WHERE position = 5")
    let changed = try await folder.run("backup", "--to", "data", "--force")
    expect(changed, Refusal(status: 5, says: ["bodyMismatch"]))
    #expect(try folder.read("data/ledger.sqlite") == good)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!left.contains { $0.contains(".tmp") })
  }

  @Test("doctor --deep reads every page and event, and names a file that is not whole")
  func doctorDeep() async throws {
    let folder = try await Self.place()
    let good = try await folder.run("doctor", "--deep")
    #expect(good.status == 0 && good.text.contains("ledger.sqlite: SQLite finds it whole"))
    #expect(good.text.contains("every event and object"))
    // An index that SQLite finds wanting, and that nobody reads.
    try RawDatabase(folder.file(".custody/projections.sqlite")).execute(
      "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1); PRAGMA writable_schema = ON; "
        + "DELETE FROM sqlite_schema WHERE name = 'sqlite_autoindex_t_1'")
    try RawDatabase(folder.file(".custody/ledger.sqlite")).execute(
      "UPDATE event SET body = x'00' WHERE position = 5")
    let bad = try await folder.run("doctor", "--deep")
    #expect(bad.status == 1, "\(bad)")
    #expect(bad.text.contains("bodyMismatch at position 5"), "\(bad)")
    #expect(!bad.text.contains("projections.sqlite: SQLite finds it whole"), "\(bad)")
  }
}
