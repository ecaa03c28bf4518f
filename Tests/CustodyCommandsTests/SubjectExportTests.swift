import CustodyTesting
import Foundation
import Testing

@Suite("subject export")
struct SubjectExportTests {
  private func store() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try folder.write(
      "calls.jsonl",
      """
      {"id":1,"who":["ann"],"said":"zebra"}
      {"id":2,"who":["ann","bob"],"said":"lion"}

      """)
    try await folder.run(
      "dataset", "create", "calls", "--kind", "lines", "--key", "id", "--subject", "json:who"
    ).succeeded()
    try await folder.run("dataset", "commit", "calls", "calls.jsonl").succeeded()
    return folder
  }

  @Test("writes a folder for her and says what is in it, and what is not")
  func writes() async throws {
    let folder = try await store()
    let said = try await folder.run("subject", "export", "ann", "--to", "answer").succeeded()
    #expect(
      said.text
        == "exported 1 record and 1 event to answer; 1 record and 0 events left out, about other "
        + "people too\n")
    let json = try String(decoding: folder.read("answer/export.json"), as: UTF8.self)
    #expect(json.contains("zebra") && !json.contains("lion") && !json.contains("bob"))
    let plan = try await folder.run(
      "subject", "erase", "ann", "--reason", "request", "--dry-run"
    ).succeeded()
    #expect(plan.text.contains("everything about") && plan.text.contains("/answer at"))
  }

  @Test("tells programs the same")
  func programs() async throws {
    let folder = try await store()
    let said = try await folder.run(
      "subject", "export", "ann", "--to", "answer", "--format", "json"
    ).succeeded().object()
    #expect(said["records"] as? Int == 1 && said["withheldRecords"] as? Int == 1)
    #expect(said["target"] as? String == "answer")
    #expect((said["subject"] as? String)?.count == 32)
  }

  @Test("refuses a target that is there, is missing or is the store, and people who are not there")
  func refuses() async throws {
    let folder = try await store()
    #expect(try await folder.run("subject", "export", "ann").status == 2)
    #expect(try await folder.run("subject", "export", "carl", "--to", "answer").status == 3)
    let inside = try await folder.run("subject", "export", "ann", "--to", ".custody/answer")
    #expect(inside.status == 2 && inside.complaint.contains("Name another place"))
    try await folder.run("subject", "export", "ann", "--to", "answer").succeeded()
    let again = try await folder.run("subject", "export", "ann", "--to", "answer")
    #expect(again.status == 4 && again.complaint.contains("--force"))
    try await folder.run("subject", "export", "ann", "--to", "answer", "--force").succeeded()
  }
}
