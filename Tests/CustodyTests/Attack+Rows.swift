import Custody
import CustodyStore
import CustodyTesting

extension Attack {
  /// Rows edited, swapped, dropped, repeated; whole histories written anew.
  static let rows: [Attack] = [
    .edit(
      "an edit, no leaf made to fit", found: .headers, [.leafMismatch], at: 0, backdating),
    .edit(
      "the leaf of one event", found: .headers, [.storedLeafChanged], at: 9,
      "UPDATE event SET leaf = zeroblob(32) WHERE position = 9"),
    Attack("an edit, every later leaf made to fit", found: .head, [.checkpointMismatch], at: nil) {
      try $0.execute(backdating)
      try $0.forger.rechain()
    },
    Attack("the same, signed by a stranger", found: .head, [.checkpointSignature], at: nil) {
      try $0.execute(backdating)
      try $0.forger.rechain()
      try $0.forger.sign(as: $0.sample.origin, by: stranger)
    },
    Attack.owner(
      "the same, signed with the ledger's own key", found: .head, [.checkpointMismatch], at: nil,
      backdating
    ).besidesAnchor,

    .edit(
      "the tail cut off", found: .head, [.checkpointBeyondEnd], at: count - 4,
      "DELETE FROM event WHERE position >= \(count - 4)"),
    Attack("the tail and its checkpoint cut off", found: .head, [.checkpointBeyondEnd], at: 200) {
      try $0.execute(
        "DELETE FROM event WHERE position >= 200; DELETE FROM checkpoint WHERE size > 200")
      try $0.forger.rechain()
    }.besidesAnchor,
    .edit(
      "the first events removed", found: .headers, [.positionMissing], at: 0,
      "DELETE FROM event WHERE position < 4"),
    .edit(
      "the first events removed, the rest moved up", found: .head, [.checkpointBeyondEnd],
      at: count - 4,
      """
      DELETE FROM event WHERE position < 4;
      UPDATE event SET position = -position;
      UPDATE event SET position = -position - 4;
      """),
    .edit(
      "every event gone", found: .head, [.positionMissing, .checkpointBeyondEnd], at: 0,
      "DELETE FROM event"),
    .edit(
      "one event left out", found: .headers, [.positionMissing], at: 12,
      "DELETE FROM event WHERE position = 12"),
    .edit(
      "a writer that skips a position", found: .head, [.fileDamaged], at: nil,
      copying(12, to: count + 1)),
    .edit(
      "a writer that goes on without looking", found: .headers, [.leafMismatch], at: count,
      copying(12, to: count)),
    Attack("two events at one position", found: .headers, [.positionRepeated], at: 9) {
      try RawDatabase.renumber($0.path, table: "event", row: 9, as: 8)
    },

    .edit(
      "two events of different streams swapped", found: .headers, [.leafMismatch], at: 8,
      swapping(8, 9)),
    .edit(
      "an event moved to another stream", found: .headers, [.leafMismatch, .revisionGap], at: 14,
      """
      UPDATE event SET revision = 100,
        stream = (SELECT stream FROM event WHERE position = 15) WHERE position = 14
      """),
    .edit(
      "two events about different people swapped", found: .headers, [.leafMismatch], at: 4,
      exchanging(["key_ids"], 4, 5)),
    Attack("an event of another ledger", found: .headers, [.leafMismatch], at: 26) { copy in
      let other = try await SmallStore.make()
      try copy.execute(
        """
        ATTACH '\(other.ledgerFile)' AS other;
        UPDATE event SET (event_id, key_ids, nonce, body_length, body_hash, commitment, leaf, body) =
          (SELECT event_id, key_ids, nonce, body_length, body_hash, commitment, leaf, body
            FROM other.event AS o WHERE o.position = 5)
        WHERE position = 26
        """)
    },

    .edit(
      "two bodies swapped", found: .bodies, [.bodyMismatch], at: 9, exchanging(["body"], 9, 12)),
    .edit(
      "two bodies swapped with their hashes", found: .headers, [.leafMismatch], at: 9,
      exchanging(["body", "body_length", "body_hash", "commitment"], 9, 10)),
    .edit(
      "a body removed", found: .bodies, [.bodyMissing], at: 9,
      "UPDATE event SET body = NULL WHERE position = 9"),
    .edit(
      "a body of the library's own changed", found: .headers,
      [.bodyMismatch, .systemEventMalformed], at: 2,
      "UPDATE event SET body = x'7b7d' WHERE position = 2"),
    .edit(
      "a body of the library's own removed", found: .headers, [.bodyMissing], at: 2,
      "UPDATE event SET body = NULL WHERE position = 2"),
  ]

  /// The ledger pretends to be older; nothing that was sealed is touched.
  static let backdating = "UPDATE event SET recorded_at = recorded_at - 1 WHERE position = 0"

  /// Whole rows change places.
  static func swapping(_ first: Int, _ second: Int) -> String {
    """
    UPDATE event SET position = -1 WHERE position = \(first);
    UPDATE event SET position = \(first) WHERE position = \(second);
    UPDATE event SET position = \(second) WHERE position = -1;
    """
  }

  /// Some columns change places.
  static func exchanging(_ columns: [String], _ first: Int, _ second: Int) -> String {
    let list = columns.joined(separator: ", ")
    return """
      CREATE TEMP TABLE kept AS
        SELECT position, \(list) FROM event WHERE position IN (\(first), \(second));
      UPDATE event SET (\(list)) =
        (SELECT \(list) FROM kept WHERE kept.position = \(first) + \(second) - event.position)
      WHERE position IN (\(first), \(second));
      """
  }

  /// A row more, under an id and at a revision that are due, as a writer makes it.
  static func copying(_ position: Int, to other: Int) -> String {
    """
    INSERT INTO event SELECT \(other), randomblob(16), correlation_id, causation_id, occurred_at,
      stream, type, type_version, actor, key_ids, flags, nonce, body_length, body_hash, commitment,
      (SELECT max(recorded_at) FROM event),
      (SELECT max(o.revision) + 1 FROM event AS o WHERE o.stream = event.stream), leaf, body
    FROM event WHERE position = \(position)
    """
  }
}
