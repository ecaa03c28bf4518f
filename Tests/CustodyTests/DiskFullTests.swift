import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("A disk that fails in the middle of a batch leaves nothing half done", .serialized)
struct DiskFullTests {
  init() { FaultyStorage.install() }

  /// Thirty events of some size, sealed under a person's key.
  private static func batch(_ round: Int) -> [NewEvent] {
    (0..<30).map { index in
      NewEvent(
        stream: "s/\(index % 3)", type: "a.b", subjects: [.identifier("patient-0017")],
        content: [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: 1000 + index))
    }
  }

  @Test(
    "whichever write or fsync fails, once or for good",
    arguments: FaultyStorage.Fault.allCases, [true, false])
  func everyOperation(fault: FaultyStorage.Fault, isLasting: Bool) async throws {
    let temporary = try TemporaryStore()
    let created = try await temporary.create()
    try await created.subjects.register(["patient-0017"])
    try await created.append(Self.batch(0))
    try await created.close()
    var size = try created.head().size
    var failures = 0
    // Each round fails one operation later, until none is left to fail.
    for after in 0..<1000 {
      // Every few operations: a batch writes some dozens of pages.
      let step = fault == .sync ? after : after * 5
      let store = try temporary.open()
      let outcome = await FaultyStorage.failing(
        temporary.path, fault, after: step, isLasting: isLasting
      ) { () -> Result<[Receipt], any Error> in
        do { return .success(try await store.append(Self.batch(after))) } catch {
          return .failure(error)
        }
      }
      let reader = try temporary.open(for: .contents)
      switch outcome.result {
      case .success(let receipts):
        size += receipts.count
      case .failure(let error):
        failures += 1
        let code = (error as? CustodyError)?.code
        #expect(code == ([.full, .torn].contains(fault) ? .diskFull : .io), "\(error)")
        #expect(outcome.failures > 0)
      }
      #expect(try reader.head().size == size, "whole or not at all")
      #expect(try reader.status().condition == .clean)
      if case .failure = outcome.result {
        // With space again, the same store goes on; after an fsync that failed it does not.
        let again = await Task { try await store.append(Self.batch(after)) }.result
        switch again {
        case .success(let receipts):
          #expect(fault != .sync && fault != .write, "an fsync that failed is never retried")
          size += receipts.count
        case .failure: #expect(fault == .sync || fault == .write, "\(again)")
        }
        try? await store.close()
      } else {
        try await store.close()
      }
      #expect(try reader.head().size == size)
      if after.isMultiple(of: 4) || outcome.failures == 0 {
        let report = try await temporary.open(for: .contents).verify(level: .contents)
        #expect(report.holds, "\(report.findings)")
      }
      if outcome.failures == 0 { break }
    }
    #expect(failures >= (fault == .sync ? 1 : 3), "only \(failures) failures")
    try await temporary.open().append(Self.batch(1))
    #expect(try await temporary.open(for: .contents).verify(level: .contents).holds)
  }

  /// Lines that no compression makes small: more than the disk of the tests below can hold.
  private static func lines(_ count: Int) -> String {
    var random = SeededGenerator(9)
    return (0..<count).map { _ in
      "\"" + random.bytes(20_000).map { String($0, radix: 16) }.joined() + "\"\n"
    }.joined()
  }

  @Test("a disk of three megabytes: status 7, nothing appended, nothing lost", .needsMounts)
  func smallDisk() async throws {
    let commands = try CommandFolder()
    try commands.write("input", Self.lines(200))
    let outcome = try await commands.shellWithMounts(
      """
      set -e
      mkdir disk
      mount -t tmpfs -o size=3m tmpfs disk
      export CUSTODY_STORE=$PWD/disk/store
      custody init --store "$CUSTODY_STORE" --organization example.org --guard disk/guard
      echo '"small"' | custody append --stream a --type b.c
      set +e
      custody append --stream a --type b.c input; echo "full: $?"
      custody verify; echo "verify on a full disk: $?"
      custody log --stream a | wc -l
      mount -o remount,size=64m disk
      custody status; echo "status: $?"
      custody verify --level contents; echo "verify: $?"
      custody append --stream a --type b.c input; echo "again: $?"
      custody verify --level contents; echo "verified: $?"
      """)
    #expect(outcome.text.contains("full: 7"), "\(outcome)")
    #expect(outcome.complaint.contains("No space left"), "\(outcome)")
    #expect(outcome.text.contains("verify on a full disk: 0"), "\(outcome)")
    #expect(outcome.text.contains("verify: 0"), "\(outcome)")
    #expect(outcome.text.contains("appended 200 events"), "\(outcome)")
    #expect(outcome.text.contains("again: 0"), "\(outcome)")
    #expect(outcome.text.contains("verified: 0"), "\(outcome)")
  }

  @Test("a file size limit in the middle of a batch")
  func fileSizeLimit() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.append(NewEvent(stream: "a", type: "b.c", content: [1]))
    try await store.close()
    let commands = try CommandFolder()
    try commands.write("input", Self.lines(100))
    // A writer past its limit gets a signal first; ignored, it gets EFBIG instead of ENOSPC.
    let outcome = try await commands.shell(
      """
      trap '' XFSZ
      ulimit -f 1000
      exec custody append --store '\(temporary.path)' --stream a --type b.c input
      """)
    #expect(outcome.status == 7, "\(outcome)")
    #expect(try temporary.open(for: .reading).head().size == 5)
    let report = try await temporary.open(for: .contents).verify(level: .contents)
    #expect(report.holds && report.unsealedCount == 0, "\(report.findings)")
    try await commands.run(
      "append", "--store", temporary.path, "--stream", "a", "--type", "b.c", "input"
    ).succeeded()
    #expect(try temporary.open(for: .reading).head().size == 105)
  }
}
