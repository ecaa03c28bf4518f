import Custody
import CustodyStore
import CustodyTesting
import Testing

@Suite("Each attack on a ledger is found and named, at its level and not before")
struct AttackTests {
  private static let levels = [VerificationLevel.head, .headers, .bodies, .contents]

  @Test("by the verifier of the library", arguments: Attack.all)
  func library(attack: Attack) async throws {
    let copy = try await TamperedCopy()
    try await attack.harm(copy)
    let anchors = attack.needsAnchor ? [("kept", copy.sample.anchor)] : []
    for level in Self.levels {
      let report = try await copy.verify(level, anchors: anchors)
      #expect(report.holds == (level < attack.level), "\(level): \(report.findings)")
      guard level == attack.level else { continue }
      #expect(attack.rules.isSubset(of: report.findings.map(\.rule)), "\(report.findings)")
      #expect(report.firstEvent == attack.position, "\(report.findings)")
    }
    guard attack.needsAnchor else { return }
    let alone = try await copy.verify(.contents)
    #expect(alone.holds, "nothing in the file tells: \(alone.findings)")
  }

  @Test("by the verifier on one page", .needsPageVerifier, arguments: Attack.all)
  func page(attack: Attack) async throws {
    let copy = try await TamperedCopy()
    try await attack.harm(copy)
    let answer = try await PageVerifier.ask(
      [copy.path, "--vkey", "\(copy.sample.verifierKey)"]
        + (attack.needsAnchor ? ["--anchor", copy.anchorFile()] : []))
    // It stops at level bodies, and reads nothing but the views.
    let isFound = attack.level <= .bodies && attack.isInViews
    #expect(answer.holds == !isFound, "\(answer)")
    // Of a tail that is missing it names the note that says so.
    guard isFound, attack.position != nil, !attack.rules.contains(.checkpointBeyondEnd) else {
      return
    }
    #expect(answer.firstEvent == attack.position, "\(answer)")
  }

  @Test("and each rule about a ledger is met by one")
  func rules() {
    let elsewhere: Set<Finding.Rule> = [
      .objectMismatch, .objectMissing, .versionRootMismatch, .projectionMismatch,
    ]
    let met = Attack.all.reduce(into: Set<Finding.Rule>()) { $0.formUnion($1.rules) }
    #expect(met.union(elsewhere) == Set(Finding.Rule.allCases))
  }

  @Test("while what only looks like one holds for both", arguments: Attack.harmless)
  func harmless(attack: Attack) async throws {
    let copy = try await TamperedCopy()
    try await attack.harm(copy)
    for level in Self.levels {
      let report = try await copy.verify(level)
      #expect(report.holds, "\(level): \(report.findings)")
    }
    guard PageVerifier.isThere else { return }
    let answer = try await PageVerifier.ask([copy.path, "--vkey", "\(copy.sample.verifierKey)"])
    #expect(answer.holds, "\(answer)")
  }
}
