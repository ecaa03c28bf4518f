import CustodyTesting
import Foundation

/// Events of OpenLineage for the command, a line each.
enum LineageEvents {
  static let run = "01a204a7-ba70-7fdc-b314-7b88f7b5272a"
  static let other = "01b204a7-ba70-7fdc-b314-7b88f7b5272a"
  static let third = "01c204a7-ba70-7fdc-b314-7b88f7b5272a"

  /// What a run reads and writes; names are of the namespace `store`, or `namespace|name`.
  static func event(
    _ run: String = run, _ type: String = "COMPLETE", job: String = "load",
    at time: String = "2026-01-31T08:00:00Z", in inputs: [String] = [], out outputs: [String] = [],
    more: String = ""
  ) -> String {
    func list(_ names: [String]) -> String {
      names.map { name in
        let parts = name.split(separator: "|")
        return #"{"namespace":"\#(parts.count > 1 ? String(parts[0]) : "store")","#
          + #""name":"\#(parts.last!)"}"#
      }.joined(separator: ",")
    }
    return #"{"eventType":"\#(type)","eventTime":"\#(time)","producer":"https://example.com/p","#
      + #""schemaURL":"https://example.com/s","run":{"runId":"\#(run)"},"#
      + #""job":{"namespace":"jobs","name":"\#(job)"},"inputs":[\#(list(inputs))],"#
      + #""outputs":[\#(list(outputs))]\#(more)}"#
  }

  /// orders, load, sales, sum, report; and a table that is called as another one is.
  static let story = [
    event(run, "START", at: "2026-01-31T08:00:00Z", in: ["orders"]),
    event(run, at: "2026-01-31T08:05:00Z", in: ["orders"], out: ["sales"]),
    event(other, "START", job: "sum", at: "2026-01-31T09:00:00Z", in: ["sales"]),
    event(other, job: "sum", at: "2026-01-31T09:01:00Z", in: ["sales"], out: ["report"]),
    event(third, "START", job: "copy", at: "2026-01-31T10:00:00Z", in: ["report"]),
    event(third, job: "copy", at: "2026-01-31T10:01:00Z", in: ["report"], out: ["lake|orders"]),
  ]

  static let storyText = story.map { $0 + "\n" }.joined()

  /// A folder with a store that knows the story.
  static func folder() async throws -> CommandFolder {
    let folder = try await CommandFolder.withStore()
    try folder.write("story.ndjson", storyText)
    try await folder.run("lineage", "import", "story.ndjson").succeeded()
    return folder
  }
}
