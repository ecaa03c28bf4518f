import CustodyLedger
import Foundation

/// What a journal has a line of.
package protocol JournalLine: Equatable, Sendable {
  /// What it says, in one way only; without the link that ends a line, and without a line break.
  var text: String { get }
  /// - Returns: nil for anything but a `text`.
  init?(text: some StringProtocol)
}

/// A file of lines that are only ever added, linked by hashes.
///
/// A line ends in SHA-256(link of the line before, or 32 zero bytes ‖ the line up to it).
package struct Journal<Line: JournalLine>: Sendable {
  let path: String
  package private(set) var lines: [Line] = []
  private var link = Digest()
  /// How much of the file is whole lines: a kill may have cut the last one short.
  private var byteCount = 0

  /// The journal at `path`; an empty one when there is none.
  ///
  /// - Throws: `needsRecovery` when a line is not what was written.
  package init(path: String) throws {
    let (journal, fault) = try Self.upToFault(path)
    if let fault { throw fault }
    self = journal
  }

  /// The journal as far as it is what was written, and what is wrong with the line after that.
  package static func upToFault(
    _ path: String
  ) throws -> (journal: Journal, fault: CustodyError?) {
    var journal = Journal(emptyAt: path)
    let fault = try journal.read()
    return (journal, fault)
  }

  /// Every line that can be read, whether it follows from those before or not.
  static func readableLines(_ path: String) throws -> [Line] {
    guard let bytes = try FileIO.readIfPresent(path, sizeMax: sizeMax) else { return [] }
    return bytes.split(separator: 0x0a).compactMap {
      let text = String(decoding: $0, as: UTF8.self)
      return text.lastIndex(of: " ").flatMap { Line(text: text[..<$0]) }
    }
  }

  private init(emptyAt path: String) { self.path = path }

  private mutating func read() throws -> CustodyError? {
    guard let bytes = try FileIO.readIfPresent(path, sizeMax: Self.sizeMax) else { return nil }
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 0x0a) {
      let whole = rest[rest.startIndex..<end]
      let space = whole.lastIndex(of: UInt8(ascii: " ")) ?? whole.startIndex
      let next = Self.link(after: link, whole[..<space])
      guard whole[space...].elementsEqual(" \(next)".utf8),
        let line = Line(text: String(decoding: whole[..<space], as: UTF8.self))
      else {
        return CustodyError(
          .needsRecovery,
          "\(path), line \(lines.count + 1), is not what was written there. Put the file back "
            + "from where it was kept, or run: custody recover")
      }
      rest = rest[(end + 1)...]
      lines.append(line)
      link = next
      byteCount = bytes.count - rest.count
    }
    return nil
  }

  /// Puts a journal of these lines in the place of what is there.
  static func write(_ lines: [Line], to path: String) throws {
    var link = Digest()
    try FileIO.replace(path, with: text(of: lines, after: &link), mode: 0o600)
  }

  /// An erasure of a million keys is a line of 33 MB.
  static var sizeMax: Int { 1 << 30 }

  private static func text(of lines: some Sequence<Line>, after link: inout Digest) -> [UInt8] {
    var text: [UInt8] = []
    for line in lines {
      let words = Array(line.text.utf8)
      link = Self.link(after: link, words[...])
      text += words + Array(" \(link)\n".utf8)
    }
    return text
  }

  private static func link(after link: Digest, _ words: ArraySlice<UInt8>) -> Digest {
    SHA256.hash(link.bytes + words)
  }

  /// Adds lines; durable with their folder when this returns.
  package mutating func append(_ added: [Line]) throws {
    var next = link
    let text = Self.text(of: added, after: &next)
    let file = try FileIO.open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    do {
      defer { close(file) }
      guard ftruncate(file, off_t(byteCount)) == 0, lseek(file, 0, SEEK_END) >= 0 else {
        throw CustodyError(SystemCallError("ftruncate"), path: path)
      }
      try FileIO.writeAll(file, text, path)
      guard fsync(file) == 0 else { throw CustodyError(SystemCallError("fsync"), path: path) }
    }
    try FileIO.syncFolder(of: path)
    lines += added
    link = next
    byteCount += text.count
  }

  /// Whether `other` is this one, or would be after more lines.
  func isPrefix(of other: Journal) -> Bool { other.lines.starts(with: lines) }
}
