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

  /// The same two steps, at places of their own.
  private static let atPlaces = """
    steps:
      - job: words
        in: answers=answers.in
        out: words=words
        command: ./words.sh answers.in words
      - job: count
        in: words=words
        out: counts=counts
        command: 'mkdir -p counts; for f in words/*; do wc -c < $f > counts/$(basename $f .txt).n; done'

    """

  @Test("steps at places of their own run again: what can be brought back makes room")
  func places() async throws {
    let folder = try await Self.folder()
    try folder.write("pipeline.yaml", Self.atPlaces)
    try await folder.run("pipeline", "run", "pipeline.yaml").succeeded()
    #expect(try await Self.reasons(folder) == ["words": [], "count": []])
    try folder.write("answers.csv", "id,client,text\n1,p-0001,one\n2,p-0002,three\n")
    try await folder.run("dataset", "commit", "answers", "answers.csv").succeeded()
    try await folder.run("pipeline", "run", "pipeline.yaml").succeeded()
    #expect(try folder.read("words/2.txt") == Array("three\n".utf8))
    #expect(try folder.read("counts/2.n") == Array("6\n".utf8))
    #expect(try folder.read("answers.in") == folder.read("answers.csv"))
    // What is no version of anything stays, whatever is asked.
    try folder.write("words/2.txt", "by hand\n")
    let refused = try await folder.run("pipeline", "run", "pipeline.yaml", "--all")
    #expect(refused.status == 4, "\(refused)")
    #expect(refused.complaint.contains("no version of words"))
    #expect(try folder.read("words/2.txt") == Array("by hand\n".utf8))
    try folder.write("words/2.txt", "three\n")
    try folder.write("answers.in", "id,client,text\n1,p-0001,by hand\n")
    let drift = try await folder.run("pipeline", "run", "pipeline.yaml", "--all")
    #expect(drift.status == 6, "\(drift)")
    #expect(try folder.read("answers.in") == Array("id,client,text\n1,p-0001,by hand\n".utf8))
    try await folder.run("verify", "--level", "projections").succeeded()
  }

  @Test("what a failed step left at its place is moved aside, what came later stays")
  func leftovers() async throws {
    let folder = try await Self.folder()
    let failing = Self.atPlaces.replacing(
      "basename $f .txt).n; done", with: "basename $f).n; exit 3; done")
    try folder.write("pipeline.yaml", failing)
    #expect(try await folder.run("pipeline", "run", "pipeline.yaml").status == 1)
    #expect(folder.exists("counts/1.txt.n"))
    try folder.write("pipeline.yaml", Self.atPlaces)
    try await folder.run("pipeline", "run", "pipeline.yaml").succeeded()
    #expect(folder.exists("counts/1.n") && !folder.exists("counts/1.txt.n"))
    let aside = try FileManager.default.contentsOfDirectory(atPath: folder.file(".")).filter {
      $0.hasPrefix("counts.left-")
    }
    #expect(aside.count == 1 && folder.exists("\(aside[0])/1.txt.n"))

    try folder.write("pipeline.yaml", failing)
    #expect(try await folder.run("pipeline", "run", "pipeline.yaml").status == 1)
    try await Task.sleep(for: .milliseconds(50))
    try folder.write("counts/mine", "worth keeping\n")
    try folder.write("pipeline.yaml", Self.atPlaces)
    let refused = try await folder.run("pipeline", "run", "pipeline.yaml", "--all")
    #expect(refused.status == 4, "\(refused)")
    #expect(folder.exists("counts/mine"))
  }

  @Test("killed at any moment, steps at places of their own resume", arguments: 6..<10)
  func killedAtPlaces(seed: Int) async throws {
    let folder = try await Self.folder()
    try folder.write("pipeline.yaml", Self.atPlaces)
    var random = SeededGenerator(seed)
    let running = try folder.start(["pipeline", "run", "pipeline.yaml"])
    try await Task.sleep(for: .milliseconds(Int.random(in: 1...300, using: &random)))
    running.send(SIGKILL)
    _ = try await running.finish(timeout: 20)
    // The command may live on for a moment.
    try await Task.sleep(for: .milliseconds(300))
    try await folder.run("pipeline", "run", "pipeline.yaml").succeeded()
    #expect(try await folder.run("dataset", "cat", "counts", "1.n").succeeded().text == "4\n")
    #expect(try await Self.reasons(folder) == ["words": [], "count": []])
  }

  @Test("whatever a step says is a reason to run it when it says something else")
  func stale() async throws {
    let folder = try await Self.folder()
    let step = """
      steps:
        - job: words
          in: answers
          out: words
          command: ./words.sh {in:answers} {out:words}

      """
    try folder.write("pipeline.yaml", step)
    try folder.write("pairs.csv", "output,input\n1.txt,1\n2.txt,2\n")
    func reasons(_ more: String) async throws -> [String]? {
      try folder.write("pipeline.yaml", step + more)
      return try await Self.reasons(folder)["words"]
    }
    try await folder.run("pipeline", "run", "pipeline.yaml").succeeded()
    #expect(try await reasons("") == [])
    #expect(try await reasons("    subject: none\n") == ["its subject changed"])
    #expect(try await reasons("    key: id\n") == ["its key changed"])
    try folder.write("pipeline.yaml", step.replacing("out: words", with: "out: words=words"))
    #expect(try await Self.reasons(folder)["words"] == ["its places changed"])
    #expect(try await reasons("    purpose: quality\n") == ["its purpose changed"])
    #expect(try await reasons("    tool: sh\n") == ["its tools changed"])
    #expect(try await reasons("    code: words.sh\n") == ["words.sh changed"])
    #expect(try await reasons("    code: gone.sh\n") == ["gone.sh is missing"])
    #expect(try await reasons("    derivations: pairs.csv\n") == ["pairs.csv changed"])
    try await folder.run("pipeline", "run", "pipeline.yaml").succeeded()
    #expect(try await reasons("    derivations: pairs.csv\n") == [])
    try folder.write("pairs.csv", "output,input\n1.txt,1\n2.txt,2\n2.txt,1\n")
    #expect(try await reasons("    derivations: pairs.csv\n") == ["pairs.csv changed"])
    #expect(try await reasons("") == ["its derivations changed"])
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
      (
        "steps:\n  - {job: a, command: x, in: answers@v9}\n",
        "line 2, column 30: answers has no version v9"
      ),
      ("steps:\n  - {job: a, job: b, command: x}\n", "job stands more than once"),
      (
        "steps:\n  - {job: a, command: x, in: answers, out: answers}\n",
        "line 2, column 5: The steps feed each other in a circle: a, a."
      ),
      ("steps:\n  - {job: a/b, command: x}\n", "line 2, column 5: a/b cannot name a job"),
      ("steps:\n  - {job: a, command: 'x {in:b}'}\n", "line 2, column 5: {in:b} in the command"),
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
