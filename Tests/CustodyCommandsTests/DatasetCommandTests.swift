import CustodyTesting
import Foundation
import Testing

@Suite("dataset")
struct DatasetCommandTests {
  private static func folder() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try folder.write("answers.csv", "id,client,text\n1,p-0001,one\n2,p-0002,two\n")
    try await folder.run(
      "dataset", "create", "answers", "--kind", "csv", "--key", "id", "--subject", "client",
      "--owner", "study team"
    ).succeeded()
    return folder
  }

  @Test("a version is committed, listed, changed, compared, and brought back as it was")
  func story() async throws {
    let folder = try await Self.folder()
    let first = try await folder.run("dataset", "commit", "answers", "answers.csv", "-m", "first")
    #expect(
      first.text
        == "committed v1: 2 records, 2 added, 0 changed, 0 removed; registered 2 subjects\n")
    let size = try await folder.size()
    let again = try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
    #expect(again.text == "nothing changed since v1\n")
    #expect(try await folder.size() == size)

    try folder.write("answers.csv", "id,client,text\n3,p-0001,three\n1,p-0001,uno\n")
    let status = try await folder.run("dataset", "status", "answers", "answers.csv").succeeded()
    for line in [
      "added    3", "changed  1", "removed  2",
      "since v1: 1 record added, 1 changed, 1 removed; "
        + "commit with: custody dataset commit answers answers.csv\n",
    ] {
      #expect(status.text.contains(line), "\(status)")
    }
    #expect(try await folder.size() == size, "status writes nothing")
    try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
    let diff = try await folder.run(
      "dataset", "diff", "answers", "v1", "head", "--format", "ndjson")
    let changes = try diff.succeeded().objects().map {
      "\($0["change"] ?? "") \($0["record"] ?? "")"
    }
    #expect(changes.sorted() == ["added 3", "changed 1", "removed 2"])
    let back = try await folder.run(
      "dataset", "diff", "answers", "head", "v1", "--format", "ndjson"
    )
    .succeeded().objects().map { "\($0["change"] ?? "") \($0["record"] ?? "")" }
    #expect(back.sorted() == ["added 2", "changed 1", "removed 3"])

    let log = try await folder.run("dataset", "log", "answers", "--format", "ndjson").succeeded()
      .objects()
    #expect(log.map { $0["version"] as? String } == ["v2", "v1"])
    #expect(log.last?["message"] as? String == "first")
    #expect(log.last?["actor"] as? String == "uid:\(getuid())")
    #expect(log.last?["run"] is NSNull)
    #expect(
      try await folder.run("dataset", "cat", "answers@v1", "1").succeeded().text == "1,p-0001,one")
    try await folder.run("dataset", "restore", "answers@v1", "--to", "old.csv").succeeded()
    #expect(
      String(decoding: try folder.read("old.csv"), as: UTF8.self)
        == "id,client,text\n1,p-0001,one\n2,p-0002,two\n")
    try await folder.run("dataset", "restore", "answers@v1", "2", "--to", "one.csv").succeeded()
    #expect(
      String(decoding: try folder.read("one.csv"), as: UTF8.self)
        == "id,client,text\n2,p-0002,two\n")
    #expect(try await folder.run("verify", "--level", "projections").status == 0)
  }

  @Test("what is not there, not possible or not clear is told with its exit status")
  func refusals() async throws {
    let folder = try await Self.folder()
    try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
    let size = try await folder.size()
    for (arguments, refusal) in [
      (["commit", "nothing", "answers.csv"], Refusal(status: 3, says: ["no dataset nothing"])),
      (["commit", "answers", "nothing.csv"], Refusal(status: 3, says: ["nothing.csv"])),
      (["cat", "answers", "99"], Refusal(status: 3, says: ["no such record"])),
      (["cat", "answers@v9", "1"], Refusal(status: 3, says: ["no version v9"])),
      (["cat", "answers@", "1"], Refusal(status: 2, says: ["answers@"])),
      (["show", "answers", "--at", "v1"], Refusal(status: 2, says: ["v1 is no moment"])),
      (["log", "answers", "--at", "0"], Refusal(status: 3, says: ["no dataset answers"])),
      (["show", "answers", "--where", "key:1"], Refusal(status: 2, says: ["--records"])),
      (
        ["diff", "answers", "v1", "head", "--where", "p-0001"],
        Refusal(status: 2, says: ["subject:ID or key:PATTERN"], hides: ["p-0001"])
      ),
      (
        ["show", "answers", "--records", "--where", "key:a\\b"],
        Refusal(status: 2, says: ["backslash"])
      ),
      (
        ["show", "answers", "--records", "--where", "subject:p-0077"],
        Refusal(status: 3, says: ["no such subject"], hides: ["p-0077"])
      ),
      (["restore", "answers"], Refusal(status: 2, says: ["--to PATH or --as-new-version"])),
      (
        ["restore", "answers", "--to", "x", "--as-new-version"],
        Refusal(status: 2, says: ["--to PATH or --as-new-version"])
      ),
      (["restore", "answers", "--to", "x", "-m", "y"], Refusal(status: 2, says: ["-m needs"])),
      (
        ["restore", "answers", "1", "--where", "key:1", "--to", "x"],
        Refusal(status: 2, says: ["not both"])
      ),
      (
        ["restore", "answers", "--where", "key:9*", "--to", "x"],
        Refusal(status: 3, says: ["No record of v1"])
      ),
      (
        ["commit", "answers", "answers.csv", "--subject", "client"],
        Refusal(status: 2, says: ["Only --subject file:CSV"])
      ),
      (
        ["commit", "answers", "answers.csv", "--subject", "file:answers.csv"],
        Refusal(status: 2, says: ["--subject client"])
      ),
      (["restore", "answers", "--to", "answers.csv"], Refusal(status: 4, says: ["--force"])),
      (
        ["create", "answers", "--kind", "csv", "--subject", "none"],
        Refusal(status: 4, says: ["answers already"])
      ),
      (
        ["create", "a b", "--kind", "csv", "--subject", "none"],
        Refusal(status: 2, says: ["cannot name a dataset"])
      ),
      (
        ["create", "x", "--kind", "files", "--subject", "client"],
        Refusal(status: 2, says: ["path:REGEX"])
      ),
      (
        ["create", "x", "--kind", "files", "--subject", "path:("],
        Refusal(status: 2, says: ["regular expression"])
      ),
      (
        ["create", "p-0001", "--kind", "csv", "--subject", "none"],
        Refusal(status: 6, says: ["identifier of a registered"], hides: ["p-0001"])
      ),
      (["tag", "answers@v1", "v7"], Refusal(status: 2, says: ["cannot be a tag"])),
      (
        ["commit", "answers", "answers.csv", "--no-register"],
        Refusal(status: 6, says: ["are not registered"], hides: ["p-0003"])
      ),
    ] as [([String], Refusal)] {
      if arguments.last == "--no-register" {
        try folder.write("answers.csv", "id,client,text\n1,p-0003,one\n")
      }
      expect(try await folder.run(["dataset"] + arguments), refusal)
    }
    #expect(try await folder.size() == size)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        == [".custody", "answers.csv"])
  }

  @Test("what is no source is refused by name: the store beside it, a link, a bad identifier")
  func noSource() async throws {
    let folder = try await Self.folder()
    try await folder.run(
      "dataset", "create", "files", "--kind", "files", "--subject", "none"
    ).succeeded()
    #expect(symlink("answers.csv", folder.file("link.csv")) == 0)
    try folder.write("bad.csv", "id,client,text\n1,p-0001,one\n2,jose\u{301},two\n")
    for (arguments, refusal) in [
      (
        ["commit", "answers", "link.csv"], Refusal(status: 6, says: ["link.csv is a symbolic link"])
      ),
      (
        ["commit", "answers", "bad.csv"],
        Refusal(status: 6, says: ["bad.csv, line 3", "normalization form C"], hides: ["jos"])
      ),
      (
        ["create", "x", "--kind", "csv", "--key", "#0", "--subject", "none"],
        Refusal(status: 2, says: ["from #1 on"])
      ),
      (
        ["create", "x", "--kind", "csv", "--class", "", "--subject", "none"],
        Refusal(status: 6, says: ["class is empty"])
      ),
    ] as [([String], Refusal)] {
      try await expectRefusal(refusal, in: folder) { try await folder.run(["dataset"] + arguments) }
    }
    unlink(folder.file("link.csv"))
    try await expectRefusal(
      Refusal(status: 6, says: ["./.custody holds this store"]), in: folder
    ) {
      try await folder.run("dataset", "commit", "files", ".")
    }
  }

  @Test("a restore is recorded with its target, and its target is checked like a name")
  func recorded() async throws {
    let folder = try await Self.folder()
    try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
    try await folder.run("dataset", "restore", "answers", "--to", "out.csv").succeeded()
    let events = try await folder.events("--type", "dataset.restored", "--content")
    let content = try #require(events.first?["content"] as? [String: Any])
    #expect((content["target"] as? String)?.hasSuffix("/out.csv") == true)
    #expect(content["records"] as? Int == 2 && content["missing"] as? Int == 0)
    let named = try await folder.run("dataset", "restore", "answers", "--to", "p-0001.csv")
    expect(named, Refusal(status: 6, says: ["target"], hides: ["p-0001"]))
    #expect(!folder.exists("p-0001.csv"))
    let message = try await folder.run(
      "dataset", "commit", "answers", "answers.csv", "-m", "for p-0001")
    expect(message, Refusal(status: 6, says: ["message"], hides: ["p-0001"]))
  }
}
