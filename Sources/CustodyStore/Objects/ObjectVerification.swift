import CustodyLedger
import CustodyMigrations
import Foundation

/// Checks every stored object: at level bodies against its address, at level contents opened.
struct ObjectVerification {
  let path: String
  let level: VerificationLevel
  let ledgerID: LedgerID
  let dataKeys: LedgerStore.Keys?

  func run() throws -> Findings {
    var findings = Findings()
    let database: ReadOnlyDatabase
    do {
      database = try ReadOnlyDatabase(path: path)
      guard try SchemaCheck.findings(database, Migration.objects).isEmpty else {
        throw CustodyError(.damaged, "its tables are not Custody's")
      }
    } catch let error as CustodyError where [.damaged, .notFound].contains(error.code) {
      findings.add(
        Finding(.fileDamaged, expected: "objects.sqlite as Custody made it", found: error.message))
      return findings
    }
    let sealer = ContentSealer()
    let sha256 = SHA256()
    let tagger = ObjectSealer(ledgerID: ledgerID, environment: .system)
    let rows = try HotStatement(
      database.handle, "SELECT address, bytes, tag FROM object ORDER BY id")
    while try rows.step() {
      let address = rows.bytes(0)
      let hash = sha256.hash(rows.bytes(1))
      guard address.count == Digest.byteCount, Digest(loading: address) == hash else {
        findings.add(
          Finding(
            .objectMismatch, expected: "an object with the address \(Hex.encode(address))",
            found: "one with the address \(hash)"))
        continue
      }
      guard let dataKeys, level >= .contents else { continue }
      let tag = rows.isNull(2) ? nil : ObjectStore.Tag(rows.bytes(2))
      if let fault = try fault(in: Array(rows.bytes(1)), tag, sealer, tagger, dataKeys) {
        findings.add(
          Finding(.contentUnreadable, expected: "object \(hash) to open", found: fault))
      }
    }
    try checkIndex(database, &findings)
    return findings
  }

  /// What equal contents are found by leads to objects of the same tag.
  private func checkIndex(_ database: ReadOnlyDatabase, _ findings: inout Findings) throws {
    guard level >= .contents else { return }
    let rows = try HotStatement(
      database.handle,
      """
      SELECT o.address FROM content_tag AS t JOIN object AS o ON o.id = t.object
      WHERE o.tag IS NOT t.tag
      """)
    while try rows.step() {
      findings.add(
        Finding(
          .objectMismatch, expected: "object \(Hex.encode(rows.bytes(0))) to be found by its tag",
          found: "another tag in content_tag"))
    }
  }

  /// What keeps an object from opening, except that its keys are gone.
  private func fault(
    in bytes: [UInt8], _ tag: ObjectStore.Tag?, _ sealer: ContentSealer, _ tagger: ObjectSealer,
    _ dataKeys: LedgerStore.Keys
  ) throws -> String? {
    do {
      let object = try SealedObject(parsing: bytes)
      guard object.ledgerID == ledgerID else { return "an object of another ledger" }
      let keys: [SecretBytes]
      do {
        guard let found = try JointKey.secrets(of: object.keyIDs, dataKeys) else { return nil }
        keys = found
      } catch let error as CustodyError where [.damaged, .keyDestroyed].contains(error.code) {
        // Told where the key is used in the ledger.
        return nil
      }
      let content = try object.open(keys: keys, with: sealer)
      if let tag {
        let found = tagger.tag(
          of: content, isList: object.flags.contains(.list),
          keys: try SealingKeys(object.keyIDs, keys))
        if found != tag { return "the tag of another content" }
      }
      return nil
    } catch let error as SealedObjectError {
      return "\(error)"
    } catch let error as OpeningError {
      return "\(error)"
    }
  }
}
