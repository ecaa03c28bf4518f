import CustodyStore
import Foundation

extension EvidenceReport {
  private static let basis = "SHA-256, C2SP tlog-tiles"

  /// Every entry against its hash, every tile against the one below, and the root.
  mutating func verifyTiles(
    _ folder: String, _ trust: Trust, _ progress: Store.VerificationProgress?
  ) throws {
    let note = try Self.file(folder, TileLayout.checkpoint, sizeMax: SignedNote.byteCountMax)
    guard let note, let text = String(validating: note, as: UTF8.self) else {
      return try check(
        "the checkpoint is signed by its ledger", "Ed25519 and the verifier key you gave",
        "it is no text, or too long")
    }
    let signed = try check(text, trust)
    let size = signed.checkpoint.size
    let receipts = Dictionary(grouping: trust.receipts, by: \.position)
    let anchors = try trust.anchors.map { anchor in
      (anchor.name, try Self.checkpoint(of: anchor.note, anchor.name))
    }
    let sha256 = SHA256()
    var tree = TreeFrontier()
    var tiles = TileStack()
    var chain = HeaderChain(ledgerID: signed.checkpoint.origin.ledgerID, from: 0)
    let width = TileLayout.width
    for (name, anchor) in anchors where anchor.size == 0 {
      try check(anchor, name, tree, of: signed)
    }
    for place in 0..<size / width + (size % width).signum() {
      let count = min(width, size - place * width)
      let name = TileLayout.bundle(place, width: count)
      guard let headers = try Self.headers(folder, name, count) else {
        return try check(
          "the entries are headers", Self.basis, "\(name) is missing, or is no bundle")
      }
      for header in headers {
        let leaf: Leaf
        do throws(HeaderFault) {
          leaf = try chain.append(header)
        } catch {
          return try check(
            "the entries are headers", Self.basis,
            "\(name): the header for position \(tree.size) \(error.explanation)")
        }
        if let receipts = receipts[header.place.position] {
          try check(header, against: receipts)
        }
        tree.append(leaf, using: sha256)
        if let fault = try Self.fault(in: tiles.append(leaf), folder) {
          return try check("the tiles follow", Self.basis, fault)
        }
        for (name, anchor) in anchors where anchor.size == tree.size {
          try check(anchor, name, tree, of: signed)
        }
      }
      progress?(tree.size, size)
    }
    if let fault = try Self.fault(in: tiles.partial, folder) {
      return try check("the tiles follow", Self.basis, fault)
    }
    try check("the entries are headers, chained, and the tiles follow from them", Self.basis)
    if let (name, anchor) = anchors.first(where: { $0.1.size > size }) {
      try check(
        "the ledger begins with \(name)", "SHA-256, RFC 6962",
        "it has \(anchor.size) events, the tiles \(size)")
    }
    try check(
      "their root is the checkpoint's", "SHA-256, RFC 6962",
      tree.root(using: sha256) == signed.checkpoint.root ? nil : "it is another")
    eventCount = size
  }

  private mutating func check(
    _ anchor: Checkpoint, _ name: String, _ tree: TreeFrontier, of signed: SignedCheckpoint
  ) throws {
    try check(
      "the ledger begins with \(name), \(anchor.size) events", "SHA-256, RFC 6962",
      anchor.root == tree.root(using: SHA256())
        && anchor.origin.isSameLedger(as: signed.checkpoint.origin) ? nil : "its root is another")
  }

  private static func fault(in tiles: [TileStack.Tile], _ folder: String) throws -> String? {
    let width = TileLayout.width * Digest.byteCount
    let bad = try tiles.first { try file(folder, $0.name, sizeMax: width) != $0.bytes }
    return bad.map { "\($0.name) is missing, or not what the entries give" }
  }

  /// The bytes of a file of the export; nil when there is none, or a larger one.
  private static func file(_ folder: String, _ name: String, sizeMax: Int) throws -> [UInt8]? {
    do {
      return try LineFile.bytes("\(folder)/\(name)", atMost: sizeMax)
    } catch let error as CustodyError where [.notFound, .invalidInput].contains(error.code) {
      return nil
    }
  }

  /// Entries are `u16 length ‖ header`.
  private static func headers(_ folder: String, _ name: String, _ count: Int) throws -> [Header]? {
    guard let bytes = try file(folder, name, sizeMax: count * (2 + 0xffff)) else { return nil }
    var headers: [Header] = []
    var at = 0
    while at < bytes.count {
      guard at + 2 <= bytes.count else { return nil }
      let end = at + 2 + Int(bytes[at]) << 8 + Int(bytes[at + 1])
      guard end <= bytes.count, let header = try? Header(parsing: Array(bytes[(at + 2)..<end]))
      else {
        return nil
      }
      headers.append(header)
      at = end
    }
    return headers.count == count ? headers : nil
  }
}
