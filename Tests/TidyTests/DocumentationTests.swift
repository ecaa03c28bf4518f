import CustodyLedger
import CustodyStore
import Testing

@Suite("The page of errors")
struct DocumentationTests {
  private static let page =
    SourceTree.files(below: "Sources/Custody/Documentation.docc", endingIn: ".md")
    .first { $0.name == "ErrorsAndExitStatus.md" }?.text ?? ""

  @Test("says what to do for each code", arguments: CustodyError.Code.allCases)
  func codes(code: CustodyError.Code) {
    #expect(Self.page.contains("\n| `\(code.rawValue)` | "), "a line in the table of next steps")
    // Once in each of both tables.
    #expect(Self.page.ranges(of: "`\(code.rawValue)`").count >= 2)
  }

  @Test("says what each finding means", arguments: Finding.Rule.allCases)
  func rules(rule: Finding.Rule) {
    #expect(Self.page.contains("`\(rule.rawValue)`"))
  }
}
