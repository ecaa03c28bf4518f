import CustodyTesting
import Foundation
import Testing

@Suite("pipeline")
struct PipelineCommandTests {
  /// A pipeline of two steps over a CSV: one that needs `words.sh`, one that counts.
  private static func folder() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try folder.write("answers.csv", "id,client,text\n1,p-0001,one\n2,p-0002,two\n")
    try await folder.run(
      "dataset", "create", "answers", "--kind", "csv", "--key", "id", "--subject", "client"
    ).succeeded()
    try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
    try folder.write(
      "words.sh",
      "#!/bin/sh\nmkdir $2\ntail -n +2 $1 | while IFS=, read i c t; do echo $t$3 > $2/$i.txt; done\n",
      mode: 0o700)
    try folder.write(
      "pipeline.yaml",
      """
      steps:
        - job: count
          in: words
          out: counts
          command: [sh, -c, 'mkdir {out:counts}; for f in {in:words}/*; do wc -c < $f > {out:counts}/$(basename $f .txt).n; done']
        - job: words
          in: answers
          out: words
          param: {mark: "!"}
          code: words.sh
          command: ./words.sh {in:answers} {out:words} {param:mark}

      """)
    return folder
  }

  private static func jobs(_ folder: CommandFolder) async throws -> [String] {
    try await folder.run("log", "--type", "run.completed", "--content", "--format", "ndjson")
      .succeeded().objects().compactMap { ($0["content"] as? [String: Any])?["job"] as? String }
  }

  private static func reasons(_ folder: CommandFolder) async throws -> [String: [String]] {
    let states = try await folder.run("pipeline", "status", "pipeline.yaml", "--format", "ndjson")
      .succeeded().objects()
    return Dictionary(
      uniqueKeysWithValues: states.map {
        ($0["job"] as? String ?? "", $0["reasons"] as? [String] ?? [])
      })
  }

  @Test("runs what has something to do, in the order of the datasets, and nothing else")
  func story() async throws {
    let folder = try await Self.folder()
    #expect(try await Self.reasons(folder)["words"] == ["it has never run to its end"])
    try await folder.run("pipeline", "run", "pipeline.yaml").succeeded()
    #expect(try await Self.jobs(folder) == ["words", "count"])
    #expect(try await Self.reasons(folder) == ["words": [], "count": []])
    let size = try await folder.size()
    let again = try await folder.run("pipeline", "run", "pipeline.yaml").succeeded()
    #expect(again.complaint == "words: nothing changed\ncount: nothing changed\n")
    #expect(try await folder.size() == size)

    try folder.write("answers.csv", "id,client,text\n1,p-0001,one\n2,p-0002,three\n")
    try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
    #expect(
      try await Self.reasons(folder)
        == ["words": ["answers is at v2, read was v1"], "count": ["words is stale"]])
    try await folder.run("pipeline", "run", "pipeline.yaml").succeeded()
    #expect(try await Self.jobs(folder) == ["words", "count", "words", "count"])

    let other = try await folder.run("pipeline", "run", "pipeline.yaml", "--param", "mark=?")
    #expect(try other.succeeded().complaint.contains("words: parameter mark changed"))
    #expect(try await folder.run("dataset", "cat", "words", "1.txt").succeeded().text == "one?\n")
    // Its output is as long as before: what reads it has new input all the same.
    #expect(try await Self.jobs(folder).count == 6)

    var script = String(decoding: try folder.read("words.sh"), as: UTF8.self)
    script += "# a comment\n"
    try folder.write("words.sh", script, mode: 0o700)
    let code = try await folder.run("pipeline", "run", "pipeline.yaml", "--param", "mark=?")
    #expect(try code.succeeded().complaint.contains("words: words.sh changed"))
    #expect(try await Self.jobs(folder).count == 7, "the same words: counting has nothing to do")
    try await folder.run("pipeline", "run", "pipeline.yaml", "--param", "mark=?", "--all")
      .succeeded()
    #expect(try await Self.jobs(folder).count == 9)
    let why = try await folder.run("why", "counts", "2.n").succeeded()
    #expect(why.text.contains("from words@v") && why.text.contains("from answers@v2 2"))
    try await folder.run("verify", "--level", "projections").succeeded()
  }

  @Test("goes on where it failed")
  func resuming() async throws {
    let folder = try await Self.folder()
    let text = String(decoding: try folder.read("pipeline.yaml"), as: UTF8.self)
    try folder.write("pipeline.yaml", text.replacing("mkdir {out:counts};", with: "exit 3;"))
    let failed = try await folder.run("pipeline", "run", "pipeline.yaml")
    #expect(failed.status == 1)
    #expect(failed.complaint.contains("failed with status 3"))
    try folder.write("pipeline.yaml", text)
    let resumed = try await folder.run("pipeline", "run", "pipeline.yaml").succeeded()
    #expect(resumed.complaint.hasPrefix("words: nothing changed\ncount: it has never run"))
  }

  @Test("killed at any moment, it resumes to the same datasets", arguments: 0..<6)
  func killed(seed: Int) async throws {
    let folder = try await Self.folder()
    var random = SeededGenerator(seed)
    let running = try folder.start(["pipeline", "run", "pipeline.yaml"])
    try await Task.sleep(for: .milliseconds(Int.random(in: 1...250, using: &random)))
    running.send(SIGKILL)
    _ = try await running.finish(timeout: 20)
    try await folder.run("pipeline", "run", "pipeline.yaml").succeeded()
    #expect(try await folder.run("dataset", "cat", "counts", "1.n").succeeded().text == "5\n")
    #expect(try await Self.reasons(folder) == ["words": [], "count": []])
    try await folder.run("verify", "--level", "projections").succeeded()
  }

  @Test("a file that is no pipeline is refused, with line and column")
  func refusals() async throws {
    let folder = try await Self.folder()
    let cases = [
      ("steps:\n  - job: a\n", "line 2, column 5: A step has a job: and a command:"),
      ("step: 1\n", "line 1, column 1: step is not known here"),
      ("steps:\n  - job: a\n    command: x\n    ins: b\n", "line 4, column 5: ins is not known"),
      ("steps: [\n", "The file is not YAML"),
      ("steps:\n  - {job: a, command: x, in: no}\n", "line 2, column 30: There is no dataset no"),
      (
        "steps:\n  - {job: a, command: x, in: c, out: b}\n  - {job: b, command: x, in: b, out: c}\n",
        "The steps feed each other in a circle: a, b, a."
      ),
      (
        "steps:\n  - {job: a, command: x, out: b}\n  - {job: b, command: x, out: b}\n",
        "line 3, column 5: Two steps write b."
      ),
    ]
    for (text, says) in cases {
      try folder.write("bad.yaml", text)
      let result = try await folder.run("pipeline", "run", "bad.yaml")
      #expect(result.status == 6, "\(text) \(result)")
      #expect(result.complaint.contains(says), "\(text) \(result)")
    }
    let unknown = try await folder.run("pipeline", "run", "pipeline.yaml", "--param", "x=1")
    #expect(unknown.status == 2)
    #expect(try await Self.jobs(folder).isEmpty)
  }
}
