import Custody
import CustodyModel

/// A verification report for people and for programs.
struct VerificationPrinter {
  /// Findings that people are shown; programs get all that are kept.
  private static let shownMax = 20

  let report: VerificationReport
  let isFile: Bool
  let hasKeys: Bool

  func print(_ format: OutputFormat, explain: Bool) {
    switch format {
    case .json, .ndjson: Terminal.print(json)
    case .csv:
      var writer = RecordWriter(
        .csv, [.init("rule"), .init("position"), .init("expected"), .init("found")])
      for finding in report.findings {
        writer.write([
          .text(finding.rule.rawValue), finding.position.map { .number($0.value) } ?? .absent,
          .text(finding.expected), .text(finding.found),
        ])
      }
      writer.finish()
    case .table:
      if explain { printChecks() }
      printFindings()
      printSummary()
    }
  }

  private func printFindings() {
    for finding in report.findings.prefix(Self.shownMax) {
      let place = finding.position.map { "position \($0)" } ?? "file"
      Terminal.print(
        "\(Terminal.styled(place, .red)): \(finding.rule.rawValue): expected \(finding.expected), "
          + "found \(finding.found)")
    }
    let rest = report.findingCount - min(Self.shownMax, report.findings.count)
    if rest > 0 { Terminal.print("and \(rest.counted("finding")) more; --format json lists them") }
  }

  private func printSummary() {
    let checkpoint =
      report.newestCheckpoint.map {
        "the newest checkpoint that holds has \($0.size.counted("event"))"
      } ?? "no checkpoint holds"
    var line = "\(report.eventCount.counted("event")) at level \(report.level): "
    line +=
      report.holds
      ? Terminal.styled("holds", .green)
      : Terminal.styled("does not hold, \(report.findingCount.counted("finding"))", .red)
    line += "; \(checkpoint)"
    if report.unsealedCount > 0 {
      line += "; unsealed: \(report.unsealedCount.counted("event"))"
    }
    if !report.notCompared.isEmpty {
      line += "; not compared, for want of permission: "
      line += report.notCompared.joined(separator: ", ")
    }
    if report.purgedCount > 0 { line += "; purged: \(report.purgedCount)" }
    if report.unreadableCount > 0 { line += "; keys destroyed: \(report.unreadableCount)" }
    Terminal.print(line)
    if report.isKeySelfDeclared, report.level >= .headers, isFile, !hasKeys {
      Terminal.printWrapped(
        "The signing key is the one that the ledger declares itself. Give --vkey with a key from "
          + "someone you trust to know who signed.")
    }
  }

  private func printChecks() {
    var writer = RecordWriter(
      .table, [.init("check", wrapped: true), .init("rests", "rests on", wrapped: true)])
    for check in checks { writer.write([.text(check.what), .text(check.basis)]) }
    writer.finish()
  }

  /// What a level checks, and what the answer rests on.
  private var checks: [(what: String, basis: String)] {
    let key =
      hasKeys
      ? "the verifier key you gave"
      : isFile ? "the key the ledger declares itself" : "the verifier key in custody.yaml"
    var checks = [
      ("schema is exactly Custody's", "the migrations in this program"),
      ("newest checkpoint is signed", "Ed25519 and \(key)"),
      ("newest checkpoint's root is the tree's", "SHA-256, RFC 6962"),
    ]
    if !isFile {
      checks.append(("nothing signed is missing", "signer state, guard folder, anchors"))
    }
    guard report.level >= .headers else { return checks }
    checks += [
      ("every event's leaf is the hash of its header", "SHA-256"),
      ("every event names the leaf before it", "the chain inside the leaves"),
      ("positions and revisions have no gap, times never go back", "the order of the events"),
      ("every event id is used once", "all ids, compared"),
      ("\(report.checkpointCount) checkpoints hold", "Ed25519 and \(key)"),
      ("stored subtree roots, names and ledger row follow", "the events"),
    ]
    guard report.level >= .bodies else { return checks }
    checks += [
      ("every stored body has its hash", "SHA-256"),
      ("every missing body was purged by a later event", "ledger.purged events in the chain"),
      ("no content under a key destroyed before it", "key.destroyed events in the chain"),
    ]
    if !isFile { checks.append(("every stored object has its address", "SHA-256")) }
    guard report.level >= .contents else { return checks }
    checks += [
      ("every content opens and has its commitment", "XAES-256-GCM and the keyring"),
      ("no nonce is used twice under the same keys", "all nonces, compared"),
      ("every object that a version names is there and opens", "objects.sqlite, change sets"),
    ]
    guard report.level >= .projections else { return checks }
    checks.append(("every projection is what the events give", "each computed anew, compared"))
    return checks
  }

  private var json: String {
    var writer = JSONWriter()
    writer.member("holds", report.holds)
    writer.member("level", report.level.rawValue)
    writer.member("events", report.eventCount)
    writer.member("root", report.root?.hex)
    writer.member("newestCheckpoint", report.newestCheckpoint?.size)
    writer.member("checkpoints", report.checkpointCount)
    writer.member("unsealed", report.unsealedCount)
    writer.member("purged", report.purgedCount)
    writer.member("keysDestroyed", report.unreadableCount)
    writer.member("keySelfDeclared", report.isKeySelfDeclared)
    writer.member(
      "notCompared",
      json: "[\(report.notCompared.map(JSONWriter.quoted).joined(separator: ","))]")
    writer.member("findingCount", report.findingCount)
    let findings = report.findings.map { finding in
      var object = JSONWriter()
      object.member("rule", finding.rule.rawValue)
      object.member("position", finding.position?.value)
      object.member("expected", finding.expected)
      object.member("found", finding.found)
      return object.object
    }
    writer.member("findings", json: "[" + findings.joined(separator: ",") + "]")
    return writer.object
  }
}
