/// That an erasure was requested, carried out and searched afterwards: what the ledger says of it, with the
/// proof that the ledger says so, for whoever has neither store nor keys.
package struct CertificateFile: Sendable {
  package static let firstLine = "custody/certificate@v1"
  /// More events than an erasure has: one that removes a billion bodies has some thousand.
  private static let eventCountMax = 10_000

  /// The id of `erasure.requested`.
  package let request: EventID
  /// The tree before it: as many events as its position says, and their root.
  package let before: (size: Int, root: Digest)
  /// Leads from that root to the one of the checkpoint.
  package let path: [Digest]
  /// The events of the erasure, ascending, all under one checkpoint.
  package let events: [DisclosureFile]

  package init(
    request: EventID, before: (size: Int, root: Digest), path: [Digest], events: [DisclosureFile]
  ) {
    self.request = request
    self.before = before
    self.path = path
    self.events = events
  }

  package var encoded: String {
    "\(Self.firstLine)\nrequest \(request.hex)\nbefore \(before.size) \(Base64.encode(before.root.bytes))\n"
      + path.map { "\(Base64.encode($0.bytes))\n" }.joined() + "\n"
      + events.map(\.encoded).joined()
  }

  /// - Throws: ``CertificateFileError`` when the text is no certificate of this shape; nothing is
  ///   verified.
  package init(parsing text: String) throws(CertificateFileError) {
    let separator = "\(DisclosureFile.firstLine)\n"
    guard let start = text.firstRange(of: "\n\n\(separator)") else { throw .notACertificate }
    var lines = text[..<start.lowerBound].split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 3, lines[0] == Self.firstLine, lines[1].hasPrefix("request "),
      let request = EventID(hex: String(lines[1].dropFirst(8))), lines[2].hasPrefix("before ")
    else { throw .notACertificate }
    let before = lines[2].dropFirst(7).split(separator: " ", omittingEmptySubsequences: false)
    guard before.count == 2, let size = Decimal.parse(before[0].utf8),
      let root = Base64.decode(before[1]).flatMap({ Digest($0) })
    else { throw .notACertificate }
    lines.removeFirst(3)
    guard lines.count <= TreeProof.hashCountMax else { throw .notACertificate }
    var path: [Digest] = []
    for line in lines {
      guard let hash = Base64.decode(line).flatMap({ Digest($0) }) else { throw .notACertificate }
      path.append(hash)
    }
    var events: [DisclosureFile] = []
    var rest = text[text.index(start.lowerBound, offsetBy: 2)...]
    while !rest.isEmpty {
      guard events.count < Self.eventCountMax else { throw .notACertificate }
      let next =
        rest.dropFirst(separator.count).firstRange(of: separator)?.lowerBound ?? rest.endIndex
      do {
        events.append(try DisclosureFile(parsing: String(rest[..<next])))
      } catch {
        throw .event(error)
      }
      rest = rest[next...]
    }
    self.init(request: request, before: (size, root), path: path, events: events)
  }
}

/// Why a text is no certificate.
package enum CertificateFileError: Error, Equatable {
  case notACertificate
  case event(DisclosureFileError)
}
