import Custody
import CustodyTesting
import Testing

/// Runs after the other tests, in a process of its own: Scripts/test starts it.
@Suite(
  "Of every ledger that the tests left, both verifiers say the same", .needsPageVerifier,
  .enabled(if: LeftLedgers.compared != nil, "Scripts/test runs it on what the tests left."))
struct LeftLedgerTests {
  @Test("whether it holds, and where it first does not")
  func compare() async throws {
    let ledgers = try LeftLedgers.all()
    #expect(ledgers.count > 1000, "the tests left \(ledgers.count)")
    async let page = PageVerifier.ask(each: ledgers.map(\.arguments))
    var reports: [VerificationReport?] = []
    for ledger in ledgers { reports.append(try? await ledger.verify()) }
    var compared = 0
    for ((ledger, report), answer) in zip(zip(ledgers, reports), try await page) {
      // 2: of what is no ledger at all it says nothing without a key.
      #expect((0...2).contains(answer.status) && !answer.text.contains("Traceback"), "\(ledger)")
      guard let report else {
        #expect(!answer.holds, "\(ledger) cannot be verified; the page: \(answer)")
        continue
      }
      // Where the file itself is not as it should be, ours goes no further.
      let rules = Set(report.findings.map(\.rule))
      guard rules.isDisjoint(with: [.schemaChanged, .fileDamaged]) else { continue }
      compared += 1
      // What stands beside the views, the page says nothing of.
      let holds = rules.isSubset(of: [.tileMismatch, .nameUnused])
      #expect(answer.holds == holds, "\(ledger): \(report.findings.prefix(3)); \(answer)")
      // A wrong row of the ledger, a wrong purge or a position below 0 they lay to different events.
      guard let first = answer.firstEvent,
        rules.isDisjoint(with: [.ledgerRowMismatch, .purgeLeavesMismatch]),
        !report.findings.contains(where: { $0.rule == .fieldValue && $0.position == nil })
      else { continue }
      #expect(report.firstEvent == first, "\(ledger): \(report.findings.prefix(3)); \(answer)")
    }
    #expect(compared > 800)
    print("Both verifiers agree on \(compared) of \(ledgers.count) ledgers that tests left.")
  }
}
