import Custody
import CustodyStore
import CustodyTesting

extension Attack {
  /// What the library's own events say, said wrongly: section 4 of the format.
  static let explanations: [Attack] = [
    purge(
      "a purge that claims more than was purged", found: .bodies, [.bodyNotPurged], at: 12,
      removing: [9...11], claiming: [9...12]),
    purge(
      "a purge that claims a body of the library's own", found: .bodies, [.bodyNotPurged], at: 2,
      removing: [9...9], claiming: [2...2, 9...9]),
    purge(
      "a purge that claims less than was purged", found: .bodies, [.bodyMissing], at: 12,
      removing: [9...12], claiming: [9...11]),
    purge(
      "a purge of a body of the library's own", found: .headers, [.bodyMissing], at: 2,
      removing: [2...2], claiming: [2...2]),
    purge(
      "a purge that claims its own position", found: .headers, [.systemEventMalformed], at: count,
      removing: [], claiming: [count...count]),
    purge(
      "a purge that claims the future", found: .headers, [.systemEventMalformed], at: count,
      removing: [], claiming: [count + 1...count + 9]),
    purge(
      "a purge of ranges that touch", found: .headers, [.systemEventMalformed], at: count,
      removing: [], claiming: [9...10, 11...11]),
    purge(
      "a purge of ranges that overlap", found: .headers, [.systemEventMalformed], at: count,
      removing: [], claiming: [9...11, 11...12]),
    purge(
      "a purge of ranges that descend", found: .headers, [.systemEventMalformed], at: count,
      removing: [], claiming: [12...12, 9...9]),
    .owner(
      "a purge of a range that ends before it begins", found: .headers, [.systemEventMalformed],
      at: count
    ) { try $0.forger.append(type: "ledger.purged", purged(positions: "[11,9]")) },
    .owner("a purge of another ledger", found: .headers, [.purgeLeavesMismatch], at: count) {
      copy in
      let other = try await SmallStore.make()
      let leaves = try Forger(other.ledgerFile, ledgerID: copy.sample.ledgerID).root(of: [4...5])
      try copy.forger.append(type: "ledger.purged", purged(positions: "[4,5]", leaves: leaves))
    },
    .owner(
      "a purge that answers a later request", found: .headers, [.systemEventMalformed], at: count
    ) {
      let text = purged(positions: "").replacing("null", with: "\(count)")
      try $0.forger.append(type: "ledger.purged", text)
    },
    .owner("a body that is back after its purge", found: .bodies, [.bodyNotPurged], at: 12) {
      let kept = try RawDatabase($0.path).value("SELECT body FROM event WHERE position = 12")
      try $0.purge([9...12])
      try $0.execute("UPDATE event SET body = \(kept.literal) WHERE position = 12")
    },

    .owner(
      "a content sealed after its key was destroyed", found: .headers, [.keyUsedAfterDestruction],
      at: count + 1
    ) {
      try $0.destroyKey(of: 4)
      try $0.execute(copying(4, to: count + 1))
    },
    .owner("no key destroyed", found: .headers, [.systemEventMalformed], at: count) {
      try $0.forger.append(
        type: "key.destroyed", #"{"keys":[],"reason":"erasure","request":null}"#)
    },

    json(
      "one member twice",
      #"{"key":"00000000000000000000000000000001","key":"00000000000000000000000000000002","#
        + #""purpose":"run"}"#),
    json(
      "one member twice, the same",
      #"{"key":"00000000000000000000000000000001","purpose":"run","purpose":"run"}"#),
    json(
      "members in another order", #"{"purpose":"run","key":"00000000000000000000000000000001"}"#),
    json("a member too many", keyCreated.replacing("}", with: #","x":1}"#)),
    json("a member too few", #"{"key":"00000000000000000000000000000001"}"#),
    json("white space", keyCreated.replacing(",", with: ", ")),
    json("a newline at the end", keyCreated + "\n"),
    json("an escape", keyCreated.replacing("run", with: #"r\u0075n"#)),
    json("digits in upper case", keyCreated.replacing("0001", with: "000A")),
    json("a key id too short", keyCreated.replacing("0001", with: "001")),
    json("a purpose that there is not", keyCreated.replacing("run", with: "walk")),
    json("a NUL at the end", keyCreated + "\0"),
    .owner("a number with a leading zero", found: .headers, [.systemEventMalformed], at: count) {
      try $0.forger.append(type: "ledger.purged", purged(positions: "[09,9]"))
    },
    .owner("a number with an exponent", found: .headers, [.systemEventMalformed], at: count) {
      try $0.forger.append(type: "ledger.purged", purged(positions: "[1e0,9]"))
    },
    .owner("a number with a fraction", found: .headers, [.systemEventMalformed], at: count) {
      try $0.forger.append(type: "ledger.purged", purged(positions: "[1.0,9]"))
    },
    .owner("a number beyond 63 bits", found: .headers, [.systemEventMalformed], at: count) {
      try $0.forger.append(type: "ledger.purged", purged(positions: "[9,9223372036854775808]"))
    },

    .owner("another version of a type", found: .headers, [.systemEventMalformed], at: count) {
      try $0.forger.append(type: "key.created", keyCreated, version: 2)
    },
    .owner("a type that there is not", found: .headers, [.systemEventMalformed], at: count) {
      try $0.forger.append(type: "ledger.forgotten", "{}")
    },
    .owner("a second beginning", found: .head, [.systemEventMisplaced], at: count) {
      try $0.forger.append(.created(organization: "example.org"))
    },
    .owner(
      "another beginning", found: .head, [.systemEventMisplaced], at: 0,
      """
      UPDATE event SET type = (SELECT type FROM event WHERE position = 3),
        body = CAST('\(keyCreated)' AS BLOB), body_length = \(keyCreated.utf8.count),
        body_hash = x'\(SHA256.hash(Array(keyCreated.utf8)))',
        commitment = x'\(ContentSealer().sealOpenly(Array(keyCreated.utf8)).commitment)'
      WHERE position = 0;
      """),
    .owner(
      "one of the library's own elsewhere", found: .headers, [.systemEventMisplaced], at: count
    ) { try $0.forger.append(type: "key.created", keyCreated, stream: "keys") },
    .owner(
      "one of the library's own under a key", found: .headers, [.unsealedTypeNotAllowed], at: 30,
      """
      UPDATE event SET type = (SELECT type FROM event WHERE position = 3), type_version = 1
      WHERE position = 30
      """),
    .owner(
      "a caller's event without a key", found: .headers, [.unsealedTypeNotAllowed], at: count
    ) { try $0.forger.append(type: "segment.transcribed", "in the open", stream: "open") },

    Attack("a second life of another past", found: .headers, [.restoredRootMismatch], at: count) {
      try $0.restore(root: Digest(), incarnation: 2)
      try $0.sign(life: 2)
    },
    .owner("a second life that is the first", found: .headers, [.systemEventMalformed], at: count) {
      try $0.restore(incarnation: 1)
    },
    Attack("a third life before the second", found: .head, [.incarnationNotRising], at: count + 1) {
      try $0.restore(incarnation: 3)
      try $0.restore(incarnation: 2)
      try $0.sign(life: 2)
    },
    Attack(
      "a second life that keeps a note of the first", found: .head, [.checkpointBeyondEnd], at: 201
    ) {
      let kept = try RawDatabase($0.path).rows("SELECT * FROM checkpoint WHERE size = \(count)")[0]
      try $0.fallBack(to: 200)
      try $0.sign(life: 2)
      try $0.execute(
        "INSERT INTO checkpoint VALUES (\(kept.map(\.literal).joined(separator: ", ")))")
    },
    Attack("a second life that nobody signed", found: .head, [.checkpointBeyondEnd], at: 201) {
      try $0.fallBack(to: 200)
      try $0.execute("UPDATE ledger SET incarnation = 2, origin = '\($0.sample.life(2))'")
    }.besidesAnchor,
    .owner(
      "a second life unknown to the ledger's row", found: .head, [.checkpointMismatch], at: nil
    ) { try $0.restore(incarnation: 2) },
    .edit(
      "another incarnation in the ledger's row", found: .headers, [.ledgerRowMismatch], at: nil,
      "UPDATE ledger SET incarnation = 2"),
    .edit(
      "another organization in the ledger's row", found: .headers, [.ledgerRowMismatch], at: nil,
      "UPDATE ledger SET origin = replace(origin, 'example.org', 'example.com')"),
    .edit(
      "another format in the ledger's row", found: .headers, [.ledgerRowMismatch], at: nil,
      "UPDATE ledger SET format = 2"),
  ]

  static let keyCreated = #"{"key":"00000000000000000000000000000001","purpose":"run"}"#

  /// A `key.created` in another spelling.
  private static func json(_ name: String, _ text: String) -> Attack {
    .owner(name, found: .headers, [.systemEventMalformed], at: count) {
      try $0.forger.append(type: "key.created", text)
    }
  }

  static func purged(positions: String, leaves: Digest = .emptyTree) -> String {
    #"{"reason":"erasure","request":null,"positions":[\#(positions)],"leaves":"\#(leaves)","#
      + #""objects":"\#(Digest.emptyTree)"}"#
  }

  private static func purge(
    _ name: String, found level: VerificationLevel, _ rules: Set<Finding.Rule>, at position: Int?,
    removing: [ClosedRange<Int>], claiming: [ClosedRange<Int>]
  ) -> Attack {
    .owner(name, found: level, rules, at: position) {
      try $0.remove(removing)
      try $0.recordPurge(of: claiming)
    }
  }

  /// What honest ledgers hold although it is rare.
  static let harmless: [Attack] = [
    Attack("nothing done", found: .head, [], at: nil) { _ in },
    .owner("signed again by its owner", found: .head, [], at: nil) { _ in },
    .owner("bodies purged", found: .head, [], at: nil) { try $0.purge([9...11, 13...13]) },
    .owner("the same bodies purged twice", found: .head, [], at: nil) {
      try $0.purge([9...11])
      try $0.purge([11...12])
    },
    .owner("no body purged, but objects", found: .head, [], at: nil) { try $0.purge([]) },
    .owner("a key destroyed", found: .head, [], at: nil) { try $0.destroyKey(of: 4) },
    .owner("a key of a run created", found: .head, [], at: nil) {
      try $0.forger.append(type: "key.created", keyCreated)
    },
    Attack("a second life", found: .head, [], at: nil) {
      try $0.restore(incarnation: 2)
      try $0.sign(life: 2)
    },
    .note("a hundred signatures", found: .head, []) { note, _ in
      note + String(repeating: strangersLine, count: 99)
    },
    .note("a line of an unknown key first", found: .head, []) { note, _ in
      note.replacing("\n\n", with: "\n\n" + strangersLine)
    },
  ]
}

extension TamperedCopy {
  func remove(_ positions: [ClosedRange<Int>]) throws {
    for range in positions {
      try execute(
        """
        UPDATE event SET body = NULL
        WHERE position BETWEEN \(range.lowerBound) AND \(range.upperBound)
        """)
    }
  }

  func recordPurge(of positions: [ClosedRange<Int>]) throws {
    let list = positions.map { "[\($0.lowerBound),\($0.upperBound)]" }.joined(separator: ",")
    try forger.append(
      type: "ledger.purged", Attack.purged(positions: list, leaves: forger.root(of: positions)))
  }

  /// What an erasure does to bodies, and says.
  func purge(_ positions: [ClosedRange<Int>]) throws {
    try remove(positions)
    try recordPurge(of: positions)
  }

  /// Says that the key of an event is gone.
  func destroyKey(of position: Int) throws {
    let key = try RawDatabase(path).value("SELECT key_ids FROM event WHERE position = \(position)")
    try forger.append(
      .keyDestroyed(.init(keys: [KeyID(key.bytes)!], reason: .erasure, request: nil)))
  }

  /// Says that the ledger goes on in another life.
  func restore(root: Digest? = nil, incarnation: Int) throws {
    let size = try RawDatabase(path).integer("SELECT max(position) + 1 FROM event")
    try forger.append(
      .restored(
        .init(
          size: size, root: try root ?? forger.root(of: [0...size - 1]), incarnation: incarnation,
          lost: nil)))
  }

  /// What is left of a ledger by an older copy, and what its next life says of that.
  func fallBack(to size: Int) throws {
    let newest = try Checkpoint(text: SignedNote(parsing: sample.anchor).text)
    try execute(
      "DELETE FROM event WHERE position >= \(size); DELETE FROM checkpoint WHERE size > \(size)")
    try forger.rechain()
    try forger.append(
      .restored(
        .init(
          size: size, root: forger.root(of: [0...size - 1]), incarnation: 2,
          lost: .init(origin: newest.origin, size: newest.size, root: newest.root))))
  }

  /// What recovery does at the end.
  func sign(life incarnation: Int) throws {
    let origin = sample.life(incarnation)
    try execute("UPDATE ledger SET incarnation = \(incarnation), origin = '\(origin)'")
    try forger.sign(as: origin, by: sample.signingKey)
  }
}

extension SampleLedger {
  func life(_ incarnation: Int) -> Origin {
    Origin(
      organization: origin.organization, ledgerID: ledgerID, incarnation: incarnation)
  }
}
