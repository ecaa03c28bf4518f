import Custody
import CustodyStore
import CustodyTesting
import Foundation

extension Attack {
  /// The file around the events, and other files in its place.
  static let files: [Attack] = [
    Attack("an emptied file", found: .head, [.schemaChanged], at: nil) { try $0.put(Data()) },
    Attack("a file cut in the middle", found: .head, [.fileDamaged], at: nil) {
      try $0.put($0.sample.bytes.prefix($0.sample.bytes.count / 2))
    },
    Attack("a database of something else", found: .head, [.schemaChanged], at: nil) {
      try FileManager.default.removeItem(atPath: $0.path)
      try $0.execute("CREATE TABLE event (position INTEGER PRIMARY KEY)")
    },
    Attack("another ledger in its place", found: .head, [.checkpointSignature], at: nil) {
      let other = try await SmallStore.make()
      try $0.put(SmallStore.bytes(other.ledgerFile))
    },

    .edit(
      "a migration recorded otherwise than it was released", found: .head, [.schemaChanged],
      at: nil,
      "UPDATE migration SET sha256 = zeroblob(32)"
    ).outsideViews,
    .edit(
      "a migration that there is not", found: .head, [.schemaChanged], at: nil,
      "INSERT INTO migration VALUES (2, 'hidden', zeroblob(32))"
    ).outsideViews,
    .edit("a table too many", found: .head, [.schemaChanged], at: nil, "CREATE TABLE extra (x)")
      .outsideViews,
    .edit(
      "an index too many", found: .head, [.schemaChanged], at: nil,
      "CREATE INDEX event_by_type ON event (type)"
    ).outsideViews,
    .edit(
      "a column too many", found: .head, [.schemaChanged], at: nil,
      "ALTER TABLE event ADD COLUMN hidden TEXT"
    ).outsideViews,
    .edit("an index too few", found: .head, [.schemaChanged], at: nil, "DROP INDEX event_by_stream")
      .outsideViews,
    .edit("a table too few", found: .head, [.schemaChanged], at: nil, "DROP TABLE tile")
      .outsideViews,
    .edit("statistics", found: .head, [.schemaChanged], at: nil, "ANALYZE").outsideViews,
    .edit(
      "a name that no event uses", found: .headers, [.nameUnused], at: nil,
      "INSERT INTO name (text) VALUES ('patient-0017')"
    ).outsideViews,
    .edit(
      "a stored subtree too many", found: .headers, [.tileMismatch], at: nil,
      "INSERT INTO tile VALUES (1, 1, zeroblob(32))"
    ).outsideViews,

    .edit(
      "a trigger", found: .head, [.schemaChanged], at: nil,
      "CREATE TRIGGER hide AFTER INSERT ON event BEGIN DELETE FROM event WHERE position = 9; END"),
    .edit(
      "a view too many", found: .head, [.schemaChanged], at: nil, "CREATE VIEW extra AS SELECT 1"),
    .edit("a view too few", found: .head, [.schemaChanged], at: nil, "DROP VIEW audit_ledger"),
    .edit(
      "a column of another name", found: .head, [.schemaChanged], at: nil,
      "ALTER TABLE ledger RENAME COLUMN format TO layout"),
    .edit(
      "a virtual table", found: .head, [.schemaChanged], at: nil,
      "CREATE VIRTUAL TABLE hidden USING fts5(text)"),
    view(
      "a view that leaves events out", "audit_event",
      """
      e.position, e.event_id, e.correlation_id, e.causation_id, e.occurred_at, s.text AS stream,
      t.text AS type, e.type_version, a.text AS actor, e.key_ids, e.flags, e.nonce, e.body,
      e.body_length, e.body_hash, e.commitment, e.recorded_at, e.revision, e.leaf FROM event AS e
      LEFT JOIN name AS s ON s.id = e.stream LEFT JOIN name AS t ON t.id = e.type
      LEFT JOIN name AS a ON a.id = e.actor WHERE e.position < 9
      """),
    view("a view that leaves notes out", "audit_checkpoint", "size, note FROM checkpoint WHERE 0"),
    view(
      "a view that counts", "audit_ledger",
      "id, origin, incarnation + 0 AS incarnation, format FROM ledger"),
    view(
      "a view that calls", "audit_ledger",
      "id, lower(origin) AS origin, incarnation, format FROM ledger"),
    view(
      "a view of constants", "audit_ledger",
      "id, origin, 1 AS incarnation, format FROM ledger"),
    view(
      "a view that chooses", "audit_checkpoint",
      "size, CASE size WHEN 0 THEN '' ELSE note END AS note FROM checkpoint"),
    view(
      "a view that asks", "audit_checkpoint",
      "size, (SELECT note FROM checkpoint AS c WHERE c.size = o.size) AS note FROM checkpoint AS o"),
    view(
      "a view of one row", "audit_ledger", "id, origin, incarnation, format FROM ledger LIMIT 1"),
    view(
      "a view of each row once", "audit_ledger",
      "DISTINCT id, origin, incarnation, format FROM ledger"),
    view(
      "a view that adds rows", "audit_checkpoint",
      "size, note FROM checkpoint UNION ALL SELECT 9, '' FROM checkpoint WHERE 0"),
    view(
      "a view of a function", "audit_checkpoint",
      "size, note FROM checkpoint JOIN pragma_user_version AS p ON p.user_version = checkpoint.size"
    ),
    .edit(
      "a view of a view", found: .head, [.schemaChanged], at: nil,
      """
      ALTER TABLE checkpoint RENAME TO kept;
      DROP VIEW audit_checkpoint;
      CREATE VIEW checkpoint AS SELECT size, note FROM kept;
      CREATE VIEW audit_checkpoint AS SELECT size, note FROM checkpoint
      """),
    .edit(
      "a table in the place of a view", found: .head, [.schemaChanged], at: nil,
      """
      CREATE TABLE shown AS SELECT * FROM audit_checkpoint;
      DROP VIEW audit_checkpoint;
      ALTER TABLE shown RENAME TO audit_checkpoint
      """),
  ]

  /// One of the three views, made otherwise.
  private static func view(_ name: String, _ view: String, _ selection: String) -> Attack {
    .edit(
      name, found: .head, [.schemaChanged], at: nil,
      "DROP VIEW \(view); CREATE VIEW \(view) AS SELECT \(selection)")
  }
}

extension TamperedCopy {
  /// Other bytes in the place of the file.
  func put(_ bytes: Data) throws { try bytes.write(to: URL(filePath: path)) }
}
