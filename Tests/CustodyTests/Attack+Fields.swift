import Custody
import CustodyStore
import CustodyTesting

extension Attack {
  /// Values that no field of a header can have, whoever signs them.
  static let fields: [Attack] = [
    .edit(
      "a byte moved from one id to the next", found: .headers, [.fieldType], at: 9,
      """
      UPDATE event SET event_id = substr(event_id, 1, 15),
        correlation_id = CAST(substr(event_id, 16, 1) || correlation_id AS BLOB) WHERE position = 9
      """),
    .edit(
      "a byte moved from the body's hash to the commitment", found: .headers, [.fieldType], at: 9,
      """
      UPDATE event SET body_hash = substr(body_hash, 1, 31),
        commitment = CAST(substr(body_hash, 32, 1) || commitment AS BLOB) WHERE position = 9
      """),
    .edit(
      "a key id moved from the key ids to the nonce", found: .headers, [.fieldType], at: 9,
      """
      UPDATE event SET key_ids = substr(key_ids, 1, 16), nonce = CAST(substr(key_ids, 17) || nonce AS BLOB)
      WHERE position = 9
      """),
    .edit(
      "letters moved from the stream to the type", found: .headers, [.leafMismatch, .revisionGap],
      at: 9,
      """
      INSERT INTO name (text) VALUES ('conversation'), ('/1segment.transcribed');
      UPDATE event SET stream = (SELECT id FROM name WHERE text = 'conversation'),
        type = (SELECT id FROM name WHERE text = '/1segment.transcribed') WHERE position = 9
      """),
    .edit(
      "a nonce one byte too long", found: .headers, [.fieldType], at: 9,
      "UPDATE event SET nonce = CAST(nonce || x'00' AS BLOB) WHERE position = 9"),
    Attack("text where bytes belong", found: .headers, [.fieldType], at: 9) {
      try RawDatabase.withLooseTables($0.path) {
        try $0.execute("UPDATE event SET body = 'text' WHERE position = 9")
      }
    },
    Attack("bytes where text belongs", found: .headers, [.fieldType], at: 9) {
      try RawDatabase.withLooseTables($0.path) {
        try $0.execute(
          """
          INSERT INTO name (text) VALUES (x'636f6e766572736174696f6e2f31');
          UPDATE event SET stream = last_insert_rowid() WHERE position = 9
          """)
      }
    },
    Attack("a time that is no integer", found: .headers, [.fieldType], at: 9) {
      try RawDatabase.withLooseTables($0.path) {
        try $0.execute("UPDATE event SET occurred_at = 1.5 WHERE position = 9")
      }
    },

    .owner(
      "an event id of zeros", found: .headers, [.fieldValue], at: 30,
      "UPDATE event SET event_id = zeroblob(16) WHERE position = 30"),
    .owner(
      "one event id for two events", found: .headers, [.eventIDRepeated], at: 30,
      harm: repeatEventID),
    .owner(
      "a reserved flag", found: .headers, [.fieldValue], at: 30,
      "UPDATE event SET flags = 2 WHERE position = 30"),
    .owner(
      "a compressed content without a key", found: .headers, [.fieldValue], at: 22,
      "UPDATE event SET flags = 1 WHERE position = 22"),
    .owner(
      "a nonce without a key", found: .headers, [.fieldValue], at: 22,
      "UPDATE event SET nonce = CAST(x'01' || zeroblob(23) AS BLOB) WHERE position = 22"),
    .owner(
      "key ids that descend", found: .headers, [.fieldValue], at: 9,
      "UPDATE event SET key_ids = CAST(substr(key_ids, 17) || substr(key_ids, 1, 16) AS BLOB) "
        + "WHERE position = 9"),
    .owner(
      "one key twice", found: .headers, [.fieldValue], at: 9,
      "UPDATE event SET key_ids = CAST(substr(key_ids, 1, 16) || substr(key_ids, 1, 16) AS BLOB) "
        + "WHERE position = 9"
    ),
    .owner(
      "a version that takes more than two bytes", found: .headers, [.fieldValue], at: 30,
      "UPDATE event SET type_version = 65537 WHERE position = 30"),
    .owner(
      "a control character in a stream", found: .headers, [.fieldValue], at: 30,
      """
      INSERT INTO name (text) VALUES ('many' || char(10));
      UPDATE event SET stream = last_insert_rowid(), revision = 0 WHERE position = 30
      """),
    .owner(
      "a revision left out", found: .headers, [.revisionGap], at: count - 1,
      "UPDATE event SET revision = revision + 1 WHERE position = \(count - 1)"),
    .owner(
      "a time that goes back", found: .headers, [.recordedAtBackward], at: 30,
      "UPDATE event SET recorded_at = recorded_at - 1000000000 WHERE position = 30"),
    .owner(
      "a length that is not the body's", found: .bodies, [.bodyMismatch], at: 30,
      "UPDATE event SET body_length = body_length + 1 WHERE position = 30"),
    .owner(
      "a commitment to something else by one of the library's own", found: .headers,
      [.commitmentMismatch], at: 2,
      "UPDATE event SET commitment = zeroblob(32) WHERE position = 2"),
  ]

  /// Past the constraint and its index, which stay as they look.
  private static let repeatEventID: @Sendable (TamperedCopy) throws -> Void = { copy in
    let index = try RawDatabase(copy.path).rows(
      "SELECT rowid, type, name, tbl_name, rootpage, sql FROM sqlite_master "
        + "WHERE name = 'sqlite_autoindex_event_1'")[0]
    let sql = try RawDatabase(copy.path).value("SELECT sql FROM sqlite_master WHERE name = 'event'")
    try copy.execute(
      """
      PRAGMA writable_schema = ON;
      UPDATE sqlite_master SET sql = replace(sql, ' UNIQUE', '') WHERE name = 'event';
      DELETE FROM sqlite_master WHERE rowid = \(index[0].literal);
      """)
    try copy.execute(
      """
      UPDATE event SET event_id = (SELECT event_id FROM event WHERE position = 29)
      WHERE position = 30
      """)
    try copy.execute(
      """
      PRAGMA writable_schema = ON;
      UPDATE sqlite_master SET sql = \(sql.literal) WHERE name = 'event';
      INSERT INTO sqlite_master (rowid, type, name, tbl_name, rootpage, sql)
      VALUES (\(index.map(\.literal).joined(separator: ", ")));
      """)
  }
}
