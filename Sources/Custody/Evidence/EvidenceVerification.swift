import CustodyStore
import Foundation

extension Store {
  /// Verifies a file for others: needs no store and no secret.
  ///
  /// - Parameters:
  ///   - evidence: the file or folder, opened; it cannot be verified a second time.
  ///   - keys: verifier keys that you got from someone you trust.
  ///   - policy: whose cosignatures the checkpoint needs.
  ///   - receipts: what appending returned; each has to be of the event at its position.
  ///   - anchors: older checkpoints, as notes, with the names that messages use: a proof of
  ///     consistency is about one of them, and tiles have to begin with each.
  ///   - progress: called with events checked so far and in all.
  /// - Returns: what was checked; a file that proves nothing is a report that does not hold.
  /// - Throws: `CustodyError` when the file cannot be read; `usage` without a key, and without the
  ///   anchor that a proof of consistency is about.
  ///
  /// Cost: hashes everything once. For a range or tiles memory grows by an id an event, and a name a
  /// stream: ids are compared with each other.
  public static func verify(
    evidence: EvidenceFile, keys: [VerifierKey],
    policy: WitnessPolicy? = nil, receipts: [Receipt] = [],
    anchors: [(name: String, note: String)] = [], progress: VerificationProgress? = nil
  ) throws -> EvidenceReport {
    guard !(keys + (policy?.logs ?? [])).isEmpty else {
      throw CustodyError(
        .usage,
        "Give --vkey with the verifier key of the ledger, from someone you trust: custody status shows "
          + "it to whoever has the store.")
    }
    let trust = EvidenceReport.Trust(
      keys: keys + (policy?.logs ?? []), policy: policy, receipts: receipts, anchors: anchors)
    var report = EvidenceReport(evidence.kind)
    do {
      switch evidence.kind {
      case .proof: try report.verifyProof(evidence, trust)
      case .consistency: try report.verifyConsistency(evidence, trust)
      case .disclosure: try report.verifyDisclosure(evidence, trust)
      case .events: try report.verifyEvents(evidence, trust, progress)
      case .tiles: try report.verifyTiles(evidence.folder, trust, progress)
      case .certificate: try report.verifyCertificate(evidence, trust)
      }
      try report.checkCovers(receipts)
    } catch is EvidenceReport.Failed {
      report.content = nil
      report.erasure = nil
    }
    return report
  }
}

extension EvidenceReport {
  /// A disclosure of the largest content is smaller; so is a proof with the largest note.
  private static let (disclosureSizeMax, proofSizeMax) = (32 << 20, 2 << 20)

  private static func text(
    _ evidence: EvidenceFile, atMost limit: Int = proofSizeMax
  ) throws -> String {
    try evidence.lines().text(atMost: limit)
  }

  // MARK: - One event

  fileprivate mutating func verifyProof(_ evidence: EvidenceFile, _ trust: Trust) throws {
    let proof: ProofFile
    do {
      proof = try ProofFile(parsing: try Self.text(evidence))
    } catch let error as ProofFileError {
      return try check("the file is a proof", "its bytes", error.explanation)
    }
    try verify(proof, trust)
    eventCount = 1
  }

  private mutating func verify(_ proof: ProofFile, _ trust: Trust) throws {
    let signed = try check(proof.checkpoint, trust)
    let fault: ProofFileError?
    do {
      try proof.check(under: signed)
      fault = nil
    } catch {
      fault = error
    }
    try check(
      "the header is of position \(proof.index) of that ledger", "its own fields",
      fault.flatMap { $0 == .notIncluded ? nil : $0.explanation })
    try check(
      "\(proof.path.count) hashes lead from it to the root of \(signed.checkpoint.size) events",
      "SHA-256, RFC 6962", fault?.explanation)
    event = proof.header
    try check(proof.header, against: trust.receipts)
  }

  fileprivate mutating func verifyDisclosure(_ evidence: EvidenceFile, _ trust: Trust) throws {
    let disclosure: DisclosureFile
    do {
      disclosure = try DisclosureFile(
        parsing: try Self.text(evidence, atMost: Self.disclosureSizeMax))
    } catch let error as DisclosureFileError {
      return try check("the file is a disclosure", "its bytes", error.explanation)
    }
    try verify(disclosure.proof, trust)
    try check(
      "the content is what the event committed to", "SHA-256 over salt and content",
      disclosure.isContent ? nil : DisclosureFileError.anotherContent.explanation)
    content = disclosure.content
    eventCount = 1
  }

  // MARK: - Two checkpoints

  fileprivate mutating func verifyConsistency(_ evidence: EvidenceFile, _ trust: Trust) throws {
    guard let file = ConsistencyFile(parsing: try Self.text(evidence)) else {
      return try check("the file is a proof of consistency", "its bytes", "it is none")
    }
    let old = try older(of: file.old, trust)
    let new = try check(file.checkpoint, trust)
    let holds =
      old.map { $0.origin.isSameLedger(as: new.checkpoint.origin) } ?? true
      && TreeProof.extends(
        old: file.old, oldRoot: old?.root ?? .emptyTree, new: new.checkpoint.size,
        newRoot: new.checkpoint.root, path: file.path)
    try check(
      "the ledger of \(new.checkpoint.size) events begins with that of \(file.old)",
      "SHA-256, RFC 6962", holds ? nil : "the hashes do not lead from one root to the other")
    eventCount = file.old
  }

  /// The checkpoint among the anchors that a proof of consistency is about; nil when it is about
  /// the empty tree, which nobody needs to sign.
  private mutating func older(of size: Int, _ trust: Trust) throws -> Checkpoint? {
    let anchor = try trust.anchors.first {
      try Self.checkpoint(of: $0.note, $0.name).size == size
    }
    guard let (name, note) = anchor else {
      if size == 0, trust.anchors.isEmpty { return nil }
      throw CustodyError(
        .usage, "Give --anchor with the checkpoint of \(size) events that the proof is about.")
    }
    let what = "\(name) is signed by its ledger"
    let basis = "Ed25519 and the verifier key you gave"
    do {
      let old = try SignedCheckpoint(verifying: note, keys: trust.keys).checkpoint
      try check(what, basis)
      return old
    } catch let error as SignedCheckpointError {
      try check(what, basis, error.explanation)
      throw Failed()
    }
  }

  // MARK: - A range

  fileprivate mutating func verifyEvents(
    _ evidence: EvidenceFile, _ trust: Trust, _ progress: Store.VerificationProgress?
  ) throws {
    let lines = try evidence.lines()
    let file: EventRangeFile
    do {
      file = try EventRangeFile(parsing: { try lines.next() })
    } catch let error as EventRangeFileError {
      return try check("the file is a range of events", "its bytes", error.explanation)
    }
    _ = try check(file.checkpoint, trust)
    let what =
      "nothing is missing from position \(file.range.lowerBound) up to, not including, \(file.range.upperBound)"
    let byPosition = Dictionary(grouping: trust.receipts, by: \.position)
    (since, until) = (file.since, file.until)
    var count = 0
    do {
      var verifier = try EventRangeVerifier(file, keys: trust.keys)
      while let line = try lines.next() {
        let header = try verifier.append(line)
        if verifier.isWithin(header) {
          let position = header.place.position.value
          positions = (positions?.lowerBound ?? position)...position
          count += 1
        }
        if let receipts = byPosition[header.place.position] {
          try check(header, against: receipts)
        }
        progress?(header.place.position.value - file.range.lowerBound + 1, file.range.count)
      }
      try verifier.finish()
    } catch let error as EventRangeFileError {
      return try check(
        what, "SHA-256, RFC 6962: headers and hashes make the root", error.explanation)
    }
    try check(what, "SHA-256, RFC 6962: headers and hashes make the root")
    if file.since != nil || file.until != nil {
      try check(
        "every event recorded \(Self.times(file)) is among them"
          + (file.range.upperBound == checkpoint?.size
            ? ", of the first \(file.range.upperBound): later ones are not covered" : ""),
        "the events before and after, and times that never decrease")
    }
    eventCount = count
  }

  private static func times(_ file: EventRangeFile) -> String {
    switch (file.since, file.until) {
    case (let since?, let until?): "from \(since) to \(until)"
    case (let since?, nil): "since \(since)"
    case (nil, let until?): "until \(until)"
    case (nil, nil): ""
    }
  }

  // MARK: - Receipts

  /// A receipt of which the file says nothing is not passed over in silence.
  fileprivate mutating func checkCovers(_ receipts: [Receipt]) throws {
    guard !receipts.isEmpty else { return }
    guard event == nil else {
      // One event is about one of them.
      guard comparedReceipts == 0 else { return }
      return try check("there is a receipt for this event", "their positions", "there is none")
    }
    try check(
      "the file is about every receipt", "their positions",
      comparedReceipts == receipts.count
        ? nil : "\(receipts.count - comparedReceipts) of \(receipts.count) are of other positions")
  }
}

extension DisclosureFileError {
  var explanation: String {
    switch self {
    case .notADisclosure: "the file is no disclosure"
    case .salt: "its salt is not 32 bytes in base64"
    case .content: "its content is no base64"
    case .proof(let error): error.explanation
    case .anotherContent: "salt and content are of something else"
    }
  }
}

extension EventRangeFileError {
  fileprivate var explanation: String {
    switch self {
    case .notARange: "the file is no range of events"
    case .range: "its positions are none of the checkpoint"
    case .time: "a time is no number of microseconds"
    case .hash: "it has a line that is no hash, or too many hashes"
    case .cut: "it ends before its last header"
    case .checkpoint(let error): error.explanation
    case .header(let position, _): "the line for position \(position) is no header"
    case .fault(let position, let fault): "the header for position \(position) \(fault.explanation)"
    case .beginsLate: "events may be missing before the first one"
    case .endsEarly: "events may be missing after the last one"
    case .notIncluded: "headers and hashes do not make the checkpoint's root"
    }
  }
}
