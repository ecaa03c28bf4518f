import CustodyLedger
import CustodyModel
import CustodyProjections

/// An export as a page for the person herself: no script, nothing from elsewhere.
final class DossierPage: DossierWriter {
  private let file: ExportFile
  private var now = Timestamp(microseconds: 0)
  /// Of the dataset that is being written.
  private var newest = 0
  /// The titles of its table; nil before the first.
  private var titles: [String]?

  init(_ file: ExportFile) { self.file = file }

  private static func text(_ text: String?) -> String {
    text.map { Markup.escaped($0) } ?? "not recorded"
  }

  /// A name of Custody's own as people read it: `in-force`.
  private static func words(_ name: String) -> String { text(name.replacing("-", with: " ")) }

  /// A time as people read it.
  private static func time(_ time: Timestamp?) -> String {
    time.map {
      "<time datetime=\"\($0)\">\("\($0)".prefix(16).replacing("T", with: " ")) UTC</time>"
    }
      ?? "–"
  }

  private static func row(_ cells: [String]) -> String {
    "<tr>\(cells.map { "<td dir=\"auto\">\($0)</td>" }.joined())</tr>\n"
  }

  private static func table(_ titles: [String], _ rows: [[String]]) -> String {
    "\(head(titles))\(rows.map(row).joined())\(foot)"
  }

  private static func head(_ titles: [String]) -> String {
    "<div class=\"wide\"><table><thead><tr>"
      + titles.map { "<th scope=\"col\" dir=\"auto\">\(Markup.escaped($0))</th>" }.joined()
      + "</tr></thead><tbody>\n"
  }

  private static let foot = "</tbody></table></div>\n"

  private func section(
    _ title: String, _ about: String, _ titles: [String], _ rows: [[String]], empty: String
  ) throws {
    try file.write("<section><h2>\(title)</h2>\(about.isEmpty ? "" : "<p>\(about)</p>")\n")
    try file.write(rows.isEmpty ? "<p class=\"none\">\(empty)</p>" : Self.table(titles, rows))
    try file.write("</section>\n")
  }

  // MARK: - What is known apart from contents

  func begin(_ dossier: SubjectDossier) throws {
    now = dossier.madeAt
    try file.write(DossierStyle.head)
    try file.write(
      """
      <h1>What is held about you</h1>
      <p>This is a copy of the data that is held about you, with what it is used for, where it came \
      from and who received it, as of \(Self.time(now)). The same stands in \
      <a href="export.json">export.json</a>, in a form that programs read.</p>

      """)
    try writePerson(dossier)
    try writeUse(dossier)
    try writeKeeping(dossier)
    try file.write(
      "<section><h2>Records</h2><p>\(dossier.parts.isEmpty ? "There are none about you." : "")</p>\n"
    )
  }

  private func writePerson(_ dossier: SubjectDossier) throws {
    let facts = dossier.facts
    var rows = [
      ["Known here as", Self.text(dossier.identifier)],
      ["Internal number", dossier.entry.id.hex],
      ["Whose law applies", Self.text(facts.jurisdiction?.code)],
      ["Date of birth", Self.text(facts.birthDate?.description)],
      [
        "Kinds of data", Self.text(dossier.entry.keys.map(\.dataClass).joined(separator: ", ")),
      ],
    ]
    rows += facts.events.map { [Self.words($0.kind.name), Self.text("\($0.on)")] }
    try section("You", "", ["", ""], rows, empty: "")
  }

  private func writeUse(_ dossier: SubjectDossier) throws {
    try section(
      "What you allowed", "The purposes for which your data may be used, as they were recorded.",
      ["Purpose", "State", "On the basis of", "Who may use it", "From", "Until"],
      dossier.consents.map {
        [
          Self.text($0.purpose), Self.words($0.state(at: now).rawValue),
          Self.words($0.basis.rawValue),
          $0.recipients.isEmpty
            ? "whoever keeps this data" : Self.text($0.recipients.joined(separator: ", ")),
          Self.time($0.from), Self.time($0.end),
        ]
      }, empty: "No consent is recorded.")
    try section(
      "What it was used for",
      "Processing steps that read or wrote data about you. \(DossierText.runTexts)",
      ["Step", "Purpose", "Began", "Ended"],
      dossier.runs.map {
        [
          Self.text($0.story?.job ?? "\($0.id)"), Self.text($0.story?.purpose),
          Self.time($0.story?.startedAt), Self.time($0.story?.endedAt),
        ]
      }, empty: "None is recorded.")
    try section(
      "Who received it", "Copies that left this store, and where they were written.",
      ["What", "Where", "When"],
      dossier.copies.map { [Self.text($0.what), Self.text($0.path), Self.time($0.recordedAt)] },
      empty: "No copy is recorded.")
    try section(
      "What was made with it",
      "“holds” means that your data is in it, “derived” that it was made from your data, “possible” "
        + "that it was made from something that has your data.",
      ["Kind", "Name", "How sure"],
      dossier.reach.map {
        [
          "\($0.node.kind)",
          Self.text([$0.node.name, $0.node.version].compactMap { $0 }.joined(separator: ", ")),
          $0.evidence.rawValue,
        ]
      }, empty: "Nothing is recorded.")
  }

  private func writeKeeping(_ dossier: SubjectDossier) throws {
    var rows = dossier.restrictions.map {
      [
        "Restricted: \(Self.words($0.cause.name))", "from \(Self.time($0.placedAt))",
        $0.liftedAt.map { "until \(Self.time($0))" } ?? "still",
      ]
    }
    rows += dossier.reviews.map {
      ["Kept for a legal matter", DossierText.matter, "looked at again \(Self.time($0))"]
    }
    rows += dossier.waiting.map {
      ["Erasure waits", "asked for \(Self.time($0.recordedAt))", Self.words($0.reason.rawValue)]
    }
    try section(
      "How long it is kept", DossierText.retention, ["", "", ""], rows,
      empty: "Nothing is restricted, and nothing is kept for a legal matter.")
  }

  // MARK: - Records

  func begin(_ part: SubjectDossier.Part) throws {
    newest = part.entry.newest?.number ?? 0
    try file.write("<h3 dir=\"auto\">\(Self.text(part.row.name))</h3>\n<details><summary>")
    try file.write("Where it came from</summary>\n")
    try file.write(
      Self.table(
        ["Version", "Recorded", "Records about you", "Came from"],
        part.versions.map {
          [
            "\($0.row.number)", Self.time($0.row.recordedAt), "\($0.records)",
            Self.text($0.source.text),
          ]
        }))
    try file.write("</details>\n")
    titles = nil
  }

  /// A table for what comes; another one where columns of a CSV are others than before.
  private func open(_ record: ExportedRecord) throws {
    let wanted = record.columns.isEmpty ? ["Name", "Content"] : record.columns
    if let titles, record.isWithheld || titles == wanted { return }
    if titles != nil { try file.write(Self.foot) }
    titles = wanted
    try file.write(Self.head(["Versions"] + wanted))
  }

  func write(_ record: ExportedRecord) throws {
    try open(record)
    let until = record.life.until.map { $0 - 1 } ?? newest
    let versions =
      until > record.life.since ? "\(record.life.since) to \(until)" : "\(record.life.since)"
    if record.isWithheld {
      let width = titles?.count ?? 1
      try file.write(
        "<tr><td>\(versions)</td><td colspan=\"\(width)\">\(Self.markup(.withheld))</td></tr>\n")
    } else if record.fields.isEmpty {
      try file.write(Self.row([versions, Self.text(record.key), Self.markup(record.content)]))
    } else {
      try file.write(Self.row([versions] + record.fields.map { Self.text($0) }))
    }
  }

  private static func markup(_ content: ExportedContent) -> String {
    switch content {
    case .json(let text), .text(let text): "<pre dir=\"auto\">\(Markup.escaped(text))</pre>"
    case .file(let path, let byteCount):
      "<a href=\"\(Markup.escaped(path))\" download>\(Markup.escaped(path))</a>, \(byteCount) bytes"
    case .withheld: "<em>\(DossierText.shared)</em>"
    }
  }

  func endPart() throws {
    if titles != nil { try file.write(Self.foot) }
  }

  // MARK: - Events

  func beginEvents() throws {
    try file.write(
      """
      </section>
      <section><h2>Events</h2><p>What was recorded about you, the oldest first.</p>
      \(Self.head(["When", "What", "Content"]))
      """)
  }

  func write(_ event: ExportedEvent) throws {
    try file.write(
      Self.row([Self.time(event.occurredAt), Self.text(event.type), Self.markup(event.content)]))
  }

  func end(_ exported: Subjects.Exported) throws {
    try file.write(
      """
      \(Self.foot)</section>
      <footer><p>Contents of \(exported.records) records and \(exported.events) events are here; \
      \(exported.withheldRecords) records and \(exported.withheldEvents) events are left out \
      because they are about other people too.</p></footer>
      </main>
      </body>
      </html>

      """)
  }
}
