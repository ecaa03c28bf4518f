import CustodyTesting
import Foundation
import Testing

/// What a person sees: `script` gives the command a terminal.
@Suite("At a terminal", .enabled(if: hasScript, "The program script is not here."))
struct TerminalTests {
  /// Runs a line with a terminal of `columns` for its streams; standard error comes out with the
  /// rest.
  private func terminal(
    _ line: String, in folder: CommandFolder, columns: Int = 80,
    environment: [String: String] = [:]
  ) async throws -> CommandResult {
    var environment = environment
    environment["TERM"] = "xterm"
    return try await folder.shell(
      "script -qec \"stty cols \(columns) rows 24; \(line)\" /dev/null < /dev/null",
      environment: environment)
  }

  private func folder() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try await folder.append(["1"]).succeeded()
    return folder
  }

  @Test("tables have a bold head, and facts dim names")
  func colors() async throws {
    let folder = try await folder()
    let log = try await terminal("custody log", in: folder)
    #expect(log.status == 0)
    #expect(log.text.contains("\u{1b}[1mposition"))
    let head = try await terminal("custody head", in: folder)
    #expect(head.text.contains("\u{1b}[2m"))
    let verify = try await terminal("custody verify", in: folder)
    #expect(verify.text.contains("\u{1b}[32mholds"))
    let refused = try await terminal("custody show 99", in: folder)
    #expect(refused.status == 3)
    #expect(refused.text.contains("\u{1b}[31mcustody:"))
  }

  @Test(
    "NO_COLOR and machine formats have no escape codes", arguments: ["log", "verify", "doctor"])
  func noColor(verb: String) async throws {
    let folder = try await folder()
    let plain = try await terminal(
      "custody \(verb)", in: folder, environment: ["NO_COLOR": "1"])
    #expect(!plain.output.contains(0x1b), "\(plain)")
    // "when present and not an empty string"
    let empty = try await terminal("custody \(verb)", in: folder, environment: ["NO_COLOR": ""])
    #expect(empty.output.contains(0x1b))
    for format in ["json", "ndjson", "csv"] {
      let result = try await terminal("custody \(verb) --format \(format)", in: folder)
      #expect(!result.output.contains(0x1b))
    }
  }

  @Test("no line is wider than the terminal", arguments: [72, 80, 140])
  func width(columns: Int) async throws {
    let folder = try await folder()
    try await folder.run("subject", "add", "p-0001").succeeded()
    try await folder.append(["\"\(String(repeating: "long ", count: 100))\""]).succeeded()
    for verb in ["log --content", "stats", "key list", "subject list", "verify --explain", "log"] {
      let result = try await terminal(
        "custody \(verb)", in: folder, columns: columns, environment: ["NO_COLOR": "1"])
      let lines = result.text.split(whereSeparator: \.isNewline)
      #expect(lines.count > 1)
      // A summary is a sentence, which the terminal wraps.
      for line in lines where !line.contains(" at level ") {
        #expect(line.count <= columns, "\(verb): \(line)")
      }
    }
  }

  @Test("a cut cell shows that it is cut, in ASCII where the locale is")
  func cut() async throws {
    let folder = try await folder()
    try await folder.append(["\"\(String(repeating: "long ", count: 100))\""]).succeeded()
    let utf8 = try await terminal("custody log --content --limit 9", in: folder)
    #expect(utf8.text.contains("\u{2026}"))
    for locale in ["C", "POSIX", ""] {
      let ascii = try await terminal(
        "custody log --content --limit 9", in: folder,
        environment: ["LANG": locale, "LC_ALL": locale])
      #expect(ascii.text.contains("..."))
      #expect(!ascii.text.contains("\u{2026}"))
    }
  }

  @Test("sentences end their lines between words")
  func sentences() async throws {
    let folder = try await folder()
    let plain = ["NO_COLOR": "1"]
    let refused = try await terminal(
      "custody log --since x", in: folder, columns: 40, environment: plain)
    #expect(
      refused.text.split(whereSeparator: \.isNewline) == [
        "custody: x is no moment: give a", "position, a date, an RFC 3339 time, P30D",
        "(days ago) or head.",
      ])
    let doctor = try await terminal("custody doctor", in: folder, columns: 60, environment: plain)
    let advice = doctor.text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("      ") }
    #expect(advice.count > 3)
    for line in advice { #expect(line.count <= 60) }
    // Away from a terminal, a sentence is a line.
    let piped = try await folder.run("log", "--since", "x")
    #expect(piped.complaint.split(separator: "\n").count == 1)
  }

  @Test("a table keeps its columns whatever the width of its characters")
  func wideCharacters() async throws {
    let folder = try await folder()
    for stream in ["\u{65e5}\u{672c}\u{8a9e}", "\u{1f600}\u{1f600}", "abcdef"] {
      try await folder.run(
        "append", "--stream", stream, "--type", "a.b", input: .text("1\n")
      ).succeeded()
    }
    let log = try await folder.run("log", "--since", "5")
    let gaps = log.lines.dropFirst().map { line in
      line.components(separatedBy: "  ").dropFirst().last!
    }
    #expect(Set(gaps) == ["a.b"])
    let before = log.lines.dropFirst().map { line in
      line.reduce(0) { $0 + ($1.isASCII ? 1 : 2) }
    }
    #expect(Set(before).count == 1, "\(log.text)")
  }

  @Test("contents cannot speak to the terminal")
  func controlCharacters() async throws {
    let folder = try await folder()
    // C1 controls and bidirectional overrides need no escape in JSON.
    try await folder.append(["\"\u{9b}31mred\u{202e}esrever\u{7f}\""]).succeeded()
    let result = try await terminal(
      "custody log --content --reverse --limit 1", in: folder, columns: 140,
      environment: ["NO_COLOR": "1"])
    let loud = result.text.unicodeScalars.filter {
      ["\u{9b}", "\u{202e}", "\u{7f}", "\u{1b}"].contains($0)
    }
    #expect(loud.isEmpty)
    #expect(result.text.contains("31mred"))
  }

  @Test("a key backup is not written to the screen")
  func backup() async throws {
    let folder = try await folder()
    let recipient = "age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z"
    let before = try await folder.size()
    let result = try await terminal(
      "custody key backup --recipient \(recipient) --expires 2090-01-01", in: folder)
    #expect(result.status == 2)
    #expect(result.text.contains("--to FILE"))
    #expect(try await folder.size() == before)
  }

  @Test("a question waits for an answer, and no is no")
  func question() async throws {
    let folder = try await folder()
    for (answer, status) in [("n", 2), ("", 2), ("y", 0)] {
      let before = try await folder.size()
      let result = try await folder.shell(
        "{ sleep 0.5; echo '\(answer)'; } | script -qec 'custody key rotate' /dev/null",
        environment: ["TERM": "xterm"])
      #expect(result.status == Int32(status), "\(result)")
      #expect(result.text.contains("Go on? [y/N]"))
      #expect(try await folder.size() == before + (status == 0 ? 2 : 0))
    }
  }
}

let hasScript = FileManager.default.isExecutableFile(atPath: "/usr/bin/script")
