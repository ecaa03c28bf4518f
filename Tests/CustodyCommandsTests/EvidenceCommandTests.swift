import CustodyTesting
import Foundation
import Testing

@Suite("prove, receipt, disclose, export events and tiles")
struct EvidenceCommandTests {
  /// A store with five events of a caller, their receipts, and its verifier key in a file.
  private static func folder() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try folder.write("lines", (1...5).map { "{\"n\":\($0)}\n" }.joined())
    try await folder.run(
      "append", "--stream", "s", "--type", "a.b", "--receipts", "receipts", "lines"
    ).succeeded()
    let status = try await folder.run("status", "--format", "json").succeeded().object()
    try folder.write("key", "\(status["verifierKey"] as? String ?? "")\n")
    return folder
  }

  private static func verify(
    _ folder: CommandFolder, _ file: String, _ more: String...
  ) async throws -> CommandResult {
    try await folder.run(["verify", file, "--vkey", "@key"] + more)
  }

  @Test("a stranger checks each of them with the verifier key alone")
  func story() async throws {
    let folder = try await Self.folder()
    try await folder.run("prove", "5", "--to", "proof").succeeded()
    try await folder.run("export", "events", "--since", "4", "--until", "6", "--to", "range")
      .succeeded()
    try await folder.run("export", "tiles", "--to", "tiles").succeeded()
    try await folder.run("receipt", "receipts", "--folder", "proofs").succeeded()
    let note = try await folder.run("head", "--note").succeeded().output
    try folder.write("note", note)
    try await folder.run("disclose", "6", "--purpose", "audit", "--to", "disclosed").succeeded()
    try await folder.run("prove", "--consistency", "9", "10", "--to", "consistent").succeeded()
    // Nothing of the store is needed.
    try FileManager.default.moveItem(
      atPath: folder.file(".custody"), toPath: folder.file("elsewhere"))
    for (file, says) in [
      ("proof", "a proof: holds; the event is in the ledger under the checkpoint of 9 events"),
      ("range", "a range of events: holds; 3 events, positions 4 to 6, none left out"),
      ("tiles", "tiles: holds; 9 events, all of them"), ("proofs/8.tlog-proof", "holds"),
      ("disclosed", "content: {\"n\":3}"),
    ] {
      let result = try await Self.verify(folder, file).succeeded()
      #expect(result.text.contains(says), "\(result)")
      let explained = try await Self.verify(folder, file, "--explain").succeeded()
      #expect(explained.text.contains("Ed25519 and the verifier key you gave"))
      let json = try await Self.verify(folder, file, "--format", "json").succeeded().object()
      #expect(json["holds"] as? Bool == true)
    }
    try await Self.verify(folder, "consistent", "--anchor", "note").succeeded()
    try await Self.verify(folder, "tiles", "--anchor", "note", "--receipt", "receipts").succeeded()
    try await Self.verify(folder, "proofs/8.tlog-proof", "--receipt", "receipts").succeeded()
  }

  @Test("every ledger begins with the empty one, which needs no anchor")
  func emptyTree() async throws {
    let folder = try await Self.folder()
    try await folder.run("prove", "--consistency", "0", "9", "--to", "consistent").succeeded()
    let text = String(decoding: try folder.read("consistent"), as: UTF8.self)
    #expect(text.hasPrefix("old 0\n\nexample.org/"))
    let result = try await Self.verify(folder, "consistent").succeeded()
    #expect(result.text.contains("begins with nothing"), "\(result)")
    // A hash that nothing asks for, and an anchor that the proof is not about.
    try folder.write(
      "more", text.replacing("old 0\n", with: "old 0\n\(String(repeating: "A", count: 43))=\n"))
    #expect(try await Self.verify(folder, "more").status == 1)
    try folder.write("note", try await folder.run("head", "--note").succeeded().output)
    let other = try await Self.verify(folder, "consistent", "--anchor", "note")
    #expect(other.status == 2 && other.complaint.contains("checkpoint of 0 events"), "\(other)")
  }

  @Test("a folder of proofs is made for any number of receipts, whole or not at all")
  func folders() async throws {
    let folder = try await Self.folder()
    func names(_ name: String) -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: folder.file(name)).sorted()) ?? []
    }
    let lines = String(decoding: try folder.read("receipts"), as: UTF8.self)
      .split(separator: "\n").map { "\($0)\n" }
    try folder.write("one", lines[2])
    try await folder.run("receipt", "one", "--folder", "proofs").succeeded()
    #expect(names("proofs") == ["6.tlog-proof"])
    #expect(try await folder.run("receipt", "receipts", "--folder", "proofs").status == 4)
    try await folder.run("receipt", "receipts", "--folder", "proofs", "--force").succeeded()
    let all = (4...8).map { "\($0).tlog-proof" }
    #expect(names("proofs") == all)
    // The last receipt is of another event: nothing of the others is left.
    let leaf = String(repeating: "0", count: 64)
    let other = try #require(lines.last).replacing(
      /"leaf":"[0-9a-f]+"/, with: "\"leaf\":\"\(leaf)\"")
    try folder.write("other", lines.dropLast().joined() + other)
    let before = names(".")
    for target in [["--folder", "new"], ["--folder", "proofs", "--force"]] {
      let result = try await folder.run(["receipt", "other"] + target)
      #expect(result.status == 5 && result.complaint.contains("Another event"), "\(result)")
      #expect(names(".") == before && names("proofs") == all)
    }
    // What is no proof is somebody's.
    try folder.write("proofs/notes", "mine")
    let mine = try await folder.run("receipt", "receipts", "--folder", "proofs", "--force")
    #expect(mine.status == 4 && mine.complaint.contains("other files"), "\(mine)")
    #expect(folder.exists("proofs/notes"))
  }

  @Test("each but tiles comes through any pipe as well")
  func pipes() async throws {
    let folder = try await Self.folder()
    try await folder.run("prove", "5", "--to", "proof").succeeded()
    try await folder.run("prove", "--consistency", "9", "9", "--to", "consistent").succeeded()
    try folder.write("note", try await folder.run("head", "--note").succeeded().output)
    try await folder.run("disclose", "6", "--to", "disclosed").succeeded()
    try await folder.run("export", "events", "--to", "range").succeeded()
    try await folder.run("export", "tiles", "--to", "tiles").succeeded()
    try await folder.run("export", "ledger", "--to", "copy.sqlite").succeeded()
    for (file, more) in [
      ("proof", ""), ("consistent", "--anchor note"), ("disclosed", ""), ("range", ""),
    ] {
      let line = "verify - --vkey @key"
      for command in [
        "cat \(file) | custody \(line)", "custody \(line) < \(file)",
        "mkfifo \(file).pipe; cat \(file) > \(file).pipe & "
          + line.replacing("verify -", with: "custody verify \(file).pipe"),
        line.replacing("verify -", with: "custody verify <(cat \(file))"),
      ] {
        let result = try await folder.shell("\(command) \(more)")
        #expect(result.status == 0 && result.text.contains("holds"), "\(command): \(result)")
      }
      // Changed, it does not hold there either.
      let changed = try await folder.shell("tr 1 2 < \(file) | custody \(line) \(more)")
      #expect(changed.status != 0, "\(file): \(changed)")
    }
    let refused = [
      ("cat copy.sqlite | custody verify -", "SQLite needs a file"),
      ("custody verify - < copy.sqlite", "SQLite needs a file"),
      ("custody verify <(cat copy.sqlite)", "SQLite needs a file"),
      ("custody verify - < tiles", "Tiles are named"), ("custody verify - < lines", "neither"),
      ("custody verify - < /dev/null", "is empty"), ("custody verify /dev/zero", "neither"),
    ]
    for (command, says) in refused {
      let result = try await folder.shell("\(command) --vkey @key")
      #expect(result.status == 6 && result.complaint.contains(says), "\(command): \(result)")
    }
  }

  @Test("what does not hold exits 1 and says which step, what cannot be asked says how")
  func refusals() async throws {
    let folder = try await Self.folder()
    try await folder.run("prove", "5", "--to", "proof").succeeded()
    let text = String(decoding: try folder.read("proof"), as: UTF8.self)
    try folder.write("other", text.replacing("index 5", with: "index 4"))
    let other = try await Self.verify(folder, "other")
    #expect(other.status == 1 && other.text.contains("its header is of another position or ledger"))
    try folder.write("nothing", "")
    try folder.write("policy", "quorum none\n")
    try await Self.verify(folder, "proof", "--witnesses", "policy").succeeded()
    try folder.write("policy", "quorum somebody\n")
    let cases: [([String], Int32, String)] = [
      (["verify", "proof"], 2, "--vkey"),
      (["verify", "proof", "--vkey", "nonsense"], 2, "no verifier key"),
      (["verify", "proof", "--vkey", "@key", "--witnesses", "policy"], 6, "policy, line 1"),
      (["verify", "proof", "--vkey", "@key", "--receipt", "lines"], 6, "lines, line 1"),
      (["verify", "--receipt", "receipts"], 2, "are for files"),
      (["verify", "proof", "--vkey", "@key", "--level", "bodies"], 2, "--level is for a ledger"),
      (["verify", "proof", "--vkey", "@key", "--level", "contents"], 2, "--level is for a ledger"),
      (["verify", "-", "--vkey", "@-"], 2, "Only one file"),
      (["verify", "lines"], 6, "neither a ledger.sqlite nor a file for others"),
      (["verify", "key", "--vkey", "@key"], 6, "a proof, a proof of consistency, a disclosure"),
      (["prove"], 2, "Name an event"), (["prove", "99"], 3, "no event 99"),
      (["prove", "5", "--checkpoint", "proof"], 6, "no checkpoint that this ledger signed"),
      (["prove", "--consistency", "9", "5"], 2, "older size comes first"),
      (["prove", "--consistency", "2", "5"], 3, "no checkpoint of 5 events"),
      (["prove", "5", "--to", "proof"], 4, "--force"), (["receipt", "lines"], 6, "line 1"),
      (["receipt", "receipts"], 2, "--folder DIR"),
      (["receipt", "receipts", "--to", "x"], 2, "--folder DIR"),
      (["receipt", "receipts", "--to", "x", "--folder", "y"], 2, "one of them"),
      (["disclose", "99"], 3, "no event 99"),
      (["disclose", "5", "--recipient", "age1x"], 2, "no age recipient"),
      (["export", "tiles", "--to", ".custody/x"], 2, "own files"),
      (["export", "events", "--to", "lines"], 4, "--force"),
      (["disclose", "5", "--to", ".custody/secrets/root.key", "--force"], 2, "own files"),
      (["prove", "5", "--to", ".custody/custody.yaml", "--force"], 2, "own files"),
      (["checkpoint", "--to", ".custody/secrets/signing.key", "--force"], 2, "own files"),
      (["receipt", "receipts", "--folder", ".custody/x"], 2, "own files"),
      (["receipt", "receipts", "--folder", "proof"], 4, "--force"),
      (["receipt", "receipts", "--folder", "proof", "--force"], 2, "is a file"),
      (["receipt", "receipts", "--folder", ".", "--force"], 2, "own files"),
      (["disclose", "5", "--to", ".", "--force"], 2, "is a folder"),
      (["verify", "proof", "--vkey", "@key", "--receipt", "nothing"], 6, "no receipt"),
      (["verify", "proof", "--vkey", "@key", "--anchor", "lines"], 6, "not a checkpoint note"),
      (["export", "events", "--since", "2026-01-01", "--until", "3", "--to", "x"], 2, "both ends"),
      (
        ["export", "events", "--since", "5", "--until", "2", "--to", "x"], 2,
        "ends before it begins"
      ),
    ]
    for (arguments, status, says) in cases {
      let result = try await folder.run(arguments)
      #expect(result.status == status, "\(arguments) \(result)")
      #expect(result.complaint.contains(says), "\(arguments) \(result)")
    }
    #expect(try await folder.run("log", "--type", "disclosure.made").succeeded().text == "")
    try await folder.run("verify", "--level", "contents").succeeded()
  }

  @Test("a sealed disclosure opens with age, and only then proves something")
  func sealed() async throws {
    let folder = try await Self.folder()
    guard try await folder.shell("command -v age age-keygen").status == 0 else { return }
    try await folder.shell("age-keygen -o identity 2>&1 | sed 's/.*: //' > recipient").succeeded()
    let recipient = String(decoding: try folder.read("recipient"), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    try await folder.run("disclose", "6", "--recipient", recipient, "--to", "sealed.age")
      .succeeded()
    let sealed = try await Self.verify(folder, "sealed.age")
    #expect(sealed.status == 6 && sealed.complaint.contains("age --decrypt"))
    #expect(!(try folder.read("sealed.age")).contains(Array("\"n\":3".utf8)))
    try await folder.shell("age --decrypt --identity identity sealed.age > open").succeeded()
    #expect(try await Self.verify(folder, "open").succeeded().text.contains("content: {\"n\":3}"))
  }
}
