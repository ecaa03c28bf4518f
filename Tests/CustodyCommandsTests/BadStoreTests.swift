import CustodyTesting
import Foundation
import Testing

/// Stores and surroundings that are not as they should be.
@Suite("Bad stores and surroundings")
struct BadStoreTests {
  private let append = ["append", "--stream", "s/1", "--type", "thing.happened"]
  private let passphrase = "correct horse battery"

  @Test("no store, or a place that is none, is said to be so, with how to make one")
  func notAStore() async throws {
    let folder = try CommandFolder()
    try folder.write("file", "not a store")
    try await folder.shell("mkdir folder && mkdir empty && touch folder/ledger.sqlite").succeeded()
    for verb in [
      append, ["head"], ["verify"], ["log"], ["status"], ["doctor"], ["subject", "list"],
    ] {
      let nowhere = try await folder.run(verb, input: .text("1\n"))
      expect(nowhere, Refusal(status: 3, says: ["no store here", "custody init --organization"]))
      for place in ["file", "folder", "empty", "nowhere"] {
        let result = try await folder.run(verb + ["--store", place], input: .text("1\n"))
        expect(result, Refusal(status: 3, says: [place, "custody init"]))
      }
    }
    #expect(try folder.read("file") == Array("not a store".utf8))
    #expect(!folder.exists("nowhere"))
    #expect(!folder.exists("empty/custody.yaml"))
  }

  @Test("init does not touch what is there")
  func initTwice() async throws {
    let folder = try await CommandFolder.withStore()
    try await expectRefusal(Refusal(status: 4, says: ["There is a store", "already"]), in: folder) {
      try await folder.run("init", "--organization", "example.org")
    }
    try await folder.shell("mkdir full && touch full/file").succeeded()
    let full = try await folder.run("init", "--organization", "example.org", "--store", "full")
    expect(full, Refusal(status: 4, says: ["not an empty folder", "--store"]))
    for organization in ["", "two words", "a+b", "a\"b", String(repeating: "x", count: 300)] {
      let result = try await folder.run("init", "--store", "new", "--organization", organization)
      expect(result, Refusal(status: 2, says: ["example.org"]))
      #expect(!folder.exists("new"))
    }
    let secrets = try await folder.run(
      "init", "--organization", "example.org", "--store", "new", "--secrets", ".custody/secrets")
    expect(secrets, Refusal(status: 4, says: ["secrets of a store already", "--secrets"]))
    #expect(!folder.exists("new"))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(Set(names) == [".custody", "full"])
  }

  @Test(
    "a folder that may not be written is said to be so",
    .enabled(if: Unprivileged.isPossible, "Root may write everywhere, and setpriv is not here."))
  func readOnlyFolder() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.shell("mkdir closed && chmod 500 closed").succeeded()
    let new = try await folder.shell(
      Unprivileged.line("init --organization example.org --store closed/new"))
    expect(new, Refusal(status: 7, says: ["No permission for", "closed", "owner and mode"]))
    try await folder.shell("chmod -R a-w .custody").succeeded()
    try await expectRefusal(Refusal(status: 7, says: ["permission", ".custody"]), in: folder) {
      try await folder.shell(
        "echo 1 | " + Unprivileged.line("append --stream s --type a.b"))
    }
    // Reading goes on.
    for verb in ["head", "log", "verify", "status", "show 0", "stats"] {
      let result = try await folder.shell(Unprivileged.line(verb))
      #expect(result.status == 0, "\(verb): \(result)")
    }
    try await folder.shell("chmod -R u+w .custody").succeeded()
    try await folder.append(["1"]).succeeded()
  }

  @Test(
    "an input or output that may not be used is named",
    .enabled(if: Unprivileged.isPossible, "Root may write everywhere, and setpriv is not here."))
  func closedFiles() async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("closed", "1\n", mode: 0)
    for line in [
      "append --stream s --type a.b closed", "append --whole --stream s --type a.b closed",
      "append --events closed --type a.b", "verify closed", "verify --anchor closed",
      "subject add @closed",
    ] {
      try await expectRefusal(Refusal(status: 7, says: ["closed"]), in: folder) {
        try await folder.shell(Unprivileged.line(line))
      }
    }
    try await folder.shell("mkdir there && chmod 500 there").succeeded()
    for line in [
      "checkpoint --to there/note", "export ledger --to there/copy",
      "append --stream s --type a.b --receipts there/receipts",
    ] {
      try await expectRefusal(Refusal(status: 7, says: ["there"]), in: folder) {
        try await folder.shell("echo 1 | " + Unprivileged.line(line))
      }
    }
  }

  @Test("a key file that others may read is refused, with the command that mends it")
  func keyFileMode() async throws {
    let folder = try await CommandFolder.withStore()
    let files = try FileManager.default.contentsOfDirectory(
      atPath: folder.file(".custody/secrets")
    ).filter { $0 == "root.key" || $0 == "signing.key" }
    #expect(files.count == 2)
    for file in files {
      let path = ".custody/secrets/\(file)"
      try await folder.shell("chmod 644 \(path)").succeeded()
      let result = try await folder.run(append, input: .text("1\n"))
      expect(result, Refusal(status: 7, says: [path, "mode 644", "chmod 600"]))
      #expect(try await folder.size() == 4)
      try await folder.shell("chmod 600 \(path)").succeeded()
    }
    try await folder.append(["1"]).succeeded()
  }

  @Test("a wrong passphrase is refused, and never shown")
  func wrongPassphrase() async throws {
    let folder = try CommandFolder()
    try folder.write("right", passphrase + "\n")
    try folder.write("wrong", "zebra zebra\n")
    try folder.write("nothing", "")
    try folder.write("open", passphrase + "\n", mode: 0o644)
    let right = ["CUSTODY_PASSPHRASE_FILE": folder.file("right")]
    try await folder.run("init", "--organization", "example.org", environment: right).succeeded()
    try await folder.run(append, input: .text("1\n"), environment: right).succeeded()
    let cases: [(file: String, says: [String])] = [
      ("wrong", ["does not open", "passphrase"]), ("nothing", ["empty", "first line"]),
      ("open", ["chmod 600"]), ("nowhere", ["nowhere", "does not exist"]),
    ]
    for (file, says) in cases {
      let status: Int32 = file == "nowhere" ? 3 : 7
      let refusal = Refusal(status: status, says: says, hides: ["zebra", "horse"])
      try await expectRefusal(refusal, in: folder, passphrase: passphrase) {
        try await folder.run(
          append, input: .text("1\n"),
          environment: ["CUSTODY_PASSPHRASE_FILE": folder.file(file)])
      }
    }
    // Without a terminal nobody can be asked.
    let none = Refusal(status: 7, says: ["--passphrase-file", "CUSTODY_PASSPHRASE_FILE"])
    try await expectRefusal(none, in: folder, passphrase: passphrase) {
      try await folder.shell("setsid -w custody append --stream s --type a.b < /dev/null")
    }
    #expect(try await folder.run("head").status == 0)
    #expect(try await folder.run("show", "4", "--content", environment: right).text == "1")
    #expect(
      try await folder.run("show", "4", "--content", "--passphrase-file", "right").text == "1")
  }

  @Test("a store of a newer version is refused, and left alone")
  func newerStore() async throws {
    let folder = try await CommandFolder.withStore()
    let settings = String(decoding: try folder.read(".custody/custody.yaml"), as: UTF8.self)
    try folder.write(".custody/custody.yaml", settings.replacing("format: 1", with: "format: 2"))
    for verb in [append, ["head"], ["verify"], ["log"], ["key", "rotate", "--yes"]] {
      let result = try await folder.run(verb, input: .text("1\n"))
      expect(result, Refusal(status: 7, says: ["store layout 2", "Use the version that made it"]))
    }
    try folder.write(".custody/custody.yaml", settings)
    #expect(try await folder.size() == 4)
    #expect(try await folder.run("verify", "--level", "contents").status == 0)
  }

  @Test("settings that cannot be read are said to be so")
  func brokenSettings() async throws {
    let folder = try await CommandFolder.withStore()
    for text in ["", "\u{0}\u{1}", "format: one", "format: 1\n", "- a\n- b\n", "{"] {
      try folder.write(".custody/custody.yaml", text)
      let result = try await folder.run("head")
      expect(result, Refusal(status: 5, says: ["custody.yaml"]))
    }
  }

  @Test("a missing ledger, keyring, secret or guard is named")
  func missingParts() async throws {
    let folder = try await CommandFolder.withStore()
    for (path, status, says): (String, Int32, String) in [
      (".custody/ledger.sqlite", 5, "ledger.sqlite is missing"),
      (".custody/keys.sqlite", 5, "keys.sqlite is missing"),
      (".custody/secrets/root.key", 5, "no root key"),
      (".custody/secrets/signing.key", 5, "signing.key"),
      ("../home/state/custody", 5, "folder of the guard"),
    ] {
      try await folder.shell("mv \(path) \(path).away").succeeded()
      let result = try await folder.run(append, input: .text("1\n"))
      expect(result, Refusal(status: status, says: [says]))
      #expect(!folder.exists(path), "\(path) was made anew")
      try await folder.shell("mv \(path).away \(path)").succeeded()
    }
    try await folder.append(["1"]).succeeded()
    #expect(try await folder.run("verify", "--level", "contents").status == 0)
  }

  @Test("an older copy of the ledger is read-only, and status says why")
  func olderCopy() async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.append(["1"]).succeeded()
    try await folder.shell("cp .custody/ledger.sqlite old").succeeded()
    try await folder.append(["2"]).succeeded()
    try await folder.shell("cp old .custody/ledger.sqlite").succeeded()
    let status = try await folder.run("status")
    expect(status, Refusal(status: 5, says: ["5 events", "has seen 6", "an older copy"]))
    let result = try await folder.run(append, input: .text("3\n"))
    expect(result, Refusal(status: 5, says: ["an older copy"]))
    #expect(try await folder.size() == 5)
    #expect(try await folder.run("verify").status == 1)
    #expect(try await folder.run("log").status == 0)
  }

  // MARK: - Several at once

  @Test("processes that append at once take turns, and none loses a line")
  func together() async throws {
    let folder = try await CommandFolder.withStore()
    for name in 0..<4 {
      try folder.write("lines\(name)", (0..<1500).map { "[\(name),\($0)]\n" }.joined())
    }
    let commands = try (0..<4).map {
      try folder.start("append", "--stream", "s/1", "--type", "a.b", "lines\($0)", input: .nothing)
    }
    for command in commands { try await command.finish().succeeded() }
    #expect(try await folder.size() == 6004)
    let events = try await folder.events("--stream", "s/1", "--content")
    #expect(events.compactMap { $0["revision"] as? Int } == Array(0..<6000))
    let contents = events.compactMap { $0["content"] as? [Int] }
    for name in 0..<4 {
      #expect(contents.filter { $0[0] == name }.map { $0[1] } == Array(0..<1500))
    }
    #expect(try await folder.run("verify", "--level", "contents").status == 0)
  }

  @Test("of processes that expect the same revision at once, one is first")
  func oneIsFirst() async throws {
    let folder = try await CommandFolder.withStore()
    let commands = try (0..<4).map { _ in
      try folder.start(
        "append", "--stream", "s/1", "--type", "a.b", "--expected-revision", "none")
    }
    for command in commands {
      command.write("1\n")
      command.closeInput()
    }
    var statuses: [Int32] = []
    for command in commands { statuses.append(try await command.finish().status) }
    #expect(statuses.sorted() == [0, 4, 4, 4])
    #expect(try await folder.size() == 5)
  }

  @Test("of processes that make one store at once, one is first")
  func initTogether() async throws {
    let folder = try CommandFolder()
    let commands = try (0..<3).map { _ in
      try folder.start("init", "--organization", "example.org", input: .nothing)
    }
    var results: [CommandResult] = []
    for command in commands { results.append(try await command.finish()) }
    #expect(results.map(\.status).sorted() == [0, 4, 4], "\(results)")
    #expect(try await folder.run("verify", "--level", "contents").status == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names == [".custody"])
  }

  // MARK: - Standard streams

  @Test(
    "a reader that goes away is no error",
    arguments: [
      "log", "log --format ndjson", "log --format json", "log --format csv", "status", "stats",
      "show 3", "doctor", "verify --explain", "--help", "key list", "show 9 --content",
    ])
  func closedPipe(verb: String) async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.append((0..<3000).map(String.init)).succeeded()
    // The shell's status is that of `custody`; the reader ends before or after the first line.
    for reader in ["head -n 1", "true"] {
      let result = try await folder.shell(
        "{ sleep 0.05; custody \(verb); echo $? >&3; } 3>status 2>complaint | \(reader)")
      #expect(result.status == 0)
      #expect(try folder.read("status") == Array("0\n".utf8), "\(verb)")
      #expect(try folder.read("complaint").isEmpty, "\(verb)")
    }
  }

  @Test("a standard error that nobody reads, or that is closed, does not change the answer")
  func closedStandardError() async throws {
    let folder = try await CommandFolder.withStore()
    for end in ["2> >(true)", "2>&-", "2>/dev/full"] {
      for (verb, status) in [("show 99", 3), ("nonsense", 2), ("show 3", 0)] {
        let result = try await folder.shell("custody \(verb) \(end)")
        #expect(result.status == Int32(status), "\(verb) \(end): \(result)")
      }
    }
  }

  @Test("an output that cannot be written is said to be so")
  func fullOutput() async throws {
    let folder = try await CommandFolder.withStore()
    let result = try await folder.shell("custody log > /dev/full")
    expect(result, Refusal(status: 7, says: ["standard output", "No space left"]))
    let closed = try await folder.shell("custody log >&-")
    expect(closed, Refusal(status: 7, says: ["standard output"]))
  }
}

/// How a test that runs as root gives up root's way past file modes.
enum Unprivileged {
  private static let prefix = "setpriv --inh-caps=-all --bounding-set=-all "

  static let isRoot = geteuid() == 0

  /// Whether modes mean something here: to anyone but root, or to root without capabilities.
  static let isPossible: Bool = {
    guard isRoot else { return true }
    let folder = NSTemporaryDirectory() + "custody-\(UUID().uuidString)"
    let command = "mkdir -m 500 \(folder) && ! \(prefix) touch \(folder)/x; rmdir \(folder)"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "command -v setpriv && \(command) && test ! -e \(folder)"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  static func line(_ arguments: String) -> String {
    "\(isRoot ? prefix : "")custody \(arguments)"
  }
}
