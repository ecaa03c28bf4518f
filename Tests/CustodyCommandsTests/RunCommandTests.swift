import CustodyTesting
import Foundation
import Testing

@Suite("run")
struct RunCommandTests {
  /// A store with a CSV of three rows about two people, and `TMPDIR` for private folders.
  private static func folder() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try folder.write("answers.csv", "id,client,text\n1,p-0001,one\n2,p-0002,two\n3,p-0001,three\n")
    try await folder.run(
      "dataset", "create", "answers", "--kind", "csv", "--key", "id", "--subject", "client"
    ).succeeded()
    try await folder.run("dataset", "commit", "answers", "answers.csv", "-m", "first").succeeded()
    try FileManager.default.createDirectory(
      atPath: folder.file("tmp"), withIntermediateDirectories: false)
    return folder
  }

  private static func environment(_ folder: CommandFolder) -> [String: String] {
    ["TMPDIR": folder.file("tmp")]
  }

  @discardableResult
  private static func run(
    _ folder: CommandFolder, _ arguments: [String], _ script: String? = nil
  ) async throws -> CommandResult {
    try await folder.run(
      ["run"] + arguments + (script.map { ["--", "sh", "-c", $0] } ?? []),
      environment: environment(folder))
  }

  /// Events of a type, with their contents.
  private static func contents(
    _ folder: CommandFolder, of type: String
  ) async throws -> [[String: Any]] {
    try await folder.run("log", "--type", type, "--content", "--format", "ndjson").succeeded()
      .objects().compactMap { $0["content"] as? [String: Any] }
  }

  @Test("inputs of two classes about the same people make records about each of them once")
  func classes() async throws {
    let folder = try await Self.folder()
    try await folder.run(
      "dataset", "create", "voices", "--kind", "csv", "--key", "id", "--subject", "client",
      "--class", "voiceprint"
    ).succeeded()
    try await folder.run("dataset", "commit", "voices", "answers.csv").succeeded()
    try await Self.run(
      folder,
      [
        "--job", "join", "--in", "answers", "--in", "voices", "--out", "joined=joined.csv", "--key",
        "id",
      ], "cp {in:answers} joined.csv"
    ).succeeded()
    try await folder.run("verify", "--level", "contents").succeeded()
    try await folder.run("dataset", "restore", "joined", "--to", "again.csv").succeeded()
    func again() throws -> String {
      try String(contentsOfFile: folder.file("again.csv"), encoding: .utf8)
    }
    #expect(try again() == "id,client,text\n1,p-0001,one\n2,p-0002,two\n3,p-0001,three\n")
    try await folder.run(
      "subject", "erase", "p-0001", "--class", "default", "--reason", "request", "--yes"
    ).succeeded()
    try await folder.run(
      "dataset", "restore", "joined", "--to", "again.csv", "--force"
    ).succeeded()
    #expect(try again() == "id,client,text\n2,p-0002,two\n")
  }

  @Test("what is written is about the people of what was read, and why tells where it comes from")
  func story() async throws {
    let folder = try await Self.folder()
    let first = try await Self.run(
      folder,
      [
        "--job", "shout", "--in", "answers", "--out", "shouted=loud.csv", "--key", "id",
        "--param", "case=upper", "--purpose", "quality", "--tool", "sort",
      ],
      "echo said; echo warned >&2; cut -d, -f1,3 {in:answers} | tr a-z A-Z | sed 1s/.*/id,text/ > loud.csv"
    ).succeeded()
    #expect(first.text == "said\n")
    #expect(first.complaint.hasPrefix("warned\n"))
    #expect(first.complaint.contains("of shout: shouted v1: 3 records, 3 added"))
    try await Self.run(
      folder, ["--job", "split", "--in", "shouted@v1=in.csv", "--out", "words"],
      "mkdir $CUSTODY_OUT_WORDS; while IFS=, read i t; do echo $t > {out:words}/$i.txt; done < in.csv; rm {out:words}/id.txt"
    ).succeeded()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("tmp")).isEmpty)
    #expect(folder.exists("in.csv"), "a place that was named stays")

    let why = try await folder.run("why", "words", "2.txt").succeeded()
    for line in [
      "words@v1 2.txt", "of split at", "from shouted@v1 2  ", "of shout at", "purpose  quality",
      "param    case=upper", "tool     sort: sort", "from answers@v1 2  ",
      "committed as v1 at ", ": first",
    ] {
      #expect(why.text.contains(line), "\(line)\n\(why)")
    }
    let json = try await folder.run("why", "words", "2.txt", "--format", "json").succeeded()
      .object()
    let run = try #require(json["run"] as? [String: Any])
    #expect(run["job"] as? String == "split")
    let inputs = try #require(json["inputs"] as? [[String: Any]])
    let record = try #require((inputs[0]["records"] as? [[String: Any]])?.first)
    #expect(record["keys"] as? [String] == json["keys"] as? [String])
    #expect((record["keys"] as? [String])?.count == 1)

    // Bert's answer is Bert's in every dataset.
    let found = try await folder.run(
      "dataset", "show", "words", "--records", "--where", "subject:p-0002", "--format", "ndjson"
    ).succeeded()
    #expect(found.text.contains("2.txt") && !found.text.contains("1.txt"), "\(found)")

    let completed = try await Self.contents(folder, of: "run.completed")
    #expect(completed.map { $0["job"] as? String } == ["shout", "split"])
    let texts = try await Self.contents(folder, of: "run.annotated")
    #expect(texts.compactMap { $0["output"] as? String } == ["said\n", ""])
    #expect(texts.compactMap { $0["errors"] as? String } == ["warned\n", ""])
    try await folder.run("verify", "--level", "projections").succeeded()
  }

  @Test("a command that fails commits nothing and its status is that of run")
  func failures() async throws {
    let folder = try await Self.folder()
    let status = try await Self.run(
      folder, ["--job", "fails", "--out", "new=new.csv", "--subject", "none"],
      "echo id > new.csv; echo broken >&2; exit 7")
    #expect(status.status == 7)
    #expect(status.complaint.contains("failed with status 7, no version committed"))
    let signal = try await Self.run(folder, ["--job", "dies"], "kill -TERM $$")
    #expect(signal.status == 128 + 15)
    #expect(try await folder.run("run", "--job", "x", "--", "no-such-command").status == 127)
    #expect(try await folder.run("run", "--job", "x", "--", "./answers.csv").status == 126)
    let failed = try await Self.contents(folder, of: "run.failed")
    #expect(failed.map { $0["status"] as? Int } == [7, nil])
    #expect(failed.map { $0["signal"] as? Int } == [nil, 15])
    #expect(try await Self.contents(folder, of: "run.started").count == 2, "never began")
    let list = try await folder.run("dataset", "list", "--format", "ndjson").succeeded()
    #expect(!list.text.contains("new"))
    try await folder.run("verify", "--level", "projections").succeeded()
  }

  @Test("what a run cannot be is refused, and the previous versions stand")
  func refusals() async throws {
    let folder = try await Self.folder()
    let before = try await folder.run("dataset", "log", "answers", "--format", "ndjson").succeeded()
    try folder.write("other.csv", "id,client,text\n1,p-0001,one\n")
    let cases: [(arguments: [String], script: String, says: String)] = [
      (["--out", "d=../out"], "true", "outside of"),
      (["--out", "d=.custody/x"], "true", "Custody's own files"),
      (["--in", "answers", "--out", "answers=o"], "true", "named more than once"),
      (["--in", "answers=o", "--out", "d=o"], "true", "overlap"),
      (["--in", "nothing"], "true", "no dataset nothing"),
      (["--in", "answers@v9"], "true", "no version v9"),
      (["--out", "d=missing"], "true", "left nothing for d"),
      (["--out", "d=empty"], "mkdir empty", "left nothing for d"),
      (["--out", "d=answers.csv"], "true", "no version of d: nobody could bring it back"),
      (["--in", "answers=other.csv"], "true", "0 added, 0 changed, 2 removed"),
      (["--in", "answers", "--out", "d=d"], "mkdir d; echo 1 > d/9.txt", "comes from no record"),
      (
        ["--out", "e=e", "--subject", "none"],
        "mkdir e; echo 1 > e/f; echo '{\"stream\"' > $CUSTODY_EVENTS", "line 1, column 10"
      ),
    ]
    for (arguments, script, says) in cases {
      let result = try await Self.run(folder, ["--job", "bad"] + arguments, script)
      #expect(result.status == 125, "\(arguments) \(result)")
      #expect(result.complaint.contains(says), "\(arguments) \(result)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("tmp")).isEmpty)
    let after = try await folder.run("dataset", "log", "answers", "--format", "ndjson").succeeded()
    #expect(after.text == before.text)
    try await folder.run("verify", "--level", "projections").succeeded()
  }

  @Test("what is private, current or another's stays as it is")
  func outside() async throws {
    let folder = try await Self.folder()
    let current = try await Self.run(folder, ["--job", "f", "--force", "--out", "x=."], "true")
    #expect(current.status == 125 && current.complaint.contains("own files"))
    #expect(folder.exists("answers.csv"))
    try FileManager.default.createDirectory(
      atPath: folder.file("other"), withIntermediateDirectories: false,
      attributes: [.posixPermissions: 0o755])
    try await Self.run(
      folder, ["--job", "links", "--in", "answers"],
      "ln -s $PWD/other $(dirname $CUSTODY_IN_ANSWERS)/link"
    ).succeeded()
    let mode =
      try FileManager.default.attributesOfItem(atPath: folder.file("other"))[.posixPermissions]
    #expect(mode as? Int == 0o755)
    try folder.write("kept.csv", "id\n1\n")
    let tool = try await Self.run(
      folder, ["--job", "t", "--force", "--out", "x=kept.csv", "--tool", "no-such-tool"], "true")
    #expect(tool.status == 125 && folder.exists("kept.csv"))
    let named = try await Self.run(folder, ["--job", "n", "--in", "answers=p-0001.csv"], "true")
    #expect(named.status == 125 && !folder.exists("p-0001.csv"))
    // Whoever made the dataset said that it is about nobody; what is written comes from people.
    try await folder.run(
      "dataset", "create", "copies", "--kind", "csv", "--key", "id", "--subject", "none"
    ).succeeded()
    try await Self.run(
      folder, ["--job", "copies", "--in", "answers", "--out", "copies"],
      "cp {in:answers} {out:copies}"
    ).succeeded()
    let why = try await folder.run("why", "copies", "1", "--format", "json").succeeded().object()
    #expect((why["keys"] as? [String])?.count == 1)
    let value = try await folder.run(
      "run", "--job", "echo", "--param", "a={param:b}", "--param", "b=2", "--", "echo", "{param:a}",
      environment: Self.environment(folder)
    ).succeeded()
    #expect(value.text == "{param:b}\n")
    let unknown = try await Self.run(folder, ["--job", "u"], "echo {in:nothing}")
    #expect(unknown.status == 125 && unknown.complaint.contains("names nothing"))
    let failed = try await Self.run(folder, ["--job", "e"], "echo bad > $CUSTODY_EVENTS; exit 3")
    #expect(failed.status == 3)
  }

  @Test("drift is recorded when it is allowed")
  func drift() async throws {
    let folder = try await Self.folder()
    try folder.write("other.csv", "id,client,text\n1,p-0001,uno\n4,p-0001,four\n3,p-0001,three\n")
    try await Self.run(
      folder, ["--job", "reads", "--in", "answers=other.csv", "--allow-drift"], "true"
    ).succeeded()
    let started = try await Self.contents(folder, of: "run.started")
    let input = try #require((started[0]["inputs"] as? [[String: Any]])?.first)
    let drift = try #require(input["drift"] as? [String: Any])
    #expect(["added", "changed", "removed"].map { drift[$0] as? Int } == [1, 1, 1])
    #expect(drift["reframed"] as? Bool == false && drift["reordered"] as? Bool == false)
    // People are those of the file that was read, its new rows and changed ones too.
    try folder.write("other.csv", "id,client,text\n1,p-0002,uno\n4,p-0004,four\n3,p-0001,three\n")
    try await Self.run(
      folder,
      [
        "--job", "copies", "--in", "answers=other.csv", "--allow-drift", "--out", "copies=c.csv",
        "--key", "id",
      ], "cut -d, -f1,3 other.csv > c.csv"
    ).succeeded()
    for (person, keys) in [
      ("p-0001", ["1", "3"]), ("p-0002", ["1"]), ("p-0003", []), ("p-0004", ["4"]),
    ] {
      let shown = try await folder.run(
        "dataset", "show", "copies", "--records", "--where", "subject:\(person)", "--format",
        "ndjson")
      let found =
        keys.isEmpty ? [] : try shown.succeeded().objects().compactMap { $0["record"] as? String }
      #expect(found == keys, "\(person)")
    }
    let why = try await folder.run("why", "copies", "4").succeeded()
    #expect(why.text.contains("read otherwise than v1 of answers: 1 added, 1 changed, 1 removed"))
    // Nobody could say whom a changed copy is about.
    try folder.write("d.csv", "id,text\n1,changed\n")
    let unknown = try await Self.run(
      folder, ["--job", "d", "--in", "copies=d.csv", "--allow-drift", "--out", "e=e.csv"],
      "cp d.csv e.csv")
    #expect(unknown.status == 125 && unknown.complaint.contains("nothing says whom its records"))
    // The same rows under another header, or in another order, are not the version.
    for (text, says) in [
      ("id,text,client\n1,p-0001,one\n2,p-0002,two\n3,p-0001,three\n", "another header"),
      ("id,client,text\n2,p-0002,two\n1,p-0001,one\n3,p-0001,three\n", "rows in another order"),
    ] {
      try folder.write("order.csv", text)
      let refused = try await Self.run(folder, ["--job", "o", "--in", "answers=order.csv"], "true")
      #expect(refused.status == 125 && refused.complaint.contains(says), "\(refused)")
    }
    // The same bytes are no drift.
    try await Self.run(folder, ["--job", "reads", "--in", "answers=answers.csv"], "true")
      .succeeded()
  }

  @Test("who derives from whom can be stated, and people joined")
  func derivations() async throws {
    let folder = try await Self.folder()
    try folder.write("from.csv", "output,input\nboth,1\nboth,2\n")
    try await Self.run(
      folder,
      [
        "--job", "joins", "--in", "answers", "--out", "joined=j.csv", "--key", "name",
        "--derivations", "from.csv",
      ], "printf 'name,text\nboth,onetwo\n' > j.csv"
    ).succeeded()
    let json = try await folder.run("why", "joined", "both", "--format", "json").succeeded()
      .object()
    #expect((json["keys"] as? [String])?.count == 2)
    let inputs = try #require(json["inputs"] as? [[String: Any]])
    let keys = (inputs[0]["records"] as? [[String: Any]])?.compactMap { $0["key"] as? String }
    #expect(keys == ["1", "2"])
  }

  @Test("a command may say what derives from what, and a key that nothing has is refused")
  func statedDerivations() async throws {
    let folder = try await Self.folder()
    try folder.write("more.csv", "id,client\n1,p-0003\n")
    try await folder.run(
      "dataset", "create", "more", "--kind", "csv", "--key", "id", "--subject", "client"
    ).succeeded()
    try await folder.run("dataset", "commit", "more", "more.csv").succeeded()
    let arguments = [
      "--job", "joins", "--in", "answers", "--in", "more", "--out", "joined=j.csv", "--key", "name",
    ]
    func joined(_ pairs: String, _ more: [String] = []) async throws -> CommandResult {
      try await Self.run(
        folder, arguments + more,
        "printf 'name,text\na,x\n' > j.csv; printf '\(pairs)' > $CUSTODY_DERIVATIONS")
    }
    func people() async throws -> Int? {
      let why = try await folder.run("why", "joined", "a", "--format", "json").succeeded().object()
      return (why["keys"] as? [String])?.count
    }
    let unknown = try await joined("output,input\\na,1\\na,77\\n")
    #expect(unknown.status == 125 && unknown.complaint.contains("line 3: No record"), "\(unknown)")
    let unused = try await joined("output,input\\na,1\\nb,1\\n")
    #expect(unused.complaint.contains("line 3: No record that the run wrote"), "\(unused)")
    let column = try await joined("output,input,Dataset\\na,1,more\\n")
    #expect(column.complaint.contains("The column Dataset is not known here"), "\(column)")
    let dataset = try await joined("output,input,dataset\\na,1,others\\n")
    #expect(dataset.complaint.contains("line 2: The run reads no dataset others"), "\(dataset)")
    try await joined("output,input\\na,1\\n").succeeded()
    #expect(try await people() == 2, "the first of both")
    try await joined("output,input,dataset\\na,1,more\\n").succeeded()
    #expect(try await people() == 1)
    // About nobody, and yet known where from.
    try await joined("output,input,dataset\\na,1,more\\n", ["--subject", "none", "--force"])
      .succeeded()
    #expect(try await people() == 0)
    let why = try await folder.run("why", "joined", "a").succeeded()
    #expect(why.text.contains("from more@v1 1"), "\(why)")
  }

  @Test("places are judged before the first is touched, and what is there is lost to nobody")
  func places() async throws {
    let folder = try await Self.folder()
    let arguments = [
      "--job", "two", "--key", "id", "--subject", "none", "--out", "a=a.csv", "--out", "b=b.csv",
    ]
    try await Self.run(folder, arguments, "printf 'id,x\n1,2\n' | tee a.csv > b.csv").succeeded()
    // The rows of the version under another header are somebody's work.
    try folder.write("b.csv", "id,y\n1,2\n")
    let refused = try await Self.run(folder, arguments, "true")
    #expect(refused.status == 125 && refused.complaint.contains("no version of b"), "\(refused)")
    #expect(folder.exists("a.csv") && folder.exists("b.csv"))
    // What a run left that Custody refused is not thrown away.
    let left = try await Self.run(
      folder, ["--job", "long", "--in", "answers", "--out", "c=c.csv", "--key", "id"],
      "printf 'id,x\n77,hours of work\n' > c.csv")
    #expect(left.status == 125)
    let again = try await Self.run(
      folder,
      ["--job", "long", "--in", "answers", "--out", "c=c.csv", "--key", "id", "--subject", "none"],
      "printf 'id,x\n78,y\n' > c.csv"
    ).succeeded()
    #expect(again.complaint.contains("was left by a failed run"), "\(again)")
    let aside = try FileManager.default.contentsOfDirectory(atPath: folder.file(".")).filter {
      $0.hasPrefix("c.csv.left-")
    }
    #expect(aside.count == 1)
    #expect(try folder.read(aside[0]) == Array("id,x\n77,hours of work\n".utf8))
    for (place, says) in [
      (".", "own files"), (".custody/x.csv", "own files"),
      ("tmp", "is a folder, and answers is not"),
    ] {
      let result = try await Self.run(folder, ["--job", "p", "--in", "answers=\(place)"], "true")
      #expect(result.status == 125 && result.complaint.contains(says), "\(place) \(result)")
    }
    let twice = try await Self.run(
      folder, ["--job", "p", "--in", "answers=t.csv", "--in", "c=t.csv"], "true")
    #expect(twice.status == 125 && twice.complaint.contains("overlap"), "\(twice)")
  }

  @Test("events that a command writes are appended with the run")
  func events() async throws {
    let folder = try await Self.folder()
    let line =
      #"{"stream":"recording/1","type":"audio.assessed","subjects":["p-0001"],"content":{"snrDb":31}}"#
    let result = try await Self.run(
      folder, ["--job", "measures", "--in", "answers"], "echo '\(line)' >> $CUSTODY_EVENTS"
    ).succeeded()
    #expect(result.complaint.contains("1 event"))
    let events = try await folder.run("log", "--type", "audio.assessed", "--format", "ndjson")
      .succeeded().objects()
    let run = try await folder.run("log", "--type", "run.started", "--format", "ndjson")
      .succeeded().objects()
    #expect(events.count == 1)
    #expect(run[0]["stream"] as? String == "run/\(run[0]["id"] as? String ?? "")")
    #expect((try await Self.contents(folder, of: "run.completed"))[0]["events"] as? Int == 1)
  }

  @Test("a run that is killed leaves nothing that the next command does not find")
  func killed() async throws {
    let folder = try await Self.folder()
    for signal in [SIGKILL, SIGTERM] {
      let running = try folder.start(
        [
          "run", "--job", "sleeps", "--in", "answers", "--", "sh", "-c",
          "echo $$ > pid; cp {in:answers} seen-\(signal); exec sleep 30",
        ], environment: Self.environment(folder))
      for _ in 0..<500 where !folder.exists("seen-\(signal)") {
        try await Task.sleep(for: .milliseconds(10))
      }
      #expect(folder.exists("seen-\(signal)"))
      running.send(signal)
      let result = try await running.finish(timeout: 20)
      #expect(result.status == 128 + signal, "\(result)")
      // The run is left once nothing of it lives.
      if signal == SIGKILL { try await folder.shell("kill -KILL $(cat pid)").succeeded() }
    }
    // Whatever the next command is, what the run read goes.
    try await folder.run("status", environment: Self.environment(folder)).succeeded()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("tmp")).isEmpty)
    try await folder.run("subject", "add", "p-0099", environment: Self.environment(folder))
      .succeeded()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("tmp")).isEmpty)
    #expect(try await Self.contents(folder, of: "run.aborted").count == 1)
    #expect(try await Self.contents(folder, of: "run.failed").map { $0["signal"] as? Int } == [15])
    try await folder.run("verify", "--level", "projections").succeeded()
  }

  @Test("a store that another program writes to is waited for, and said to be")
  func locked() async throws {
    let folder = try await Self.folder()
    let holder = Task {
      try await folder.shell(
        "exec 9>.custody/lock; flock 9; touch held; until [ -e release ]; do sleep 0.1; done")
    }
    for _ in 0..<1000 where !folder.exists("held") { try await Task.sleep(for: .milliseconds(10)) }
    let refused = try await folder.run("subject", "add", "p-0077", "--timeout", "0.3")
    #expect(refused.status == 7)
    #expect(refused.complaint.contains("--timeout"))
    let running = try folder.start(
      ["run", "--job", "waits", "--", "true"], environment: Self.environment(folder))
    try await Task.sleep(for: .seconds(6))
    try folder.write("release", "")
    let run = try await running.finish(timeout: 30)
    #expect(run.status == 0, "\(run)")
    #expect(run.complaint.contains("waiting for another program"))
    _ = try await holder.value
    try await folder.run("verify", "--level", "projections").succeeded()
  }

  @Test("a trial says what would be read and written, and does nothing")
  func trial() async throws {
    let folder = try await Self.folder()
    let size = try await folder.size()
    let result = try await folder.run(
      "run", "--job", "x", "--dry-run", "--in", "answers", "--out", "new=n", "--", "cat"
    ).succeeded()
    #expect(result.text.contains("would read   answers v1, 3 records, in a private folder"))
    #expect(result.text.contains("would write  new, made for it, from "))
    #expect(try await folder.size() == size)
  }
}
