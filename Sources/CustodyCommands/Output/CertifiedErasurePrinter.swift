import Custody
import CustodyModel

/// What a certificate says of an erasure, for people and for programs.
struct CertifiedErasurePrinter {
  let erasure: CertifiedErasure

  func print() {
    var facts = Facts()
    facts.add("request", "request", "\(erasure.request) at \(erasure.requestedAt)")
    facts.add("completed", "completed", "\(erasure.completedAt)")
    facts.add("reason", "reason", erasure.reason)
    facts.add("subjects", "people", erasure.subjects.count)
    facts.add("keys", "keys destroyed", erasure.keyCount)
    facts.add(
      "removed", "removed",
      "bodies of \(erasure.eventCount.counted("event")), \(erasure.objectCount.counted("object")) of "
        + erasure.objectByteCount.asBytes)
    facts.add(
      "searched", "searched",
      "\(erasure.fileCount.counted("file")) for \(erasure.needleCount.counted("piece")): "
        + "\(erasure.remnantCount) left")
    facts.add("kept", "kept, by class", text(erasure.keptClasses))
    facts.add("copies", "not reached: copies", text(erasure.copies.map { "position \($0)" }))
    facts.add("models", "not reached: models", text(erasure.models))
    if erasure.heldKeyCount > 0 {
      facts.add("heldKeys", "kept for a legal hold", erasure.heldKeyCount.counted("key"))
    }
    if erasure.derivedCount > 0 {
      facts.add("derivedRecords", "kept, made from it", erasure.derivedCount.counted("record"))
    }
    if erasure.unsearchedRunCount > 0 {
      facts.add("unsearchedRuns", "not searched", erasure.unsearchedRunCount.counted("run"))
    }
    if erasure.unsearchedImportCount > 0 {
      facts.add(
        "unsearchedImports", "not searched",
        erasure.unsearchedImportCount.counted("imported event"))
    }
    facts.add("backupsExpire", "key backups due to be deleted", erasure.backupsExpire)
    facts.write(.table)
  }

  private func text(_ parts: [String]) -> String? {
    parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  var json: String {
    var writer = JSONWriter()
    writer.member("request", "\(erasure.request)")
    writer.member("requestedAt", "\(erasure.requestedAt)")
    writer.member("completedAt", "\(erasure.completedAt)")
    writer.member("reason", erasure.reason)
    writer.member("subjects", strings: erasure.subjects)
    writer.member("keys", erasure.keyCount)
    writer.member("events", erasure.eventCount)
    writer.member("objects", erasure.objectCount)
    writer.member("bytes", erasure.objectByteCount)
    writer.member("needles", erasure.needleCount)
    writer.member("files", erasure.fileCount)
    writer.member("remnants", erasure.remnantCount)
    writer.member("keptClasses", strings: erasure.keptClasses)
    writer.member("heldKeys", erasure.heldKeyCount)
    writer.member("copies", integers: erasure.copies)
    writer.member("models", strings: erasure.models)
    writer.member("derivedRecords", erasure.derivedCount)
    writer.member("unsearchedRuns", erasure.unsearchedRunCount)
    writer.member("unsearchedImports", erasure.unsearchedImportCount)
    writer.member("backupsExpire", erasure.backupsExpire)
    return writer.object
  }
}
