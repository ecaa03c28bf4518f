import CustodyTesting
import Foundation
import Testing

@Suite("hold")
struct HoldCommandTests {
  /// A store with a person of whom something is kept.
  private func folder() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "patient-0017", "patient-0018").succeeded()
    for person in ["patient-0017", "patient-0018"] {
      try await folder.run(
        "append", "--stream", "notes", "--type", "note.made", "--subject", person,
        input: .text("{\"said\":\"something\"}\n")
      ).succeeded()
    }
    return folder
  }

  private func place(
    _ folder: CommandFolder, _ arguments: String..., review: String = "2099-01-31"
  ) async throws -> CommandResult {
    try await folder.run(
      ["hold", "place", "M-1"] + arguments
        + ["--reason", "litigation", "--approver", "counsel", "--review", review])
  }

  @Test("refuses an erasure, which waits, and carries it out when it is released")
  func whole() async throws {
    let folder = try await folder()
    let placed = try await place(folder, "--subject", "patient-0017").succeeded()
    #expect(placed.text.contains("M-1") && placed.text.contains("in force"))
    #expect(!placed.text.contains("patient"))

    let dry = try await folder.run(
      "subject", "erase", "patient-0017", "--reason", "request", "--dry-run"
    ).succeeded()
    #expect(dry.text.contains("held by M-1, review due 2099-01-31"))
    let refused = try await folder.run(
      "subject", "erase", "patient-0017", "--reason", "request", "--yes")
    #expect(refused.status == 1)
    #expect(refused.text.contains("nothing was erased"))
    #expect(!refused.complaint.contains("key backup"))

    let shown = try await folder.run("hold", "show", "M-1", "--format", "json").succeeded().object()
    #expect((shown["waiting"] as? [[String: Any]])?.count == 1)
    let listed = try await folder.run("hold", "list", "--format", "ndjson").succeeded().object()
    #expect(listed["waiting"] as? Int == 1 && listed["state"] as? String == "in force")

    let unasked = try await folder.run(
      "hold", "release", "M-1", "--reason", "resolved", "--approver", "counsel")
    #expect(unasked.status == 2 && unasked.complaint.contains("1 erasure waited"))
    let released = try await folder.run(
      "hold", "release", "M-1", "--reason", "resolved", "--approver", "counsel", "--yes"
    ).succeeded()
    #expect(released.text.contains("released") && released.text.contains("erased"))
    let again = try await folder.run(
      "hold", "release", "M-1", "--reason", "resolved", "--approver", "counsel", "--yes")
    #expect(again.status == 4)
    #expect(try await folder.run("subject", "show", "patient-0017").status == 3)
    #expect(try await folder.run("hold", "list").succeeded().complaint.contains("no matter"))
    let all = try await folder.run("hold", "list", "--all", "--format", "ndjson").succeeded()
    #expect(all.text.contains(#""state":"released""#))
    try await folder.run("verify", "--level", "contents").succeeded()
  }

  @Test("what waits for it is taken back")
  func withdrawal() async throws {
    let folder = try await folder()
    _ = try await place(folder, "--subject", "patient-0017").succeeded()
    let erase = ["subject", "erase", "patient-0017"]
    #expect(try await folder.run(erase + ["--reason", "request", "--yes"]).status == 1)
    for wrong in [["--reason", "request"], ["--dry-run"], ["--class", "default"]] {
      #expect(try await folder.run(erase + ["--withdraw"] + wrong).status == 2, "\(wrong)")
    }
    #expect(try await folder.run(erase + ["--yes"]).status == 2)
    let taken = try await folder.run(erase + ["--withdraw"]).succeeded()
    #expect(taken.text.hasPrefix("stays"))
    #expect(try await folder.run(erase + ["--withdraw"]).status == 3)
    try await folder.run(
      "hold", "release", "M-1", "--reason", "resolved", "--approver", "counsel", "--yes"
    ).succeeded()
    try await folder.run("subject", "show", "patient-0017").succeeded()
  }

  @Test("says of whom it came too late, and exits 1")
  func tooLate() async throws {
    let folder = try await folder()
    let id = try #require(
      try await folder.run("subject", "show", "patient-0017", "--format", "csv").succeeded().text
        .split(separator: "\n")[1].split(separator: ",").first)
    try await folder.run(
      "subject", "erase", "patient-0017", "--reason", "request", "--yes"
    ).succeeded()
    let late = try await place(folder, "--subject", String(id))
    #expect(late.status == 1 && late.text.contains("erased under request"))
    #expect(try await place(folder, "--subject", "patient-0017").status == 3)
  }

  @Test("refuses what cannot be, and says what to give")
  func refusals() async throws {
    let folder = try await folder()
    for (arguments, review, status, word) in [
      ([], "2099-01-31", 2, "--subject ID"),
      (["--subject", "patient-0017", "--everyone"], "2099-01-31", 2, "not both"),
      (["--subject", "patient-0017"], "2020-01-31", 2, "past"),
      (["--subject", "patient-0017"], "some day", 2, "no date"),
      (["--subject", "patient-0099"], "2099-01-31", 3, "no such subject"),
      (["--dataset", "nothing"], "2099-01-31", 3, "no dataset"),
    ] {
      let result = try await folder.run(
        ["hold", "place", "M-1"] + arguments
          + ["--reason", "audit", "--approver", "counsel", "--review", review])
      #expect(result.status == Int32(status) && result.complaint.contains(word), "\(result)")
    }
    let missing = try await folder.run("hold", "show", "M-1")
    #expect(missing.status == 3)
    let unreviewed = try await folder.run(
      "hold", "place", "M-1", "--everyone", "--reason", "audit", "--approver", "counsel")
    #expect(unreviewed.status == 2 && unreviewed.complaint.contains("--review"))
  }
}
