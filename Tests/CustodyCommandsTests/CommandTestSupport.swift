import ArgumentParser
import Custody
import CustodyCommands
import CustodyTesting
import Foundation
import Testing

/// A verb of the command, as the tests of help and completion walk through them.
struct Verb: CustomTestStringConvertible {
  /// `custody subject add` without its first word.
  let path: [String]
  let command: any ParsableCommand.Type

  var name: String { path.isEmpty ? "custody" : path.joined(separator: "-") }
  var testDescription: String { name }
  private var configuration: CommandConfiguration { command.configuration }
  var discussion: String { configuration.discussion }
  var isGroup: Bool { !configuration.subcommands.isEmpty }

  /// The root and everything below it.
  static let all = below(Verb(path: [], command: CustodyCommand.self))

  private static func below(_ verb: Verb) -> [Verb] {
    [verb]
      + verb.configuration.subcommands.flatMap { command in
        below(Verb(path: verb.path + [command.configuration.commandName!], command: command))
      }
  }

  /// The lines after `$ ` in its help; one that ends in a backslash or a bar goes on in the next.
  var examples: [String] {
    var examples: [String] = []
    var isOpen = false
    for line in discussion.split(separator: "\n") {
      let text = line.trimmingCharacters(in: .whitespaces)
      if isOpen {
        examples[examples.count - 1] += "\n" + text
      } else if text.hasPrefix("$ ") {
        examples.append(String(text.dropFirst(2)))
      } else {
        continue
      }
      isOpen = text.hasSuffix("\\") || text.hasSuffix("|")
    }
    return examples
  }
}

extension CommandFolder {
  /// How many events the store has; read here, because it is asked so often.
  func size() async throws -> Int {
    try Store.open(at: file(".custody"), for: .reading).head().size
  }

  /// The content of an event, byte for byte.
  func content(at position: Int) async throws -> [UInt8] {
    try await run("show", String(position), "--content").succeeded().output
  }

  /// Appends one event for each content to the stream `s/1`.
  @discardableResult
  func append(_ contents: [String], _ options: String...) async throws -> CommandResult {
    try await run(
      ["append", "--stream", "s/1", "--type", "thing.happened"] + options,
      input: .text(contents.map { $0 + "\n" }.joined()))
  }

  /// Every event, with every field.
  func events(_ options: String...) async throws -> [[String: Any]] {
    try await run(["log", "--format", "ndjson"] + options).succeeded().objects()
  }
}

/// How a command that refuses something is to end.
struct Refusal {
  let status: Int32
  /// What its sentence says.
  let says: [String]
  /// How many events the store may have grown by.
  var appended = 0
  /// What must not appear: contents, identifiers, passphrases.
  var hides: [String] = []
}

/// Runs `command` in a folder with a store and checks that it is refused as it should be: exit
/// status and sentence, nothing secret said, nothing appended, and the store as good as before.
func expectRefusal(
  _ refusal: Refusal, in folder: CommandFolder, passphrase: String? = nil,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ command: () async throws -> CommandResult
) async throws {
  let before = try await folder.size()
  let result = try await command()
  expect(result, refusal, sourceLocation: sourceLocation)
  let after = try await folder.size()
  #expect(after == before + refusal.appended, "events", sourceLocation: sourceLocation)
  let store = try Store.open(at: folder.file(".custody"), for: .contents) {
    try passphrase.map { Passphrase($0) } ?? { throw Passphrase.missing }()
  }
  let report = try await store.verify(level: .contents)
  #expect(report.holds, "\(report.findings)", sourceLocation: sourceLocation)
}

/// Checks status and sentence of a refusal alone.
func expect(
  _ result: CommandResult, _ refusal: Refusal, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(result.status == refusal.status, "\(result)", sourceLocation: sourceLocation)
  for sentence in refusal.says {
    #expect(result.complaint.contains(sentence), "\(result)", sourceLocation: sourceLocation)
  }
  for secret in refusal.hides {
    #expect(!result.complaint.contains(secret), "\(result)", sourceLocation: sourceLocation)
  }
  // A sentence a line, each with a beginning and an end.
  for line in result.complaint.split(separator: "\n") where refusal.status != 2 {
    #expect(line.hasPrefix("custody: "), "\(line)", sourceLocation: sourceLocation)
  }
}
