import CustodyTesting
import Foundation
import Testing

@Suite("restriction")
struct RestrictionCommandTests {
  /// A store with an event and a record about each of two people, of whom the first is restricted.
  private func folder() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try await folder.run("subject", "add", "p-0001", "--jurisdiction", "DE").succeeded()
    try await folder.run("subject", "add", "p-0002", "--jurisdiction", "AT").succeeded()
    for person in ["p-0001", "p-0002"] {
      try await folder.run(
        "append", "--stream", "notes", "--type", "note.made", "--subject", person,
        input: .text(#"{"said":"by \#(person.suffix(1))"}"# + "\n")
      ).succeeded()
    }
    try folder.write("answers.csv", "id,client,said\n1,p-0001,good\n2,p-0002,bad\n")
    try await folder.run(
      "dataset", "create", "answers", "--kind", "csv", "--key", "id", "--subject", "client"
    ).succeeded()
    try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
    try folder.write("answers.csv", "id,client,said\n1,p-0001,better\n2,p-0002,worse\n")
    try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
    try await folder.run("restriction", "place", "p-0001", "--reason", "accuracy-contested")
      .succeeded()
    return folder
  }

  @Test("log says where a content is restricted, in every format, and how many there are")
  func log() async throws {
    let folder = try await folder()
    let log = ["log", "--stream", "notes", "--content"]
    let table = try await folder.run(log).succeeded()
    #expect(table.lines[1].hasSuffix("restricted") && table.lines[2].contains("by 2"))
    #expect(!table.text.contains("by 1"))
    #expect(
      table.complaint.contains("1 content left out, restricted")
        && table.complaint.contains("--ground"))
    let objects = try await folder.run(log + ["--format", "ndjson"]).succeeded().objects()
    #expect(objects.map { $0["contentRestricted"] as? Bool } == [true, false])
    #expect(objects[0]["content"] as? String == "restricted")
    #expect(objects[0]["contentGone"] as? Bool == false)
    let csv = try await folder.run(log + ["--format", "csv"]).succeeded()
    #expect(csv.lines[1].contains("restricted") && !csv.text.contains("by 1"))
    let read = try await folder.run(log + ["--ground", "legal-claim"]).succeeded()
    #expect(read.text.contains("by 1") && read.complaint.isEmpty)
    // Headers need no ground.
    #expect(try await folder.run("log", "--stream", "notes").succeeded().complaint.isEmpty)
  }

  @Test("show refuses a restricted content, and writes it on a ground, byte for byte")
  func show() async throws {
    let folder = try await folder()
    let position = try #require(
      try await folder.events("--stream", "notes").first?["position"] as? Int)
    expect(
      try await folder.run("show", "\(position)", "--content"),
      Refusal(status: 1, says: ["position \(position) is restricted", "--ground"], hides: ["by 1"]))
    let read = try await folder.run("show", "\(position)", "--content", "--ground", "consent")
    #expect(try read.succeeded().text == #"{"said":"by 1"}"#)
    try await folder.run("show", "\(position)").succeeded()
  }

  @Test("dataset diff says that a record differs, and not how")
  func diff() async throws {
    let folder = try await folder()
    let diff = ["dataset", "diff", "answers", "v1", "v2", "--content"]
    let table = try await folder.run(diff).succeeded()
    #expect(table.lines.prefix(2) == ["changed 1", "  restricted"])
    #expect(table.text.contains("worse") && !table.text.contains("better"))
    #expect(table.complaint.contains("1 content left out, restricted"))
    let objects = try await folder.run(diff + ["--format", "ndjson"]).succeeded().objects()
    #expect((objects[0]["content"] as? [String: Any])?["kind"] as? String == "restricted")
    let read = try await folder.run(diff + ["--ground", "public-interest"]).succeeded()
    #expect(read.text.contains("better") && read.complaint.isEmpty)
  }

  @Test("subject show and list do not show what was said of her")
  func facts() async throws {
    let folder = try await folder()
    let shown = try await folder.run("subject", "show", "p-0001", "--format", "json").succeeded()
    #expect(try shown.object()["jurisdiction"] as? String == "restricted")
    #expect(try shown.object()["restricted"] as? Int == 1)
    #expect(shown.complaint.contains("1 fact left out, restricted"))
    let read = try await folder.run("subject", "show", "p-0001", "--ground", "consent").succeeded()
    #expect(read.text.contains("DE") && read.complaint.isEmpty)
    let list = try await folder.run("subject", "list", "--facts").succeeded()
    #expect(!list.text.contains("DE") && list.text.contains("AT"))
    #expect(list.text.contains("restricted"))
    #expect(
      try await folder.run("subject", "list", "--facts", "--ground", "consent").text.contains("DE"))
  }

  @Test("lift --class leaves what else was restricted, which list shows")
  func lift() async throws {
    let folder = try await folder()
    try await folder.run("restriction", "lift", "p-0001", "--class", "default").succeeded()
    let table = try await folder.run("restriction", "list").succeeded()
    #expect(table.text.contains("all but default"))
    let object = try await folder.run("restriction", "list", "--format", "ndjson").object()
    #expect(object["classes"] as? [String] == [])
    #expect(object["liftedClasses"] as? [String] == ["default"])
    #expect(try await folder.run("log", "--content").succeeded().text.contains("by 1"))
    expect(
      try await folder.run("restriction", "lift", "p-0001", "--class", "default"),
      Refusal(status: 3, says: ["class default", "custody restriction list"], hides: ["p-0001"]))
    try await folder.run("restriction", "lift", "p-0001").succeeded()
    #expect(try await folder.run("restriction", "list").succeeded().lines.isEmpty)
    let all = try await folder.run("restriction", "list", "--all").succeeded()
    #expect(all.lines.count == 2 && !all.text.contains("but"))
  }

  @Test("a ground is stated only where something is read")
  func grounds() async throws {
    let folder = try await folder()
    for verb in [
      ["log"], ["show", "head"], ["dataset", "diff", "answers", "v1", "v2"], ["subject", "list"],
      ["lineage", "export", "--format", "html"],
      ["lineage", "export", "--format", "openlineage", "--redacted"],
    ] {
      let result = try await folder.run(verb + ["--ground", "consent"])
      #expect(result.status == 2 && result.complaint.contains("--ground needs"), "\(result)")
    }
  }
}
