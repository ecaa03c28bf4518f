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
