import CustodyTesting
import Foundation
import Testing

@Suite("subject erase says what it does not reach")
struct SubjectEraseReachTests {
  private static func folder() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try folder.write("in.csv", "id,client,text\n1,r-1,one\n2,r-2,two\n")
    try await folder.run(
      "dataset", "create", "answers", "--kind", "csv", "--key", "id", "--subject", "client"
    ).succeeded()
    try await folder.run("dataset", "commit", "answers", "in.csv").succeeded()
    return folder
  }

  private static func plan(
    _ folder: CommandFolder, _ person: String
  ) async throws -> [String: Any] {
    try await folder.run(
      "subject", "erase", person, "--reason", "request", "--dry-run", "--format", "json"
    ).succeeded().object()
  }

  @Test("what may have been made from hers, and where runs left it")
  func possible() async throws {
    let folder = try await Self.folder()
    try await folder.run(
      "run", "--job", "clean", "--in", "answers", "--out", "cleaned=out.csv", "--key", "id", "--",
      "sh",
      "-c", "cp {in:answers} out.csv"
    ).succeeded()
    try await folder.run(
      "run", "--job", "report", "--in", "answers", "--out", "report=report", "--subject", "none",
      "--",
      "sh", "-c", "mkdir report; cp {in:answers} report/all.txt"
    ).succeeded()
    let plan = try await Self.plan(folder, "r-2")
    #expect(plan["possible"] as? [String] == ["report@v1"])
    let sources = try #require(plan["sources"] as? [[String: Any]])
    #expect(
      sources.contains { ($0["path"] as? String)?.hasSuffix("/out.csv") == true }, "\(sources)")
    let shown = try await folder.run(
      "subject", "erase", "r-2", "--reason", "request", "--yes"
    ).succeeded()
    #expect(shown.text.contains("report@v1"))
  }

  @Test("no copy that left her out because she was restricted")
  func restricted() async throws {
    let folder = try await Self.folder()
    try await folder.run("restriction", "place", "r-1", "--reason", "objection-pending").succeeded()
    try await folder.run("dataset", "restore", "answers", "--to", "part.csv").succeeded()
    #expect(try await (Self.plan(folder, "r-1")["copies"] as? [Any])?.isEmpty == true)
    #expect(try await (Self.plan(folder, "r-2")["copies"] as? [Any])?.count == 1)
    try await folder.run(
      "run", "--job", "clean", "--in", "answers", "--out", "cleaned", "--key", "id", "--", "sh",
      "-c",
      "cp {in:answers} {out:cleaned}"
    ).succeeded()
    for (person, count) in [("r-1", 0), ("r-2", 1)] {
      try await folder.run("subject", "export", person, "--to", "answer-\(count)").succeeded()
      let file = URL(fileURLWithPath: folder.file("answer-\(count)/export.json"))
      let answer = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
      #expect(((answer as? [String: Any])?["runs"] as? [Any])?.count == count, "\(person)")
    }
  }

  @Test("and two people never become one by what cannot be read of their names")
  func names() async throws {
    let folder = try await Self.folder()
    for name in ["$(printf 'M\\374ller')", "' r-3'", "'r-3 '", "' '"] {
      let refused = try await folder.shell("custody subject add \(name)")
      #expect(refused.status == 6, "\(name): \(refused)")
    }
    try folder.write("list", "\u{feff}r-1\n")
    try await folder.run("subject", "show", "@list").succeeded()
  }
}
