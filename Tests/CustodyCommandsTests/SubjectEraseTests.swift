import CustodyTesting
import Foundation
import Testing

@Suite("subject erase")
struct SubjectEraseTests {
  private func store() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try folder.write("t.csv", "id,person,words\n1,ann,zebra\n2,bob,lion\n")
    try await folder.run(
      "dataset", "create", "t", "--kind", "csv", "--key", "id", "--subject", "person"
    ).succeeded()
    try await folder.run("dataset", "commit", "t", "t.csv").succeeded()
    return folder
  }

  private let erase = ["subject", "erase", "--reason", "request"]

  @Test("asks first, shows what goes, and does nothing of it in a dry run")
  func dryRun() async throws {
    let folder = try await store()
    let plan = try await folder.run(erase + ["ann", "--dry-run"]).succeeded()
    #expect(plan.text.contains("1 record of t, in v1") && plan.text.contains("goes"))
    #expect(!plan.text.contains("ann"))
    let refused = try await folder.run(erase + ["ann"], input: .nothing)
    #expect(refused.status == 2 && refused.complaint.contains("--yes"))
    try await folder.run("subject", "show", "ann").succeeded()
    let size = try await folder.events().count
    _ = try await folder.run(erase + ["ann", "--dry-run", "--format", "json"]).succeeded()
    #expect(try await folder.events().count == size)
  }

  @Test("erases, says so, and knows later only by key id that she was there")
  func erased() async throws {
    let folder = try await store()
    let shown = try await folder.run("subject", "show", "ann", "--format", "ndjson").succeeded()
    let id = try #require(try shown.objects().first?["subject"] as? String)
    let result = try await folder.run(erase + ["ann", "--yes", "--format", "json"]).succeeded()
    let said = try #require(try result.objects().first)
    #expect(said["done"] as? Bool == true && (said["remnants"] as? [Any])?.isEmpty == true)
    let request = try #require(said["request"] as? String)
    #expect(try await folder.run(erase + ["ann", "--yes"]).status == 3)
    let again = try await folder.run(erase + [id, "--yes"])
    #expect(again.status == 6 && again.complaint.contains(request))
    #expect(try await folder.run("subject", "show", id).complaint.contains(request))
    let restored = try await folder.run("dataset", "restore", "t@v1", "--to", "out.csv")
    #expect(try restored.succeeded().text.contains("1 record missing because of erasure"))
    #expect(
      try String(decoding: folder.read("out.csv"), as: UTF8.self) == "id,person,words\n2,bob,lion\n"
    )
    try await folder.run("verify", "--level", "projections").succeeded()
    try await folder.run("projection", "verify").succeeded()
    let key = try #require(
      try await folder.run("status", "--format", "json").succeeded().objects().first?["verifierKey"]
        as? String)
    try await folder.run("subject", "certificate", request, "--to", "c").succeeded()
    #expect(try await folder.run("subject", "certificate", request, "--to", "c").status == 4)
    let verified = try await folder.run("verify", "c", "--vkey", key).succeeded()
    #expect(verified.text.contains("keys destroyed") && !verified.text.contains("ann"))
  }

  @Test("names where she came from, as the dataset does, and she comes back from there as another")
  func comesBack() async throws {
    let folder = try await store()
    let path = folder.file("t.csv")
    for verb in [["show", "t"], ["log", "t"]] {
      let told = try await folder.run(["dataset"] + verb + ["--format", "ndjson"]).succeeded()
      #expect(try told.objects().first?["source"] as? String == path)
      #expect(try told.objects().first?["restored"] is NSNull)
      #expect(try await folder.run(["dataset"] + verb).succeeded().text.contains(path))
    }
    let plan = try await folder.run(erase + ["ann", "--dry-run"]).succeeded().text
    #expect(plan.contains("she comes back as a new person\n  t, v1: \(path)\n"), "\(plan)")
    #expect(
      try await folder.run(erase + ["ann", "bob", "--dry-run"]).succeeded().text.contains(
        "they come back as new people"))
    let done = try await folder.run(erase + ["ann", "--yes"]).succeeded().text
    #expect(done.contains("she comes back as a new person\n  t, v1: \(path)\n"), "\(done)")
    let again = try await folder.run("dataset", "commit", "t", "t.csv").succeeded().text
    #expect(again.contains("registered 1 subject"))
    let said = try await folder.run(
      erase + ["ann", "--dry-run", "--format", "json"]
    ).succeeded().object()
    let sources = try #require(said["sources"] as? [[String: Any]])
    #expect(sources.count == 1 && sources[0]["path"] as? String == path)
    #expect(sources[0]["dataset"] as? String == "t" && sources[0]["versions"] as? [Int] == [2])
  }

  @Test("takes many from a file, and nobody when one of them is unknown")
  func many() async throws {
    let folder = try await store()
    try folder.write("who", "ann\n\nnobody\nbob\n")
    let refused = try await folder.run(erase + ["@who", "--yes"])
    #expect(refused.status == 3 && refused.complaint.contains("Number 2 of the 3"))
    try await folder.run("subject", "show", "bob").succeeded()
    try folder.write("who", "bob\nann\nbob\n")
    let said = try await folder.run(erase + ["@who", "--yes", "--format", "json"]).succeeded()
    #expect((try said.objects().first?["subjects"] as? [Any])?.count == 2)
    #expect(try await folder.run("subject", "list").text.isEmpty)
  }

  @Test(
    "refuses what makes no sense",
    arguments: [
      (["ann", "--reason", "spite"], 2), (["ann"], 2), (["--reason", "request"], 2),
      (["ann", "--reason", "request", "--class", "voice", "--yes"], 3),
      (["@missing", "--reason", "request", "--yes"], 3),
      (["", "--reason", "request", "--yes"], 2),
    ] as [([String], Int32)])
  func senseless(arguments: [String], status: Int32) async throws {
    let folder = try await store()
    let result = try await folder.run(["subject", "erase"] + arguments)
    #expect(result.status == status, "\(result)")
    try await folder.run("subject", "show", "ann").succeeded()
  }
}
