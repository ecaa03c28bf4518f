/// All headers of a range, as text, with the proof that nothing between them was left out.
///
/// The head is this; the headers follow it, a line each, and are taken one after another.
package struct EventRangeFile: Sendable, Equatable {
  package static let firstLine = "custody/events@v1"

  /// Positions of the headers.
  package let range: Range<Int>
  /// The times that were asked for; the range then has one event more at each end that shows where
  /// they begin and end.
  package let since: Timestamp?
  package let until: Timestamp?
  /// The roots of what lies outside of the range, from left to right.
  package let hashes: [Digest]
  /// The signed note, verbatim.
  package let checkpoint: String

  package init(
    range: Range<Int>, since: Timestamp?, until: Timestamp?, hashes: [Digest], checkpoint: String
  ) {
    self.range = range
    self.since = since
    self.until = until
    self.hashes = hashes
    self.checkpoint = checkpoint
  }

  /// What stands before the first header.
  package var encoded: String {
    var text = "\(Self.firstLine)\nfrom \(range.lowerBound)\nto \(range.upperBound)\n"
    if let since { text += "since \(since.microseconds)\n" }
    if let until { text += "until \(until.microseconds)\n" }
    for hash in hashes { text += Base64.encode(hash.bytes) + "\n" }
    return text + "\n" + checkpoint + "\n"
  }

  /// A header's line.
  package static func line(_ header: Header) -> String { Base64.encode(header.bytes) + "\n" }

  /// Reads what stands before the first header: lines that `next` gives, without their ends.
  ///
  /// - Parameter next: the next line, or nil at the end.
  /// - Throws: ``EventRangeFileError``, or what `next` throws.
  package init(parsing next: () throws -> String?) throws {
    func required() throws -> String {
      guard let line = try next() else { throw EventRangeFileError.cut }
      return line
    }
    guard try next() == Self.firstLine else { throw EventRangeFileError.notARange }
    guard let from = Self.number("from ", try required()),
      let to = Self.number("to ", try required()), from <= to
    else { throw EventRangeFileError.range }
    var line = try required()
    func time(_ name: String) throws -> Timestamp? {
      guard line.hasPrefix(name) else { return nil }
      let digits = line.dropFirst(name.count)
      guard let microseconds = Int64(digits), "\(microseconds)" == digits else {
        throw EventRangeFileError.time
      }
      line = try required()
      return Timestamp(microseconds: microseconds)
    }
    let since = try time("since ")
    let until = try time("until ")
    var hashes: [Digest] = []
    while !line.isEmpty {
      guard hashes.count < 2 * TreeProof.hashCountMax, let bytes = Base64.decode(line[...]),
        let hash = Digest(bytes)
      else { throw EventRangeFileError.hash }
      hashes.append(hash)
      line = try required()
    }
    // The text of a checkpoint, a blank line, signature lines, and the blank line that ends it.
    var note = ""
    var blanks = 0
    while blanks < 2 {
      line = try required()
      if line.isEmpty { blanks += 1 }
      if blanks < 2 { note += line + "\n" }
      guard note.utf8.count <= SignedNote.byteCountMax else { throw EventRangeFileError.cut }
    }
    self.init(range: from..<to, since: since, until: until, hashes: hashes, checkpoint: note)
  }

  private static func number(_ name: String, _ line: String) -> Int? {
    line.hasPrefix(name) ? Decimal.parse(line.dropFirst(name.count).utf8) : nil
  }
}

/// Checks the headers of a range one after another.
package struct EventRangeVerifier {
  private let file: EventRangeFile
  /// The checkpoint under which the range is proved.
  package let signed: SignedCheckpoint
  private var root: RangeRoot
  private var next: Int
  private var chain: HeaderChain
  private var last: Timestamp?

  /// - Throws: ``EventRangeFileError`` when the checkpoint does not hold.
  package init(_ file: EventRangeFile, keys: [VerifierKey]) throws(EventRangeFileError) {
    self.file = file
    do {
      signed = try SignedCheckpoint(verifying: file.checkpoint, keys: keys)
    } catch {
      throw .checkpoint(error)
    }
    let size = signed.checkpoint.size
    guard file.range.upperBound <= size else { throw .range }
    root = RangeRoot(of: file.range, size: size, outside: file.hashes)
    next = file.range.lowerBound
    chain = HeaderChain(ledgerID: signed.checkpoint.origin.ledgerID, from: next)
  }

  /// Whether an event was asked for, and does not only show where the range begins or ends.
  package func isWithin(_ header: Header) -> Bool {
    let time = header.place.recordedAt
    return (file.since.map { time >= $0 } ?? true) && (file.until.map { time <= $0 } ?? true)
  }

  /// Takes the next header.
  package mutating func append(_ line: String) throws(EventRangeFileError) -> Header {
    guard let bytes = Base64.decode(line[...]) else { throw .header(next, nil) }
    let header: Header
    do { header = try Header(parsing: bytes) } catch { throw .header(next, error) }
    guard next < file.range.upperBound else { throw .fault(next, .anotherEvent) }
    let leaf: Leaf
    do { leaf = try chain.append(header) } catch { throw .fault(next, error) }
    if next == file.range.lowerBound, let since = file.since, next > 0,
      header.place.recordedAt >= since
    {
      throw .beginsLate
    }
    guard root.append(leaf) else { throw .notIncluded }
    last = header.place.recordedAt
    next += 1
    return header
  }

  /// To be called after the last header.
  package func finish() throws(EventRangeFileError) {
    guard next == file.range.upperBound else { throw .cut }
    let size = signed.checkpoint.size
    // A time at one end alone promises everything up to the other.
    if file.since == nil, file.until != nil, file.range.lowerBound > 0 { throw .beginsLate }
    if file.since != nil, file.until == nil, file.range.upperBound < size { throw .endsEarly }
    if file.since != nil, file.range.isEmpty, file.range.lowerBound > 0 { throw .beginsLate }
    if let until = file.until, file.range.upperBound < size {
      guard let last, last > until else { throw .endsEarly }
    }
    guard root.root() == signed.checkpoint.root else { throw .notIncluded }
  }
}

/// Why a text proves no range of events.
package enum EventRangeFileError: Error, Equatable {
  case notARange
  case range
  case time
  case hash
  /// The text ends where more has to follow.
  case cut
  case checkpoint(SignedCheckpointError)
  /// The line for this position is no header.
  case header(Int, HeaderError?)
  /// The header for this position cannot stand there.
  case fault(Int, HeaderFault)
  /// Events may be missing before the first one.
  case beginsLate
  /// Events may be missing after the last one.
  case endsEarly
  /// Header and hashes do not make the root.
  case notIncluded
}
