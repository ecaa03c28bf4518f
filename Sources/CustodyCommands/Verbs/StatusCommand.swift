import ArgumentParser
import Custody

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show a store: its size, newest checkpoint and condition.",
    discussion: """
      Needs no secret. The condition is clean when ledger, keyring, signer, guard and anchors agree; \
      else it is behind, forked, torn, stale key, missing or foreign, and the exit status is 5: see \
      custody recover.

      Example:
        $ custody status
      """)

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .reading)
    let status = try store.status()
    var facts = Facts()
    facts.add("store", "store", store.path)
    facts.add("organization", "organization", status.origin.organization)
    facts.add("ledger", "ledger", store.ledgerID.description)
    facts.add("incarnation", "incarnation", status.origin.incarnation)
    facts.add("verifierKey", "verifier key", (try? store.verifierKey)?.description)
    facts.add("events", "events", status.eventCount)
    let checkpoint =
      status.checkpointSize.map { Cell.count($0, "event", output.format) } ?? .absent
    facts.add("checkpoint", "newest checkpoint", checkpoint)
    facts.add("unsealed", "unsealed events", status.unsealedCount)
    for file in status.files {
      facts.add(
        "\(file.name)Bytes", file.name,
        output.format == .table ? .text(file.size.asBytes) : .number(file.size))
    }
    facts.add("secrets", "secrets", store.secretsPath)
    facts.add("guard", "guard", store.guardPath)
    facts.add("condition", "condition", status.condition.name)
    let pending = status.pendingErasureCount
    facts.add(
      "pendingErasures", "erasures not done",
      output.format == .table && pending == 0 ? .absent : .number(pending))
    facts.write(output.format)
    guard status.condition == .clean else {
      throw CustodyError(.needsRecovery, status.condition.explanation)
    }
  }
}
