import Custody
import CustodyCommands
import CustodyTesting
import Testing

@Suite("Exit status")
struct ExitStatusTests {
  /// The table of the command's help, code by code.
  private static let table: [CustodyError.Code: Int32] = [
    .restricted: 1, .usage: 2, .notFound: 3, .notAStore: 3, .alreadyExists: 4, .revisionConflict: 4,
    .idReused: 4,
    .needsRecovery: 5, .damaged: 5, .olderStore: 7, .invalidInput: 6, .contentTooLarge: 6,
    .unknownSubject: 6,
    .nameHoldsIdentifier: 6, .keyDestroyed: 6, .newerStore: 7, .wrongPassphrase: 7,
    .keyFileMode: 7, .permission: 7, .diskFull: 7, .locked: 7, .io: 7, .internal: 70,
  ]

  @Test(
    "is the same for an error's code wherever it comes from", arguments: CustodyError.Code.allCases)
  func total(code: CustodyError.Code) {
    #expect(ExitStatus.of(code) == Self.table[code])
  }

  @Test("is never 0 for an error, and never one that shells give a meaning of their own")
  func neverDone() {
    for code in CustodyError.Code.allCases {
      #expect(ExitStatus.of(code) != ExitStatus.done)
      #expect(!(126...165).contains(ExitStatus.of(code)))
    }
  }

  @Test(
    "is 2 for a wrong command line, which says how to go on",
    arguments: [
      ["nonsense"], ["append"], ["append", "--stream", "s"], ["show"], ["log", "--limit", "x"],
      ["log", "--limit", "-1"], ["log", "--format", "xml"], ["verify", "--level", "some"],
      ["subject", "nonsense"], ["init"], ["append", "--no-such-flag"], ["key", "backup"],
      ["export", "ledger"], ["append", "--stream", "s", "--type", "t", "--type-version", "70000"],
      ["append", "--events", "a", "b"], ["append", "--whole", "--stream", "s", "--type", "t"],
      ["append", "--stream", "s", "--type", "t", "--subject", "-"],
      ["append", "--events", "a", "--expected-revision", "1"],
      ["append", "--stream", "s", "--type", "t", "--keep-going", "--expected-revision", "1"],
    ])
  func usage(arguments: [String]) async throws {
    let folder = try CommandFolder()
    let result = try await folder.run(arguments, input: .text("{}\n"))
    #expect(result.status == 2, "\(result)")
    #expect(result.output.isEmpty)
    #expect(result.complaint.hasPrefix("Error: "))
    #expect(result.complaint.contains("--help' for more information."))
  }

  @Test(
    "is 2 for a value that makes no sense",
    arguments: [
      ["log", "--since", "yesterday"], ["log", "--until", "1x"], ["log", "--since", "P3M"],
      ["log", "--since", "2026-02-30"], ["log", "--until", "99999999999999999999"],
      ["show", "xyz"], ["show", "abc"], ["verify", "--vkey", "nonsense"],
      ["key", "backup", "--recipient", "age1x", "--expires", "2030-01-01"],
      ["key", "backup", "--recipient", "x", "--expires", "soon"], ["key", "rotate"],
      ["append", "--stream", "s", "--type", "t", "--occurred-at", "noon"],
      ["append", "--stream", "s", "--type", "t", "--correlation", "7"],
      ["append", "--stream", "s", "--type", "t", "--expected-revision", "-"],
      ["append", "--stream", "s", "--type", "t", "--subject", ""],
      ["verify", "copy.sqlite", "--level", "contents"],
    ])
  func senselessValue(arguments: [String]) async throws {
    let folder = try await CommandFolder.withStore()
    try await expectRefusal(Refusal(status: 2, says: ["custody: "]), in: folder) {
      try await folder.run(arguments, input: .text("{}\n"))
    }
  }

  @Test(
    "is 2 for a verb that does not exist, and the one that was meant is named",
    arguments: [
      (["apend"], "Did you mean `custody append`?"), (["vrify", "x"], "`custody verify`?"),
      (["subject", "lst"], "`custody subject list`?"), (["key", "rotat"], "`custody key rotate`?"),
      (["zzz"], "There is no verb 'zzz' of custody.\n"),
      (["subject", "zzz"], "of custody subject.\n"),
    ])
  func unknownVerb(arguments: [String], says: String) async throws {
    let result = try await CommandFolder().run(arguments)
    #expect(result.status == 2)
    #expect(result.output.isEmpty)
    #expect(result.complaint.contains(says), "\(result)")
  }

  @Test("is 1 for an answer of no, also when nobody reads it to its end")
  func unread() async throws {
    let folder = try await CommandFolder.withStore()
    let other = try await folder.run(
      "init", "--organization", "example.org", "--store", "other", "--format", "json")
    let key = try #require(try other.succeeded().object()["verifierKey"] as? String)
    #expect(try await folder.run("verify", "--vkey", key).status == 1)
    let cut = try await folder.shell(
      "{ sleep 1; custody verify --vkey '\(key)'; echo $? >&2; } | true")
    #expect(cut.complaint.hasSuffix("1\n"), "\(cut)")
  }

  @Test("is 130 when interrupted, and what was receipted stays")
  func interrupted() async throws {
    let folder = try await CommandFolder.withStore()
    let command = try folder.start(
      "append", "--stream", "s/1", "--type", "thing.happened", "--receipts", "-")
    command.write("{}\n")
    while command.output.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    command.send(2)
    let result = try await command.finish()
    #expect(result.status == 130)
    #expect(try await folder.size() == 5)
    #expect(try await folder.run("verify").status == 0)
  }

  @Test("of the version and of help is 0")
  func help() async throws {
    let folder = try CommandFolder()
    let version = try await folder.run("--version")
    #expect(version.status == 0)
    #expect(version.text == "\(CustodyCommand.version)\n")
    #expect(try await folder.run("help", "append").status == 0)
  }
}
