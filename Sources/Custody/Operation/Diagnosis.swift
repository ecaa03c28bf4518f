import CustodyStore
import Foundation

/// One thing that `custody doctor` looked at.
public struct Diagnosis: Sendable {
  /// Whether something has to be done.
  public enum Verdict: String, Sendable {
    /// As it should be.
    case good
    /// Works, but could be better.
    case advice
    /// Has to be mended.
    case bad
  }

  /// What was looked at.
  public let subject: String
  /// Whether something has to be done.
  public let verdict: Verdict
  /// What was found.
  public let finding: String
  /// What to do about it.
  public let advice: String?

  init(_ subject: String, _ verdict: Verdict, _ finding: String, advice: String? = nil) {
    self.subject = subject
    self.verdict = verdict
    self.finding = finding
    self.advice = advice
  }
}

extension Store {
  /// Looks at versions, permissions, places, disk, clock and condition.
  ///
  /// Writes one small file into the store's folder to time the disk, and removes it.
  public func diagnose(programVersion: String) -> [Diagnosis] {
    [diagnoseCondition()] + diagnoseVersions(programVersion) + diagnosePermissions()
      + [
        diagnosePlaces(), diagnoseGuardPlace(), diagnoseDisk(), diagnoseSpace(),
        diagnoseClock(), diagnoseBackup(),
      ] + diagnoseSetAside() + diagnoseErasures()
      + diagnoseSafeguards()
  }

  /// Also reads every page, row and object: SQLite's own check of each database, and verification at
  /// level bodies.
  ///
  /// - Parameters:
  ///   - programVersion: what the program calls its own version.
  ///   - progress: called with events verified so far and in all.
  ///
  /// Cost: reads everything twice.
  public func diagnoseDeeply(
    programVersion: String, progress: VerificationProgress? = nil
  ) async throws -> [Diagnosis] {
    let layout = folder.layout
    var diagnoses = diagnose(programVersion: programVersion)
    for path in [layout.ledger, layout.keys, layout.objects, layout.projections]
    where FileIO.exists(path) {
      let name = PathParts.name(of: path)
      let faults = try DatabaseIntegrity.faults(path)
      diagnoses.append(
        faults.isEmpty
          ? Diagnosis(name, .good, "SQLite finds it whole")
          : Diagnosis(
            name, .bad, "SQLite finds \(faults.count) faults: \(faults[0])",
            advice: path == layout.projections
              ? "Delete it: it is computed again."
              : "Put the newest copy back. What it lacks: custody recover"))
    }
    let report = try await verify(progress: progress)
    if let first = report.findings.first {
      let place = first.position.map { " at position \($0)" } ?? ""
      diagnoses.append(
        Diagnosis(
          "verification", .bad, "\(first.rule.rawValue)\(place)", advice: "Run: custody verify"))
    } else {
      diagnoses.append(
        Diagnosis("verification", .good, "every event and object is as it was recorded"))
    }
    return diagnoses
  }

  private func diagnoseCondition() -> Diagnosis {
    do {
      let condition = try folder.condition()
      return condition == .clean
        ? Diagnosis("condition", .good, condition.finding)
        : Diagnosis("condition", .bad, condition.finding, advice: condition.advice)
    } catch {
      return Diagnosis(
        "condition", .bad, (error as? CustodyError)?.message ?? "The store cannot be compared.",
        advice: "Run: custody verify")
    }
  }

  private func diagnoseVersions(_ program: String) -> [Diagnosis] {
    let sqlite = SystemVersions.sqlite
    // https://www.sqlite.org/wal.html#the_wal_reset_bug: fixed in 3.51.3, 3.50.7 and 3.44.6.
    let isAffected = !SystemVersions.isWALResetFixed(sqlite)
    return [
      Diagnosis("custody", .good, "version \(program)"),
      Diagnosis(
        "SQLite", isAffected ? .advice : .good, "version \(sqlite)",
        advice: isAffected
          ? "This version can corrupt a WAL that two connections checkpoint at once. Custody never "
            + "does; do not open the store with other programs that write."
          : nil),
      Diagnosis("OpenSSL", .good, SystemVersions.openSSL),
    ]
  }

  private func diagnosePermissions() -> [Diagnosis] {
    var open: [String] = []
    let layout = folder.layout
    let folders = [layout.anchors, folder.secretsFolder, guardPath]
    let files = folders.flatMap { folder in
      ((try? FileIO.names(in: folder)) ?? []).map { "\(folder)/\($0)" }
    }
    for path in [layout.root, layout.settings] + layout.databases + folders + files {
      if let mode = FileAttributes.mode(path), mode & 0o077 != 0 { open.append(path) }
    }
    guard !open.isEmpty else {
      return [Diagnosis("permissions", .good, "only the owner can read store, secrets and guard")]
    }
    return open.map {
      Diagnosis(
        "permissions", $0.hasPrefix(folder.secretsFolder) ? .bad : .advice,
        "\($0) can be read by others",
        advice: "Run: chmod go-rwx \($0)")
    }
  }

  private func diagnosePlaces() -> Diagnosis {
    guard FileIO.isFolder(folder.secretsFolder) else {
      return Diagnosis(
        "secrets", .advice, "\(folder.secretsFolder) is not there",
        advice:
          "To append, mount the medium that it is on. If it is lost: custody recover --keys BACKUP")
    }
    let inside = folder.secretsFolder.hasPrefix(folder.layout.root + "/")
    return inside
      ? Diagnosis(
        "secrets", .advice, "keys and data are in one place: \(folder.secretsFolder)",
        advice:
          "Whoever copies the folder can read everything. Next time: custody init --secrets DIR"
      )
      : Diagnosis("secrets", .good, "keys are apart from the data: \(folder.secretsFolder)")
  }

  private func diagnoseGuardPlace() -> Diagnosis {
    guard FileIO.isFolder(guardPath) else {
      return Diagnosis(
        "guard", .bad, "\(guardPath) is missing",
        advice: "Put it back from where it was kept. If it is lost: custody recover")
    }
    let isSame = FileAttributes.device(guardPath) == FileAttributes.device(folder.layout.root)
    return Diagnosis(
      "guard", isSame ? .advice : .good, guardPath,
      advice: isSame
        ? "It is on the store's own disk: a snapshot of the disk rolls both back. Publish "
          + "checkpoints (custody head --note), or keep the guard elsewhere."
        : nil)
  }

  private func diagnoseDisk() -> Diagnosis {
    guard let time = FileAttributes.syncSeconds(in: folder.layout.root) else {
      return Diagnosis(
        "disk", .advice, "the store's folder cannot be written",
        advice: "Reading and verifying work all the same; to append, mount it for writing.")
    }
    let milliseconds = (time * 10_000).rounded() / 10
    return Diagnosis(
      "disk", time > 0.02 ? .advice : .good, "an fsync takes \(milliseconds) ms",
      advice: time > 0.02
        ? "Each commit waits for one: append in batches, or use a faster disk." : nil)
  }

  private func diagnoseSpace() -> Diagnosis {
    guard let free = FileAttributes.freeBytes(folder.layout.root) else {
      return Diagnosis(
        "space", .advice, "free space is unknown", advice: "Look with: df \(folder.layout.root)")
    }
    let isLow = free < 1 << 30
    return Diagnosis(
      "space", isLow ? .bad : .good, "\(free >> 20) MiB free",
      advice: isLow ? "Free some: a full disk stops appending, though it loses nothing." : nil)
  }

  private func diagnoseClock() -> Diagnosis {
    let now = folder.environment.now()
    // A head that cannot be read is told by the condition.
    let head = try? folder.read { try $0.head() }
    if let head, head.recordedAt > now {
      return Diagnosis(
        "clock", .bad, "it is \(now), but the newest event was recorded at \(head.recordedAt)",
        advice: "Set the clock: until then every event gets the time of the newest one.")
    }
    return Diagnosis("clock", .good, "\(now)")
  }

  private func diagnoseSetAside() -> [Diagnosis] {
    let folders = [folder.layout.root, folder.secretsFolder]
    let paths = folders.flatMap { path in SetAside.names(in: path).map { "\(path)/\($0)" } }
    guard !paths.isEmpty else { return [] }
    return [
      Diagnosis(
        "set aside", .advice,
        "a recovery kept what it could not open: \(paths.joined(separator: ", "))",
        advice: "Delete it when nothing is missed: no erasure begins before.")
    ]
  }

  private func diagnoseErasures() -> [Diagnosis] {
    guard let count = try? folder.pendingErasureCount(), count > 0 else { return [] }
    return [
      Diagnosis(
        "erasures", .bad, "\(count) decided and not done",
        advice:
          "Any command that writes goes on with them and says what keeps them: custody checkpoint")
    ]
  }

  private func diagnoseSafeguards() -> [Diagnosis] {
    guard let count = try? folder.damagedSafeguardCount(), count > 0 else { return [] }
    return [
      Diagnosis(
        "safeguards", .bad,
        "\(count) events that say what is held, restricted or to be erased are damaged in the ledger",
        advice:
          "What the guard has of them is read from there; what it has not stops erasing and reading. "
          + "Run: custody verify. Then put the newest ledger.sqlite back that holds.")
    ]
  }

  private func diagnoseBackup() -> Diagnosis {
    Diagnosis(
      "backup", .advice, "data and keys are backed up apart, which this cannot see",
      advice:
        "Data: custody backup --to DIR. Keys: custody key backup --recipient age1... --expires DATE "
        + "--to FILE, kept elsewhere. Never keep keys.sqlite or secrets/ in a backup of the data.")
  }
}
