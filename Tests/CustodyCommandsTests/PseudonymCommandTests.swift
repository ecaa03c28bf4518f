import CustodyTesting
import Foundation
import Testing

@Suite("dataset pseudonymize")
struct PseudonymCommandTests {
  private static func folder() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try folder.write("answers.csv", "id,client,text\n1,p-0001,one\n2,p-0002,two\n3,p-0001,three\n")
    try await folder.run(
      "dataset", "create", "answers", "--kind", "csv", "--key", "id", "--subject", "client"
    ).succeeded()
    try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
    return folder
  }

  private static func pseudonymize(
    _ folder: CommandFolder, _ words: String...
  ) async throws -> CommandResult {
    try await folder.run(["dataset", "pseudonymize"] + words)
  }

  @Test("says what it did, shows the state, and leads back by the table")
  func story() async throws {
    let folder = try await Self.folder()
    let size = try await folder.size()
    let trial = try await Self.pseudonymize(
      folder, "answers", "--column", "client", "--to", "released", "--dry-run"
    ).succeeded()
    #expect(
      trial.text == """
        would pseudonymize client of answers@v1 in released: 3 records, 3 values
        2 new tokens for 3 values; answers.pseudonyms leads back

        """)
    #expect(try await folder.size() == size)
    let done = try await Self.pseudonymize(
      folder, "answers", "--column", "client", "--to", "released"
    ).succeeded()
    #expect(
      done.text == """
        pseudonymized client of answers@v1 as released@v1: 3 records, 3 added, 0 changed, 0 removed
        2 new tokens for 3 values; answers.pseudonyms leads back

        """)
    #expect(done.complaint.contains("by id, the natural key, and by the order of records"))
    #expect(done.complaint.contains("--column id gives it tokens too"))
    let show = try await folder.run("dataset", "show", "released").succeeded().text
    #expect(show.contains(/state +pseudonymized\n/))
    #expect(show.contains(/values in +answers@v1\n/))
    #expect(show.contains(/tokens +client, random; answers.pseudonyms leads back\n/))
    #expect(show.contains(/in this store +answers.pseudonyms leads back from tokens\n/))
    #expect(show.contains(/in this store +answers@v1 has the values, and is joined by the natural/))
    let object = try await folder.run("dataset", "show", "released", "--format", "json")
      .succeeded().object()
    #expect(object["state"] as? String == "pseudonymized")
    let columns = try #require(object["pseudonyms"] as? [[String: Any]])
    #expect(columns.map { $0["column"] as? String } == ["client"])
    #expect(columns[0]["open"] as? Bool == true)
    #expect(columns[0]["table"] as? String == "answers.pseudonyms")
    let links = try #require(object["links"] as? [[String: Any]])
    #expect(links.map { $0["link"] as? String } == ["table", "people", "values"])
    #expect(links[2]["by"] as? [String] == ["key", "order", "run"])
    #expect((object["madeOf"] as? [Any])?.isEmpty == true)
    let raw = try await folder.run("dataset", "show", "answers", "--format", "json")
      .succeeded().object()
    #expect(raw["state"] as? String == "raw" && (raw["pseudonyms"] as? [Any])?.isEmpty == true)

    try await folder.run("dataset", "restore", "released", "--to", "released.csv").succeeded()
    let token = try String(contentsOfFile: folder.file("released.csv"), encoding: .utf8)
      .split(separator: "\n")[2].split(separator: ",")[1]
    let back = try await folder.run("dataset", "cat", "answers.pseudonyms", String(token))
    #expect(try back.succeeded().text == "\(token),client,\(token),p-0002")
    let again = try await Self.pseudonymize(
      folder, "answers", "--column", "client", "--to", "released"
    ).succeeded()
    #expect(again.text.hasPrefix("nothing changed: released@v1 has these tokens already\n"))
  }

  @Test("the log shows states once a version has one")
  func log() async throws {
    let folder = try await Self.folder()
    let before = try await folder.run("dataset", "log", "answers").succeeded().text
    #expect(!before.contains("state"))
    let done = try await Self.pseudonymize(folder, "answers", "--column", "#3").succeeded()
    #expect(done.complaint.contains("client still says whom each record is about"))
    let after = try await folder.run("dataset", "log", "answers").succeeded().text
    #expect(after.contains("state") && after.contains("pseudonymized") && after.contains("raw"))
    let states = try await folder.run("dataset", "log", "answers", "--format", "ndjson")
      .succeeded().objects().map { $0["state"] as? String }
    #expect(states == ["pseudonymized", "raw"])
  }

  @Test("a key that is destroyed by its purpose is said to be, and asks before")
  func destroyKey() async throws {
    let folder = try await Self.folder()
    let done = try await Self.pseudonymize(
      folder, "answers", "--column", "client", "--tokens", "keyed", "--purpose", "research",
      "--format", "json"
    ).succeeded().object()
    let key = try #require(done["key"] as? String)
    #expect(done["table"] is NSNull && done["version"] as? Int == 2)
    let listed = try await folder.run("key", "list", "--format", "ndjson").succeeded().objects()
      .first { $0["purpose"] as? String == "pseudonym" }
    #expect(listed?["key"] as? String == key && listed?["class"] as? String == "research")
    try await expectRefusal(Refusal(status: 2, says: ["--yes"]), in: folder) {
      try await folder.run("key", "destroy", key, "--reason", "request")
    }
    let destroyed = try await folder.run(
      "key", "destroy", "--purpose", "research", "--reason", "request", "--yes"
    ).succeeded()
    #expect(destroyed.text.contains(key))
    let show = try await folder.run("dataset", "show", "answers").succeeded().text
    #expect(show.contains(/state +pseudonymized\n/))
    #expect(show.contains(/tokens +client, keyed for research; key destroyed at \d+\n/))
    try await expectRefusal(Refusal(status: 3, says: ["research"]), in: folder) {
      try await folder.run(
        "key", "destroy", "--purpose", "research", "--reason", "request", "--yes")
    }
  }

  @Test("options that do not go together are refused")
  func usage() async throws {
    let folder = try await Self.folder()
    for (words, says) in [
      (["answers"], "--column"), (["answers", "--column", "id", "--tokens", "keyed"], "--purpose"),
      (["answers", "--column", "id", "--purpose", "x"], "--tokens keyed"),
    ] {
      try await expectRefusal(Refusal(status: 2, says: [says]), in: folder) {
        try await folder.run(["dataset", "pseudonymize"] + words)
      }
    }
    try await expectRefusal(Refusal(status: 6, says: ["no column", "client"]), in: folder) {
      try await Self.pseudonymize(folder, "answers", "--column", "name")
    }
    try await expectRefusal(Refusal(status: 3, says: ["nothing"]), in: folder) {
      try await Self.pseudonymize(folder, "nothing", "--column", "name")
    }
  }

  @Test("anonymity answers with its status, shows what was measured, and records a claim")
  func anonymity() async throws {
    let folder = try await Self.folder()
    try await Self.pseudonymize(
      folder, "answers", "--column", "id", "--column", "client", "--to", "released"
    ).succeeded()
    let size = try await folder.size()
    let trial = try await folder.run(
      "dataset", "anonymity", "released", "--column", "text", "--dry-run")
    #expect(trial.status == 1)
    #expect(
      trial.text == """
        3 combinations of text in 3 records
        1 at least share one; 5 asked for
        3 records of somebody who shares hers with nobody
        state          pseudonymized
        in this store  answers.pseudonyms leads back from tokens
        in this store  records are sealed under keys of people
        in this store  answers@v1 has the values, and is joined by the run that made the tokens

        """)
    #expect(try await folder.size() == size)
    let measured = try await folder.run(
      "dataset", "anonymity", "answers", "--column", "#1", "--sensitive", "text", "--format", "json"
    )
    #expect(measured.status == 1)
    let said = try #require(try measured.object()["measured"] as? [String: Any])
    #expect(said["smallest"] as? Int == 1 && said["others"] as? Int == 1)
    #expect(said["reached"] as? Bool == false && said["position"] is Int)
    let links = try #require(try measured.object()["links"] as? [[String: Any]])
    #expect(try measured.object()["state"] as? String == "raw")
    #expect(links.map { $0["link"] as? String } == ["column", "people"])
    let show = try await folder.run("dataset", "show", "answers").succeeded().text
    #expect(show.contains(/measured +at \d+: 1 at least share id; 5 asked for; 1 column not/))
    for (name, says) in [("answers", "client says whom"), ("released", "leads back from")] {
      try await expectRefusal(Refusal(status: 1, says: [says]), in: folder) {
        try await folder.run("dataset", "anonymity", name, "--claim", "expert")
      }
    }
    try await expectRefusal(Refusal(status: 2, says: ["--claim"]), in: folder) {
      try await folder.run("dataset", "anonymity", "answers")
    }
  }

  @Test(
    "a claim that nothing contradicts is shown, and what runs made is shown with what they read")
  func claim() async throws {
    let folder = try await Self.folder()
    try await Self.pseudonymize(
      folder, "answers", "--column", "client", "--column", "id", "--tokens", "keyed", "--purpose",
      "research", "--to", "released"
    ).succeeded()
    try await folder.run(
      "key", "destroy", "--purpose", "research", "--reason", "request", "--yes"
    ).succeeded()
    let claimed = try await folder.run("dataset", "anonymity", "released", "--claim", "expert")
      .succeeded().text
    #expect(claimed.contains(/state +anonymized-as-claimed\n/))
    #expect(claimed.contains(/in this store +records are sealed under keys of people\n/))
    try await folder.run(
      "run", "--job", "copy", "--in", "released", "--out", "copies", "--key", "id", "--", "sh",
      "-c", "cp {in:released} {out:copies}"
    ).succeeded()
    let show = try await folder.run("dataset", "show", "copies").succeeded().text
    #expect(show.contains(/state +raw\n/))
    #expect(show.contains(/made of +released@v1, anonymized-as-claimed\n/))
    let object = try await folder.run("dataset", "show", "copies", "--format", "json")
      .succeeded().object()
    let made = try #require(object["madeOf"] as? [[String: Any]])
    #expect(made.map { $0["dataset"] as? String } == ["released"])
  }
}
