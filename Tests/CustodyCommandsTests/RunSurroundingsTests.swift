import CustodyTesting
import Foundation
import Testing

@Suite("what surrounds a run")
struct RunSurroundingsTests {
  // MARK: - Output

  /// The smaller size fits into the pipes: the command has ended long before its output is read.
  @Test(
    "all that a command wrote is passed on, however slowly it is read",
    arguments: [100_000, 300_000], ["", ">&2"])
  func slowReader(size: Int, stream: String) async throws {
    let folder = try await CommandFolder.withStore()
    let result = try await folder.shell(
      #"custody run --job much -- sh -c 'head -c \#(size) /dev/zero | tr "\0" "~" \#(stream)' "#
        + "2>&1 | { sleep 3; tr -cd '~' | wc -c; }; exit ${PIPESTATUS[0]}"
    ).succeeded()
    #expect(result.text == "\(size)\n")
  }

  @Test("an output that does not wait loses nothing")
  func outputThatDoesNotWait() async throws {
    let folder = try await CommandFolder.withStore()
    // `dd` leaves the pipe as it set it.
    let result = try await folder.shell(
      "{ dd oflag=nonblock if=/dev/null status=none; "
        + #"custody run --job much -- sh -c 'head -c 300000 /dev/zero | tr "\0" "~"'; } "#
        + "| { sleep 1; wc -c; }; exit ${PIPESTATUS[0]}"
    ).succeeded()
    #expect(result.text == "300000\n")
  }

  @Test("what a command leaves running is not waited for")
  func childThatStays() async throws {
    let folder = try await CommandFolder.withStore()
    let result = try await folder.run(
      "run", "--job", "leaves", "--", "sh", "-c", "sleep 60 & echo $! > left; echo done",
      timeout: 30
    ).succeeded()
    #expect(result.text == "done\n")
    // It succeeds, for the child is still there.
    try await folder.shell("kill $(cat left)").succeeded()
  }

  @Test("what a command leaves writing is not waited for")
  func childThatWrites() async throws {
    let folder = try await CommandFolder.withStore()
    // A closed pipe ends `yes`.
    try await folder.shell(
      "custody run --job leaves -- sh -c 'yes & echo done' > /dev/null", timeout: 30
    ).succeeded()
  }

  // MARK: - Signals

  @Test(
    "a signal that is ignored stays so, for custody and for its command",
    arguments: ["HUP", "INT", "TERM", "QUIT", "PIPE"])
  func ignoredSignal(name: String) async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("stays", "kill -\(name) $PPID; kill -\(name) $$; echo survived\n")
    let result = try await folder.shell("trap '' \(name); custody run --job stays -- sh stays")
      .succeeded()
    #expect(result.text == "survived\n")
  }

  @Test("a signal that is not ignored ends the command")
  func signalThatEnds() async throws {
    let folder = try await CommandFolder.withStore()
    // Sent to custody, as early as it can be.
    let passed = try await folder.run(
      "run", "--job", "ends", "--", "sh", "-c", "kill -TERM $PPID; exec sleep 60", timeout: 30)
    #expect(passed.status == 128 + SIGTERM, "\(passed)")
    // Custody ignores this one for itself.
    let pipe = try await folder.run(
      "run", "--job", "ends", "--", "sh", "-c", "kill -PIPE $$; echo survived")
    #expect(pipe.status == 128 + SIGPIPE, "\(pipe)")
  }

  /// A program of this name in a folder that comes first in `PATH`.
  private static func environment(
    _ folder: CommandFolder, with program: String, _ script: String
  ) async throws -> [String: String] {
    // Somebody asks git in a repository alone.
    for name in ["programs", ".git"] {
      try FileManager.default.createDirectory(
        atPath: folder.file(name), withIntermediateDirectories: false)
    }
    // Another program makes it: one that this process has open to write, and its children with it,
    // cannot be executed.
    try folder.write("script", "#!/bin/sh\n\(script)\n")
    try await folder.shell("install -m 755 script programs/\(program)").succeeded()
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return ["PATH": "\(folder.file("programs")):\(path)"]
  }

  private static func waitUntil(_ name: String, in folder: CommandFolder) async throws {
    for _ in 0..<3000 where !folder.exists(name) { try await Task.sleep(for: .milliseconds(10)) }
    try #require(folder.exists(name), "\(name)")
  }

  @Test(
    "a signal while git or a tool is asked ends custody, and the command never runs",
    arguments: ["git", "tool"])
  func signalBefore(program: String) async throws {
    let folder = try await CommandFolder.withStore()
    // It comes to an end when it has nothing to read: what there is to read is for the command.
    let environment = try await Self.environment(
      folder, with: program, "cat; touch asked; exec sleep 2")
    let running = try folder.start(
      ["run", "--job", "never"] + (program == "git" ? [] : ["--tool", program])
        + ["--", "touch", "ran"],
      environment: environment)
    try await Self.waitUntil("asked", in: folder)
    running.send(SIGTERM)
    let result = try await running.finish(timeout: 30)
    #expect(result.status == 128 + SIGTERM, "\(result)")
    #expect(!folder.exists("ran"))
    #expect(try await folder.events("--type", "run.started").isEmpty)
  }

  @Test("what there is to read is for the command alone")
  func standardInput() async throws {
    let folder = try await CommandFolder.withStore()
    let environment = try await Self.environment(folder, with: "git", "cat > /dev/null; exit 1")
    let result = try await folder.run(
      "run", "--job", "reads", "--", "cat", input: .text("said\n"), environment: environment
    ).succeeded()
    #expect(result.text == "said\n")
  }

  @Test(
    "who ignores the ends of children hands that down; a command's is known", arguments: [0, 42])
  func ignoredEnds(status: Int32) async throws {
    let folder = try await CommandFolder.withStore()
    // Of the shells, bash hands it down.
    let ignored = try await folder.shell("trap '' CHLD; exec grep SigIgn: /proc/self/status")
      .succeeded().text.split(whereSeparator: \.isWhitespace).last
    let signals = try #require(ignored.flatMap { UInt64($0, radix: 16) })
    try #require(signals >> UInt64(SIGCHLD - 1) & 1 == 1)
    let result = try await folder.shell(
      "trap '' CHLD; exec custody run --job ends -- sh -c 'exit \(status)'")
    #expect(result.status == status, "\(result)")
  }

  // MARK: - Runs that others find

  /// A run whose command goes on until there is a file `release`, and then makes `done` when its
  /// private folder is still there.
  private static func waitingRun(_ folder: CommandFolder) async throws -> RunningCommand {
    try FileManager.default.createDirectory(
      atPath: folder.file("tmp"), withIntermediateDirectories: false)
    // Not for ever, should the test end before.
    let script = """
      touch begun; i=0
      until [ -e release ] || [ $((i+=1)) -gt 12000 ]; do sleep 0.05; done
      touch $CUSTODY_EVENTS && touch done
      """
    let running = try folder.start(
      ["run", "--job", "waits", "--", "sh", "-c", script], input: .nothing,
      environment: ["TMPDIR": folder.file("tmp")])
    try await waitUntil("begun", in: folder)
    return running
  }

  private static func privateFolders(_ folder: CommandFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.file("tmp"))
      .filter { $0.hasPrefix("custody-run-") }
  }

  @Test(
    "a command on a copy of a store leaves alone what a living run has", arguments: [false, true])
  func copiedStore(isWriting: Bool) async throws {
    let folder = try await CommandFolder.withStore()
    let running = try await Self.waitingRun(folder)
    try await folder.shell("cp -a .custody copy").succeeded()
    try await folder.run(
      (isWriting ? ["subject", "add", "p-0001"] : ["status"]) + ["--store", "copy"]
    ).succeeded()
    #expect(try Self.privateFolders(folder).count == 1)
    // Nobody will say in the copy how the run ended.
    let aborted = try await folder.events("--type", "run.aborted", "--store", "copy")
    #expect(aborted.count == (isWriting ? 1 : 0))
    let marks = try FileManager.default.contentsOfDirectory(atPath: folder.file("copy/runs"))
    #expect(marks.count == (isWriting ? 0 : 1))

    try folder.write("release", "")
    let result = try await running.finish()
    #expect(folder.exists("done"))
    // The guard has seen what was written to the copy: two histories under one key.
    #expect(result.status == (isWriting ? 125 : 0), "\(result)")
    #expect(try Self.privateFolders(folder).isEmpty)
  }

  @Test("what a run has stays while its command lives, also when custody was killed")
  func orphanedCommand() async throws {
    let folder = try await CommandFolder.withStore()
    let running = try await Self.waitingRun(folder)
    running.send(SIGKILL)
    #expect(try await running.finish().status == 128 + SIGKILL)
    try await folder.run("status").succeeded()
    try await folder.run("subject", "add", "p-0001").succeeded()
    #expect(try Self.privateFolders(folder).count == 1)
    #expect(try await folder.events("--type", "run.aborted").isEmpty)

    try folder.write("release", "")
    try await Self.waitUntil("done", in: folder)
    // Its shell may take a moment to end.
    for _ in 0..<300 {
      try await folder.run("status").succeeded()
      guard try !Self.privateFolders(folder).isEmpty else { break }
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(try Self.privateFolders(folder).isEmpty)
    try await folder.run("subject", "add", "p-0002").succeeded()
    #expect(try await folder.events("--type", "run.aborted").count == 1)
    let marks = try FileManager.default.contentsOfDirectory(atPath: folder.file(".custody/runs"))
    #expect(marks.isEmpty)
  }

  // MARK: - Code

  @Test("a file of code may be large, or a link to one; what is no file is refused")
  func code() async throws {
    let folder = try await CommandFolder.withStore()
    let sum = try await folder.shell(
      "head -c 20000000 /dev/zero > large; ln -s large link; mkdir folder; mkfifo pipe; "
        + "sha256sum < large"
    ).succeeded().text.prefix(64)
    try await folder.run(
      "run", "--job", "hashed", "--code", "large", "--code", "link", "--", "true"
    ).succeeded()
    let texts = try await folder.run(
      "log", "--type", "run.annotated", "--content", "--format", "ndjson"
    ).succeeded().text
    #expect(texts.ranges(of: "sha256:\(sum)").count == 2, "\(texts)")
    for name in ["folder", "pipe"] {
      let refused = try await folder.run(
        "run", "--job", "hashed", "--code", name, "--", "true", timeout: 30)
      #expect(refused.status == 125, "\(refused)")
      #expect(refused.complaint.contains("\(name) is no file."), "\(refused)")
    }
  }

  // MARK: - Standard streams

  @Test(
    "standard streams that are closed change neither the status nor what is recorded",
    arguments: ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
  func closedStreams(streams: String) async throws {
    let folder = try await CommandFolder.withStore()
    let result = try await folder.shell(
      "custody run --job closed -- sh -c 'echo said; echo warned >&2; exit 42' \(streams)")
    #expect(result.status == 42, "\(result)")
    let texts = try await folder.run(
      "log", "--type", "run.annotated", "--content", "--format", "ndjson"
    ).succeeded().objects().compactMap { $0["content"] as? [String: Any] }
    #expect(texts.compactMap { $0["output"] as? String } == ["said\n"])
    #expect(texts.compactMap { $0["errors"] as? String } == ["warned\n"])
    try await folder.run("verify").succeeded()
  }
}
