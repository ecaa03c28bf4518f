import CustodyTesting
import Foundation
import Testing

/// A disk that fills up: a small one in memory, in a namespace of the test's own.
@Suite(
  "A full disk", .enabled(if: isDiskPossible, "A disk of our own (unshare, tmpfs) is not allowed."))
struct FullDiskTests {
  /// Runs `script` with a disk of `size` at `disk`, which holds a new store, and copies the store
  /// from there at the end.
  private func run(_ script: String, size: String, in folder: CommandFolder) async throws
    -> CommandResult
  {
    try await folder.shell(
      """
      unshare --user --map-root-user --mount bash -c '
        mkdir -p disk && mount -t tmpfs -o size=\(size) tmpfs disk || exit 99
        custody init --organization example.org --store disk/store --guard "$PWD/guard" >init
        export CUSTODY_STORE=disk/store
        \(script)
        status=$?
        rm -f disk/filler
        cp -a disk/store store
        exit $status'
      """)
  }

  @Test("in the middle of a file loses nothing that has a receipt, and says from where to go on")
  func middle() async throws {
    let folder = try CommandFolder()
    let line = "\"\(String(repeating: "x", count: 300))\"\n"
    try folder.write("lines", String(repeating: line, count: 20_000))
    let result = try await run(
      "custody append --stream s --type a.b --receipts receipts lines", size: "3m", in: folder)
    let receipts = try folder.objects(in: "receipts")
    #expect(receipts.count > 0 && receipts.count < 20_000)
    #expect(
      result.text == "appended \(receipts.count) events, positions 4 to \(receipts.count + 3)\n")
    expect(
      result,
      Refusal(
        status: 7,
        says: ["lines, line \(receipts.count + 1): No space left while writing", "Free some"]))
    let events = try await folder.run(
      "log", "--store", "store", "--stream", "s", "--format", "ndjson"
    )
    .succeeded().objects()
    #expect(events.count == receipts.count)
    for (event, receipt) in zip(events, receipts) {
      #expect(event["leaf"] as? String == receipt["leaf"] as? String)
    }
    // With room again, the store goes on.
    #expect(try await folder.run("verify", "--store", "store", "--level", "contents").status == 0)
    try await folder.run(
      "append", "--store", "store", "--stream", "s", "--type", "a.b", input: .text(line)
    ).succeeded()
    #expect(try await folder.run("verify", "--store", "store", "--level", "contents").status == 0)
  }

  @Test("for the checkpoint only does not look as if nothing had been appended")
  func checkpoint() async throws {
    let folder = try CommandFolder()
    // As much is left as the event needs, or less, or more: whatever is said has to be so.
    for kilobytes in [0, 36, 40, 44, 48, 52, 96] {
      try await folder.shell("rm -rf store guard receipts").succeeded()
      let result = try await run(
        """
        free=$(df -k --output=avail disk | tail -1)
        head -c $((free * 1024 - \(kilobytes) * 1024)) /dev/zero > disk/filler
        echo 1 | custody append --stream s --type a.b --receipts receipts
        """, size: "1m", in: folder)
      let size =
        try await folder.run("head", "--store", "store", "--format", "json").succeeded()
        .object()["size"] as? Int
      let receipts = folder.exists("receipts") ? try folder.objects(in: "receipts").count : 0
      #expect(size == 4 + receipts, "\(kilobytes) kB: \(result)")
      #expect(result.text == (receipts == 1 ? "appended 1 event, position 4\n" : ""))
      #expect(result.status == 0 || result.status == 7, "\(kilobytes) kB: \(result)")
      if result.status == 7 {
        #expect(result.complaint.contains("No space left"), "\(kilobytes) kB: \(result)")
        #expect(result.complaint.contains("do not repeat it") == (receipts == 1))
      }
      try await folder.run("checkpoint", "--store", "store").succeeded()
      #expect(try await folder.run("verify", "--store", "store", "--level", "contents").status == 0)
    }
  }

  @Test("while a run commits what it wrote leaves the versions there were, and no other")
  func run() async throws {
    let folder = try CommandFolder()
    let rows = (1...40_000).map { "\($0),\(String($0, radix: 36)) some words about nobody\n" }
    try folder.write("rows.csv", "id,text\n" + rows.joined())
    try folder.write("few.csv", "id,text\n" + rows[..<10].joined())
    let result = try await run(
      """
      export TMPDIR=$PWD
      custody run --job few --out numbers=out.csv --key id --subject none -- cp few.csv out.csv 2>first
      custody run --job many --force --out numbers=out.csv --subject none -- cp rows.csv out.csv
      """, size: "3m", in: folder)
    #expect(result.status == 125 && result.complaint.contains("No space left"), "\(result)")
    let log = try await folder.run(
      "dataset", "log", "numbers", "--store", "store", "--format", "ndjson"
    ).succeeded().objects()
    #expect(log.compactMap { $0["version"] as? String } == ["v1"], "\(log)")
    try await folder.run("verify", "--store", "store", "--level", "projections").succeeded()
    // With room again, the same run comes to its end.
    try await folder.run(
      "run", "--store", "store", "--job", "many", "--force", "--out", "numbers=out.csv",
      "--subject",
      "none", "--", "cp", "rows.csv", "out.csv"
    ).succeeded()
    try await folder.run("verify", "--store", "store", "--level", "projections").succeeded()
  }
}

private let isDiskPossible: Bool = {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/bin/bash")
  process.arguments = [
    "-c", "unshare --user --map-root-user --mount mount -t tmpfs -o size=1m tmpfs /tmp",
  ]
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return false }
  process.waitUntilExit()
  return process.terminationStatus == 0
}()
