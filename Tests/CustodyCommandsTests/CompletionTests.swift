import CustodyTesting
import Testing

@Suite("Completion scripts")
struct CompletionTests {
  @Test("name every verb", arguments: ["bash", "zsh", "fish"])
  func namesVerbs(shell: String) async throws {
    let result = try await CommandFolder().run("--generate-completion-script", shell)
    #expect(result.status == 0)
    #expect(result.complaint.isEmpty)
    for verb in Verb.all {
      for word in verb.path { #expect(result.text.contains(word), "\(verb.name)") }
    }
    for option in ["organization", "keep-going", "vkey", "passphrase-file"] {
      #expect(result.text.contains(option), "--\(option)")
    }
  }

  @Test(
    "complete words in bash",
    arguments: [
      ("custody sta", "stats status"), ("custody subject ", "add list show"),
      ("custody key rot", "rotate"), ("custody verify --lev", "--level"),
    ])
  func completes(line: String, expected: String) async throws {
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    let list = words.map { "'\($0)'" }.joined(separator: " ")
    let result = try await CommandFolder().shell(
      """
      eval "$(custody --generate-completion-script bash)"
      COMP_WORDS=(\(list)) COMP_CWORD=\(words.count - 1) COMP_LINE='\(line)' COMP_POINT=\(line.count)
      COMPREPLY=()
      _custody 'custody' '\(words.last!)' '\(words[words.count - 2])'
      printf '%s\\n' "${COMPREPLY[@]}" | sort
      """)
    let found = result.lines.map { $0.filter { $0 != " " } }
    for word in expected.split(separator: " ") {
      #expect(found.contains(String(word)), "\(result)")
    }
    #expect(!found.contains("append"))
  }

  @Test("of an unknown shell are refused")
  func unknownShell() async throws {
    let result = try await CommandFolder().run("--generate-completion-script", "cmd")
    #expect(result.status == 2)
  }
}
