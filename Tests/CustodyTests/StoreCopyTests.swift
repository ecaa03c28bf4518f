import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Copies of a store: an older one, or two at once")
struct StoreCopyTests {
  @Test("an old copy of the ledger is readable, and refused for writing until it is recovered")
  func oldLedger() async throws {
    let temporary = try await SmallStore.make()
    let old = try SmallStore.bytes(temporary.ledgerFile)
    try await SmallStore.append(temporary, 3)
    let current = try SmallStore.bytes(temporary.ledgerFile)

    try old.write(to: URL(fileURLWithPath: temporary.ledgerFile))
    let error = #expect(throws: CustodyError.self) { try temporary.open() }
    #expect(error?.code == .needsRecovery)
    #expect(error?.message.contains("older copy") == true)
    for access in [Store.Access.reading, .contents] {
      let reader = try temporary.open(for: access)
      #expect(try reader.head().size == 6)
      guard case .behind(6, 9, _) = try reader.status().condition else {
        Issue.record("\(try reader.status().condition)")
        continue
      }
      let report = try await reader.verify()
      #expect(report.findings.allSatisfy { $0.rule == .checkpointBeyondEnd } && !report.holds)
    }
    #expect(try SmallStore.bytes(temporary.ledgerFile) == old, "nothing was written to it")

    try current.write(to: URL(fileURLWithPath: temporary.ledgerFile))
    try await SmallStore.append(temporary)
    #expect(try temporary.open(for: .reading).status().condition == .clean)
  }

  @Test("two copies of a store: only the one that is ahead goes on", arguments: [true, false])
  func twoCopies(signerForgets: Bool) async throws {
    let temporary = try await SmallStore.make()
    let copy = "\(temporary.folder)/copy"
    try FileManager.default.copyItem(atPath: temporary.path, toPath: copy)
    let signer = "\(temporary.secrets)/signer.state"
    let before = try SmallStore.bytes(signer)
    // Both are opened while each is as good as the other.
    let first = try temporary.open()
    let second = try Store.open(at: copy)
    try await first.append([
      NewEvent(stream: "a", type: "b.c", content: [3]),
      NewEvent(stream: "a", type: "b.c", content: [3]),
    ])
    try await first.close()
    let after = try SmallStore.bytes(signer)
    // A copy may bring its own old secrets along; the guard stays where it is.
    if signerForgets { try before.write(to: URL(fileURLWithPath: signer)) }
    try await second.append(NewEvent(stream: "a", type: "b.c", content: [4]))
    let error = await #expect(throws: CustodyError.self) { try await second.close() }
    #expect(error?.code == .needsRecovery)
    #expect(SmallStore.code { try Store.open(at: copy) } == .needsRecovery)
    #expect(try Store.open(at: copy, for: .reading).status().condition != .clean)

    try after.write(to: URL(fileURLWithPath: signer))
    try await SmallStore.append(temporary)
    #expect(try await temporary.open(for: .contents).verify(level: .contents).holds)
  }

  @Test("two copies that got equally far: the second has another history than was signed")
  func fork() async throws {
    let temporary = try await SmallStore.make()
    let copy = "\(temporary.folder)/copy"
    try FileManager.default.copyItem(atPath: temporary.path, toPath: copy)
    let second = try Store.open(at: copy)
    try await SmallStore.append(temporary)
    try await second.append(NewEvent(stream: "a", type: "b.c", content: [4]))
    let error = await #expect(throws: CustodyError.self) { try await second.close() }
    #expect(error?.code == .needsRecovery)
    guard case .forked(7, _) = try Store.open(at: copy, for: .reading).status().condition else {
      Issue.record("\(try Store.open(at: copy, for: .reading).status().condition)")
      return
    }
  }

  @Test("a checkpoint that cannot be signed after a commit is told at the latest on closing")
  func failureAfterCommit() async throws {
    let temporary = try await SmallStore.make()
    let store = try temporary.open()
    try FileManager.default.removeItem(atPath: temporary.guardFolder)
    let many = (0..<Limits.checkpointInterval).map {
      NewEvent(stream: "a/\($0)", type: "b.c", content: [])
    }
    // Durable, so the receipts are handed out; then the checkpoint that was due fails.
    #expect(try await store.append(many).count == many.count)
    await #expect(throws: CustodyError.self) {
      try await store.append(NewEvent(stream: "a", type: "b.c", content: []))
    }
    await #expect(throws: CustodyError.self) { try await store.close() }
  }
}
