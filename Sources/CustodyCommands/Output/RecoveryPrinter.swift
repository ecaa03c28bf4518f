import Custody
import CustodyModel

/// What a recovery found, what it does, and what stays lost.
struct RecoveryPrinter {
  let plan: RecoveryPlan

  func print(_ format: OutputFormat, isDone: Bool) {
    switch format {
    case .json, .ndjson: Terminal.print(json(isDone))
    case .csv: printWords(.csv)
    case .table: printForPeople()
    }
  }

  /// What is asked before it is done.
  var question: String {
    plan.lostCount > 0
      ? "This goes on without \(plan.lostCount.counted("event")) that somebody has seen signed."
      : "This changes the store as said above."
  }

  // MARK: - For people

  private func printForPeople() {
    guard plan.isNeeded else {
      return Terminal.print("nothing to recover: ledger, keyring, signer, guard and anchors agree")
    }
    var heading = "\(plan.eventCount.counted("event")) in incarnation \(plan.incarnation)"
    if plan.unsealedCount > 0 { heading += ", \(plan.unsealedCount) of them signed by nobody" }
    Terminal.print(heading)
    Terminal.printSection("found", found)
    if !plan.words.isEmpty {
      Terminal.print("")
      printWords(.table)
    }
    guard plan.refusal == nil else { return }
    Terminal.printSection("to be done", steps)
    Terminal.printSection("lost for good", losses)
  }

  private func printWords(_ format: OutputFormat) {
    var writer = RecordWriter(
      format, [.init("source"), .init("incarnation"), .init("events"), .init("verdict")])
    for word in plan.words {
      writer.write([
        .text(word.source), .number(word.incarnation), .number(word.size), .text(word.verdict),
      ])
    }
    writer.finish()
  }

  private var found: [String] {
    plan.conditions.map { "\($0.name): \($0.finding)" }
  }

  private var steps: [String] {
    var steps = plan.moves
    if plan.completesRecovery {
      steps.append(
        "The recovery that was cut short is completed: ledger.restored stands in the ledger already."
      )
    }
    if let keys = plan.keys { steps += self.steps(of: keys) }
    if plan.makesObjects { steps.append("An empty objects.sqlite is made.") }
    if !plan.lives.isEmpty {
      if plan.lostCount > 0 {
        steps.append("The notes of what is lost are kept among the anchors, as lost-….note.")
      }
      for life in plan.lives {
        let reason =
          life.lost.map { "incarnation \($0.origin.incarnation) had \($0.size.counted("event"))" }
          ?? "nobody knows what was signed after them"
        steps.append(
          "The ledger goes on as incarnation \(life.incarnation): ledger.restored says that "
            + "\(reason).")
      }
    }
    steps.append("Guard, signer and anchors are told, and a checkpoint is signed.")
    if plan.safeguardCount > 0 {
      steps.append(
        "\(plan.safeguardCount.counted("event")) of holds, restrictions and erasures that wait, which the "
          + "guard kept: appended again.")
    }
    if plan.erasureCount > 0 {
      steps.append(
        "\(plan.erasureCount.counted("erasure")) that the journals name and this copy has not seen done: "
          + "carried out now. Who was erased stays so.")
    }
    return steps
  }

  private func steps(of keys: RecoveryPlan.KeyRestoration) -> [String] {
    var steps: [String] = []
    if keys.makesSecrets {
      steps.append(
        keys.sealsSecrets
          ? "Root key and signing key are made anew, sealed under the passphrase."
          : "Root key and signing key are made anew. The root key stands in a file of mode 0600, which "
            + "opens everything; --passphrase seals it.")
    }
    var text =
      "keys.sqlite is made of \(keys.restoredCount.counted("key")) of the backup of \(keys.created)"
    if keys.keptCount > 0 { text += " and \(keys.keptCount) that it still holds" }
    text += ", under a new epoch key."
    if keys.destroyedCount > 0 {
      text += " \(keys.destroyedCount.counted("key")) that the ledger says were destroyed stay so."
    }
    steps.append(text)
    if keys.doubledCount > 0 {
      let people =
        keys.doubledCount == 1
        ? "1 person was registered again meanwhile and has"
        : "\(keys.doubledCount) people were registered again meanwhile and have"
      steps.append("\(people) two keys: custody subject list shows both.")
    }
    if keys.setsAside {
      let what =
        keys.unopenedCount > 0
        ? "of its keys and rows \(keys.unopenedCount) open neither here nor in the backup"
        : "it does not open at all"
      steps.append(
        "The keyring that is replaced is kept as keys.sqlite.before-recovery, because \(what); so are "
          + "secrets that nothing opens. If root.key or a newer keys.sqlite is anywhere, put that back "
          + "instead.")
    }
    return steps
  }

  private var losses: [String] {
    var losses: [String] = []
    if plan.lostCount > 0 {
      let last = plan.eventCount + plan.lostCount - 1
      let positions =
        plan.lostCount == 1 ? "position \(last)" : "positions \(plan.eventCount) to \(last)"
      losses.append(
        "\(plan.lostCount.counted("event")), at \(positions). If a newer ledger.sqlite is anywhere, put that "
          + "there instead, with its -wal.")
      losses.append(
        plan.knowsAllSafeguards
          ? "Consents among them: record them again before anybody relies on them."
          : "Holds, restrictions and consents among them, save what is said above: place them again "
            + "before anybody is erased or a matter released.")
    }
    for checkpoint in plan.unexplained {
      losses.append(
        "The explanation of the checkpoint of \(checkpoint.size.counted("event")) of incarnation "
          + "\(checkpoint.origin.incarnation): this copy was recovered before, and whoever kept that "
          + "checkpoint will find that it does not fit. A newer copy of ledger.sqlite has no such gap."
      )
    }
    if let count = plan.unreadableCount, count > 0 {
      losses.append(
        "The contents of \(count.counted("event")): keyring and backup lack their keys, and nobody "
          + "destroyed them. A newer key backup may hold them.")
    }
    if plan.makesObjects { losses.append("The contents of every version of every dataset.") }
    if plan.damagedObjectCount > 0 {
      losses.append(
        "\(plan.damagedObjectCount.counted("object")) in objects.sqlite, which verify names.")
    }
    return losses
  }

  // MARK: - For programs

  /// How secrets that are made anew are kept; nil when none are.
  private var secrets: String? {
    guard let keys = plan.keys, keys.makesSecrets else { return nil }
    return keys.sealsSecrets ? "passphrase" : "file"
  }

  private func json(_ isDone: Bool) -> String {
    var writer = JSONWriter()
    writer.member("needed", plan.isNeeded)
    writer.member("done", isDone)
    writer.member("events", plan.eventCount)
    writer.member("incarnation", plan.incarnation)
    writer.member("unsealed", plan.unsealedCount)
    writer.member("conditions", plan.conditions) { condition, object in
      object.member("case", condition.name)
      object.member("finding", condition.finding)
    }
    writer.member("words", plan.words) { word, object in
      object.member("source", word.source)
      object.member("incarnation", word.incarnation)
      object.member("events", word.size)
      object.member("verdict", word.verdict)
    }
    writer.member("lives", plan.lives) { life, object in
      object.member("incarnation", life.incarnation)
      object.member("lostOrigin", life.lost?.origin.description)
      object.member("lostEvents", life.lost?.size)
      object.member("lostRoot", life.lost?.root.hex)
    }
    writer.member("lost", plan.lostCount)
    writer.member("unexplained", strings: plan.unexplained.map(\.text))
    writer.member("unreadable", plan.unreadableCount)
    writer.member("keysRestored", plan.keys?.restoredCount)
    writer.member("keysKept", plan.keys?.keptCount)
    writer.member("keysLeftDestroyed", plan.keys?.destroyedCount)
    writer.member("keysUnopened", plan.keys?.unopenedCount)
    writer.member("peopleDoubled", plan.keys?.doubledCount)
    writer.member("setsAside", plan.keys?.setsAside ?? false)
    writer.member("newSecrets", secrets)
    writer.member("damagedObjects", plan.damagedObjectCount)
    writer.member("erasures", plan.erasureCount)
    writer.member("safeguards", plan.safeguardCount)
    writer.member("knowsAllSafeguards", plan.knowsAllSafeguards)
    writer.member("refusal", plan.refusal?.message)
    return writer.object
  }
}
