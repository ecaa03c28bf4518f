import CustodyStore
import Foundation

extension Evidence {
  /// What an export of events has.
  public struct EventExport: Sendable {
    /// Events that were asked for.
    public let count: Int
    /// Positions of all headers in the file: one more at each end when the range was asked for by time.
    public let positions: Range<Int>
    /// How many events the checkpoint has that the file rests on.
    public let checkpointSize: Int
  }

  private static let pageSize = 4096

  /// Writes the headers of all events of a range, with the proof that none was left out. No body and
  /// no content is in it.
  ///
  /// - Parameters:
  ///   - filter: positions and times; what else it says is not used.
  ///   - note: a checkpoint of this ledger that somebody keeps; the newest one when nil.
  ///   - target: a file.
  ///   - replacing: whether what is there is replaced.
  ///   - progress: called with events written so far and in all.
  ///
  /// Cost: a row an event, about 450 bytes of file; memory does not grow.
  public func exportEvents(
    _ filter: EventFilter, under note: String? = nil, to target: String, replacing: Bool = false,
    progress: Store.VerificationProgress? = nil
  ) throws -> EventExport {
    if let since = filter.since, let until = filter.until, since > until {
      throw CustodyError(.usage, "The range ends before it begins.")
    }
    if let from = filter.from, let to = filter.to, from > to {
      throw CustodyError(.usage, "The range ends before it begins.")
    }
    guard (filter.since ?? filter.until) == nil || (filter.from ?? filter.to) == nil else {
      throw CustodyError(.usage, "Give both ends as times, or both as positions.")
    }
    let path = Store.absolute(target)
    guard replacing || !FileIO.exists(path) else {
      throw CustodyError(.alreadyExists, "\(target) exists already. Replace it with --force.")
    }
    try OutsidePath.check(path, store)
    try OutsidePath.checkReplacement(of: path, byFolder: false)
    let (head, inner) = try head(filter, note)
    let building = OutsidePath.building(path, store)
    defer { UnfinishedFiles.remove(building) }
    let file = try FileIO.open(building, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    defer { close(file) }
    do {
      try FileIO.writeAll(file, Array(head.encoded.utf8), path)
      try forEachPage(head.range) { events in
        try FileIO.writeAll(
          file, Array(events.map { EventRangeFile.line($0.header) }.joined().utf8), path)
        progress?(
          events.last!.header.place.position.value + 1 - head.range.lowerBound, head.range.count)
      }
      guard fsync(file) == 0 else { throw CustodyError(SystemCallError("fsync"), path: path) }
      try OutsidePath.move(building, to: path, replacing: replacing)
    } catch {
      unlink(building)
      throw error
    }
    let checkpoint = try SignedNote(parsing: head.checkpoint)
    return EventExport(
      count: inner, positions: head.range,
      checkpointSize: try Checkpoint(text: checkpoint.text).size)
  }

  /// - Returns: what stands before the headers, and how many of these were asked for.
  private func head(
    _ filter: EventFilter, _ note: String?
  ) throws -> (EventRangeFile, inner: Int) {
    try store.folder.read { reader in
      let anchor = try self.anchor(note, reader)
      let asked = try reader.range(of: filter).clamped(to: 0..<anchor.size)
      // The neighbors show that the times begin and end there.
      let from = filter.since == nil ? asked.lowerBound : max(0, asked.lowerBound - 1)
      let to = filter.until == nil ? asked.upperBound : min(anchor.size, asked.upperBound + 1)
      let range = from..<max(from, to)
      let hashes = try TreeReader(reader).hashes(outside: range, size: anchor.size)
      return (
        EventRangeFile(
          range: range, since: filter.since, until: filter.until, hashes: hashes,
          checkpoint: anchor.note), asked.count
      )
    }
  }

  /// Headers of a range, some thousand at a time.
  func forEachPage(_ range: Range<Int>, _ body: ([StoredEvent]) throws -> Void) throws {
    var next = range.lowerBound
    while next < range.upperBound {
      let filter = EventFilter(
        from: Position(next), to: Position(min(next + Self.pageSize, range.upperBound)))
      let events = try store.folder.read { reader in
        try reader.events(
          filter, ledgerID: store.ledgerID, limit: Self.pageSize, bodies: .of([], sizeMax: .max))
      }
      guard !events.isEmpty, events[0].header.place.position.value == next else {
        throw CustodyError(
          .damaged, "Position \(next) of the ledger is missing. Run: custody verify")
      }
      try body(events)
      next += events.count
    }
  }
}
