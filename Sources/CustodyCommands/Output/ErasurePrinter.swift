import Custody
import CustodyModel

/// What an erasure takes away, what stays, what it does not reach, and what came of it.
struct ErasurePrinter {
  let plan: ErasurePlan

  func print(_ format: OutputFormat, _ result: ErasureResult?) {
    switch format {
    case .json, .ndjson: Terminal.print(json(result))
    case .csv: printKeys(.csv)
    case .table:
      if let result { printDone(result) } else { printPlan() }
    }
  }

  /// What is asked before it is done.
  var question: String {
    plan.isBlocked
      ? "Matters hold all of it: nothing is erased now, and it will be when they are released."
      : "This destroys \(plan.keys.count.counted("key")) of \(people) for good: nobody can read again what "
        + "they sealed, in any version."
  }

  private var people: String { Self.people(plan.subjects) }

  private static func people(_ subjects: [KeyID]) -> String {
    subjects.count == 1 ? "1 person" : "\(subjects.count) people"
  }

  // MARK: - For people

  private func printPlan() {
    Terminal.print("\(people), reason: \(plan.reason.rawValue)")
    Terminal.printSection("goes", goes)
    Terminal.printSection("waits", waits)
    Terminal.printSection("stays", stays)
    Terminal.printSection("not reached", notReached)
    printSources()
  }

  private var goes: [String] {
    if plan.isBlocked { return [] }
    var lines: [String] = []
    let classes = Set(plan.keys.map(\.dataClass)).sorted().joined(separator: ", ")
    lines.append("\(plan.keys.count.counted("key")): \(classes)")
    for records in plan.records {
      lines.append(
        "\(records.count.counted("record")) of \(records.dataset), in "
          + "\(Self.versions(records.versions))")
    }
    lines.append(
      "the contents of \(plan.eventCount.counted("event")) and \(plan.objectCount.counted("object")) "
        + "(\(plan.objectByteCount.asBytes)); headers and hashes stay")
    if !plan.runs.isEmpty {
      lines.append(
        "command lines and outputs of \(plan.runs.count.counted("run")) that read or wrote such "
          + "records")
    }
    lines.append("older copies of keys.sqlite, for everyone: a new key backup is due afterwards")
    return lines
  }

  /// What matters hold up.
  private var waits: [String] {
    let uses: [(ErasurePlan.Held.Use, String)] = [
      (.data, "their data"),
      (.joint, "records that they share with others: nobody's alone, restricted"),
      (.run, "command lines and outputs of runs that touched records of others too"),
    ]
    let lines = uses.compactMap { use, what -> String? in
      let held = plan.held.filter { $0.use == use }
      return held.isEmpty ? nil : "\(what) (\(held.count.counted("key")) kept)"
    }
    return lines.isEmpty
      ? []
      : lines + plan.matters.map { "held by \($0.name), review due \($0.review.toTheSecond)" }
  }

  private var stays: [String] {
    var lines = plan.keptKeys.map { "class \($0.dataClass) of \($0.subject)" }
    if plan.derivedCount > 0 {
      lines.append(
        "\(plan.derivedCount.counted("record")) made from theirs, about nobody or about others "
          + "(custody lineage subject names the versions)")
    }
    return lines
  }

  private var notReached: [String] {
    var lines = plan.copies.map { copy in
      "\(copy.what), \(copy.path.map { "written to \($0)" } ?? "disclosed") at \(copy.recordedAt)"
    }
    if !plan.possible.isEmpty {
      lines.append(
        "what was made of data with theirs, and nobody said from which records: "
          + plan.possible.joined(separator: ", "))
    }
    lines += plan.models.map { "model \($0), which may have learned from it" }
    if let date = plan.backupsExpire {
      lines.append("key backups made so far, the last of which is due to be deleted at \(date)")
    }
    if plan.unsearchedRunCount > 0 {
      lines.append(
        "texts of \(plan.unsearchedRunCount.counted("run")) without records: not searched")
    }
    if let first = plan.skippedPositions.first {
      lines.append(
        "\(plan.skippedPositions.count.counted("event")) that no projection can read, the first at position "
          + "\(first): not looked at (custody projection status)")
    }
    if plan.unsearchedImportCount > 0 {
      lines.append(
        "\(plan.unsearchedImportCount.counted("imported event")) of runs that touched no such record: "
          + "not searched")
    }
    return lines
  }

  /// `v1 to v7, v9`.
  static func versions(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map {
      $0.count == 1 ? "v\($0.lowerBound)" : "v\($0.lowerBound) to v\($0.upperBound)"
    }
    .joined(separator: ", ")
  }

  private func printDone(_ result: ErasureResult) {
    guard !plan.isBlocked else {
      Terminal.print("nothing was erased: a matter holds all of it")
      Terminal.printSection("waits", waits)
      return
    }
    Terminal.print("erased \(Self.people(plan.erasedSubjects)), request \(result.request)")
    if result.completedPosition != nil {
      Terminal.print("\(Self.searched(result)): none is left")
    } else {
      Terminal.print("\(Self.searched(result)); it is not done:")
      for line in Self.obstacles(result) { Terminal.print("  \(Terminal.visible(line))") }
      Terminal.print("Remove what is named; the next command that writes tries again.")
    }
    Terminal.printSection("waits", waits)
    Terminal.printSection("not reached", notReached)
    printSources()
  }

  private static func searched(_ result: ErasureResult) -> String {
    "searched \(result.byteCount.asBytes) in \(result.fileCount.counted("file")) for "
      + "\(result.needleCount.counted("piece")) of what was removed"
  }

  /// Why an erasure is not done.
  private static func obstacles(_ result: ErasureResult) -> [String] {
    result.remnants.sorted { $0.key < $1.key }.map {
      "\($0.value.counted("piece")) of what was removed in \($0.key)"
    } + result.unreadable.map { "\($0) cannot be read" }
  }

  /// What is said of an erasure that was cut short and that another command goes on with.
  static func text(ofFinished result: ErasureResult) -> String {
    guard result.completedPosition == nil else {
      return "the erasure \(result.request) was cut short and is done now; a new key backup is due"
    }
    return "the erasure \(result.request) is not done: \(obstacles(result).joined(separator: ", "))"
  }

  /// What is said of an erasure that had waited.
  static func lines(ofReleased result: ErasureResult) -> [String] {
    var lines = ["request \(result.request), \(people(result.plan?.erasedSubjects ?? []))"]
    if result.completedPosition != nil {
      lines.append("\(searched(result)): none is left")
    } else {
      lines.append("not done: \(obstacles(result).joined(separator: ", "))")
    }
    if result.waiting != nil { lines.append("a part of it waits for another matter") }
    return lines
  }

  private func printKeys(_ format: OutputFormat) {
    var writer = RecordWriter(
      format, [.init("subject"), .init("class"), .init("key"), .init("goes")])
    for (keys, goes) in [(plan.keys, true), (plan.keptKeys, false)] {
      for key in keys {
        writer.write([
          .text(key.subject.hex), .text(key.dataClass), .text(key.id.hex),
          .text(goes ? "yes" : "no"),
        ])
      }
    }
    writer.finish()
  }

  // MARK: - For programs

  private func json(_ result: ErasureResult?) -> String {
    var writer = JSONWriter()
    writer.member("done", result != nil && !plan.isBlocked)
    writer.member("subjects", strings: plan.subjects.map(\.hex))
    writer.member("reason", plan.reason.rawValue)
    for (name, keys) in [("keys", plan.keys), ("keptKeys", plan.keptKeys)] {
      writer.member(name, keys) { key, object in
        object.member("subject", key.subject.hex)
        object.member("class", key.dataClass)
        object.member("key", key.id.hex)
      }
    }
    writer.member("heldKeys", plan.held) { held, object in
      object.member("key", held.id.hex)
      object.member("use", held.use.rawValue)
      object.member("class", held.dataClass)
      object.member("matters", strings: held.matters.map(\.name))
    }
    writer.member("records", plan.records) { records, object in
      object.member("dataset", records.dataset)
      object.member("versions", integers: records.versions)
      object.member("count", records.count)
    }
    writer.member("events", plan.eventCount)
    writer.member("objects", plan.objectCount)
    writer.member("bytes", plan.objectByteCount)
    writer.member("runs", strings: plan.runs.map(\.description))
    writer.member("derivedRecords", plan.derivedCount)
    writer.member("models", strings: plan.models)
    writer.member("possible", strings: plan.possible)
    writer.member("copies", plan.copies) { copy, object in
      object.member("position", copy.position.value)
      object.member("recordedAt", "\(copy.recordedAt)")
      object.member("what", copy.what)
      object.member("path", copy.path)
    }
    writeSources(to: &writer)
    writer.member("unsearchedRuns", plan.unsearchedRunCount)
    writer.member("skipped", integers: plan.skippedPositions)
    writer.member("unsearchedImports", plan.unsearchedImportCount)
    writer.member("backupsExpire", plan.backupsExpire)
    if let result {
      writer.member("request", "\(result.request)")
      writer.member("waiting", result.waiting.map { "\($0)" })
      writer.member("requestPosition", result.requestPosition?.value)
      writer.member("completedPosition", result.completedPosition?.value)
      writer.member("needles", result.needleCount)
      writer.member("files", result.fileCount)
      writer.member("scannedBytes", result.byteCount)
      writer.member("remnants", result.remnants.sorted { $0.key < $1.key }) { remnant, object in
        object.member("file", remnant.key)
        object.member("pieces", remnant.value)
      }
      writer.member("unreadable", strings: result.unreadable)
    }
    return writer.object
  }
}
