import CustodyLedger
import CustodyModel
import CustodyStore

extension EvidenceReport {
  /// That of an erasure that removed a million bodies, each by itself, is smaller.
  private static let certificateSizeMax = 64 << 20

  mutating func verifyCertificate(_ evidence: EvidenceFile, _ trust: Trust) throws {
    let certificate: CertificateFile
    do {
      certificate = try CertificateFile(
        parsing: try evidence.lines().text(atMost: Self.certificateSizeMax))
    } catch let error as CertificateFileError {
      return try check("the file is a certificate", "its bytes", error.explanation)
    }
    let signed = try check(certificate.events[0].proof.checkpoint, trust)
    try checkEvents(certificate, signed)
    try check(
      "it goes on from the \(certificate.before.size) events before the erasure",
      "SHA-256, RFC 6962",
      TreeProof.extends(
        old: certificate.before.size, oldRoot: certificate.before.root,
        new: signed.checkpoint.size, newRoot: signed.checkpoint.root, path: certificate.path)
        ? nil : "the hashes do not lead from one root to the other")
    try checkErasure(certificate)
    eventCount = certificate.events.count
  }

  private mutating func checkEvents(
    _ certificate: CertificateFile, _ signed: SignedCheckpoint
  ) throws {
    let note = certificate.events[0].proof.checkpoint
    var fault: String?
    var last = -1
    for event in certificate.events where fault == nil {
      do {
        try event.proof.check(under: signed)
      } catch {
        fault = "position \(event.proof.index): \(error.explanation)"
      }
      if event.proof.checkpoint != note { fault = "they rest on several checkpoints" }
      if event.proof.index <= last { fault = "they do not ascend" }
      if !event.isContent { fault = "position \(event.proof.index): another content" }
      last = event.proof.index
    }
    try check(
      "the \(certificate.events.count) events of the erasure are in that ledger, with these contents",
      "SHA-256 over salt and content; RFC 6962", fault)
  }

  /// What the events say, and that they say the same.
  private mutating func checkErasure(_ certificate: CertificateFile) throws {
    let (first, last) = (certificate.events[0], certificate.events.last!)
    let basis = "the contents of the events"
    let position = first.proof.header.place.position
    guard first.proof.header.claim.eventID == certificate.request,
      certificate.before.size == position.value,
      first.proof.header.claim.type.text == ErasureRequested.type,
      let requested = ErasureRequested(
        content: first.content, version: first.proof.header.claim.typeVersion)
    else {
      return try check("the first is the request", basis, "it is another event")
    }
    try check(
      "the request names \(requested.keys.count) keys to destroy, for the reason "
        + requested.reason, basis)
    var destroyed: Set<String> = []
    var purgedCount = 0
    for event in certificate.events.dropFirst().dropLast() {
      let claim = event.proof.header.claim
      guard claim.stream.text == SystemEvent.stream,
        let said = SystemEvent(
          type: claim.type.text.utf8, version: claim.typeVersion, content: event.content,
          at: event.proof.header.place.position)
      else { return try check("the others are the library's own", basis, "one is not") }
      switch said {
      case .keyDestroyed(let keys) where keys.request == position && keys.reason == .erasure:
        destroyed.formUnion(keys.keys.map(\.hex))
      case .purged(let purged) where purged.request == position && purged.reason == .erasure:
        purgedCount += purged.positions.reduce(0) { $0 + $1.count }
      default: return try check("the others answer the request", basis, "one does not")
      }
    }
    try check(
      "the ledger says that these keys were destroyed", basis,
      destroyed == Set(requested.keys) ? nil : "they are others")
    try check(
      "the ledger says that the bodies of \(requested.events) events were removed", basis,
      purgedCount == requested.events ? nil : "it says so of \(purgedCount)")
    guard last.proof.header.claim.type.text == ErasureCompleted.type,
      last.proof.header.claim.causationID == certificate.request,
      let completed = ErasureCompleted(
        content: last.content, version: last.proof.header.claim.typeVersion),
      completed.request == "\(certificate.request)"
    else { return try check("the last says that it is done", basis, "it is another event") }
    try check(
      "\(completed.files) files were searched for \(completed.needles) pieces of what was removed, and "
        + "none was left", "the word of whoever ran Custody",
      completed.remnants == 0 ? nil : "\(completed.remnants) were left")
    erasure = CertifiedErasure(
      requested, completed, certificate.events.map(\.proof.header))
  }
}

extension CertificateFileError {
  var explanation: String {
    switch self {
    case .notACertificate: "it is not as the format says"
    case .event(let error): "an event in it is no disclosure: \(error.explanation)"
    }
  }
}
