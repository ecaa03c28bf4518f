import Custody

/// Says what a new version has, or that there is none.
enum CommitPrinter {
  static func print(_ commit: Datasets.Commit, _ format: OutputFormat) {
    guard format == .table else { return facts(of: commit).write(format) }
    guard commit.isNew else {
      return Terminal.print("nothing changed since v\(commit.version)")
    }
    var text = "committed v\(commit.version): \(counts(of: commit))"
    if commit.registered > 0 { text += "; registered \(commit.registered.counted("subject"))" }
    Terminal.print(text)
  }

  /// `3 records, 1 added, 0 changed, 1 removed`.
  static func counts(of commit: Datasets.Commit) -> String {
    var text = "\(commit.records.counted("record")), "
    text += "\(commit.added) added, \(commit.changed) changed, \(commit.removed) removed"
    let isAlike = commit.added + commit.changed + commit.removed == 0
    return isAlike ? text + "; their order, or what is around them, changed" : text
  }

  static func facts(of commit: Datasets.Commit) -> Facts {
    var facts = Facts()
    facts.add("version", "version", commit.version)
    facts.add("new", "new", .flag(commit.isNew))
    facts.add("records", "records", commit.records)
    facts.add("added", "added", commit.added)
    facts.add("changed", "changed", commit.changed)
    facts.add("removed", "removed", commit.removed)
    facts.add("registered", "registered", commit.registered)
    return facts
  }
}
