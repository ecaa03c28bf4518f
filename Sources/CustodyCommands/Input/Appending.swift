import Custody
import CustodyModel
import Foundation

/// Appends the lines of inputs: files after a check of the whole, pipes batch by batch.
final class Appending {
  struct Options {
    let isEvents: Bool
    let defaults: EventDefaults
    let expected: ExpectedRevision?
    let register: Bool
    let idempotent: Bool
    let keepGoing: Bool
  }

  struct Summary {
    var appended = 0
    var repeats = 0
    var refused = 0
    var registered = 0
    var first: Position?
    var last: Position?

    var text: String {
      var text = "appended \(appended.counted("event"))"
      if let first, let last {
        text += first == last ? ", position \(first)" : ", positions \(first) to \(last)"
      }
      if repeats > 0 { text += "; \(repeats) stood there already" }
      if registered > 0 { text += "; registered \(registered.counted("subject"))" }
      if refused > 0 { text += "; refused \(refused.counted("line"))" }
      return text
    }
  }

  /// Events in a commit, and how long a batch of a pipe waits for more of them.
  private static let batchSize = 1000
  private static let batchWait = 0.1

  private let store: Store
  private let options: Options
  private let receipts: ReceiptWriter?
  private let pipeline: AppendPipeline
  private let progress = ProgressBar("appending")
  private var summary = Summary()
  /// How often each line stood in the input, by half of its hash.
  private var counts: [EventID: Int] = [:]
  private var expected: ExpectedRevision?

  init(store: Store, options: Options, receipts: ReceiptWriter?) throws {
    self.store = store
    self.options = options
    self.receipts = receipts
    pipeline = AppendPipeline(store: store)
    expected = options.expected
  }

  func run(_ inputs: [String]) async throws -> Summary {
    let readers = try inputs.map { try LineReader(path: $0) }
    defer { progress.finish() }
    // Everything that can be checked without appending is checked first, in every file.
    for reader in readers where reader.isRegular { try await check(reader) }
    for reader in readers { try await append(reader) }
    try receipts?.finish()
    return summary
  }

  func run(wholeFiles: [String]) async throws -> Summary {
    let validator = EventValidator(store: store, registering: options.register)
    for path in wholeFiles {
      try located(path, 0) { try validator.validate(try wholeEvent(path)) }
    }
    summary.registered += try await validator.registerUnknown()
    for path in wholeFiles {
      let event = try wholeEvent(path)
      try take([try await store.append(try numbered(event, line: event.content[...]))])
    }
    try receipts?.finish()
    return summary
  }

  private func wholeEvent(_ path: String) throws -> NewEvent {
    EventLine.event(options.defaults, content: try InputFile.read(path))
  }

  // MARK: - Checking

  /// Goes through a file without appending, so that one bad line among a million appends nothing.
  private func check(_ reader: LineReader) async throws {
    let validator = EventValidator(store: store, registering: options.register)
    while let lines = try reader.next(4 * Self.batchSize) {
      progress.update(reader.bytesRead / 4, reader.size)
      let parsed = parse(lines, keepingContent: false)
      if let failure = parsed.failures.first, !options.keepGoing { throw failure }
      for (event, number) in zip(parsed.events, parsed.numbers) {
        do {
          try validator.validate(event)
        } catch let error as CustodyError {
          let located = error.at(.init(file: reader.name, line: number))
          guard options.keepGoing, Self.isRefusal(error) else { throw located }
        }
      }
    }
    do {
      summary.registered += try await validator.registerUnknown()
    } catch let error as CustodyError {
      throw error.at(.init(file: reader.name))
    }
    try reader.rewind()
  }

  /// Lines taken apart: events with their line numbers, and what could not be.
  private struct Parsed: Sendable {
    var events: [NewEvent] = []
    var numbers: [Int] = []
    var failures: [CustodyError] = []
  }

  /// Parses lines on all cores; blank lines are passed over.
  private func parse(_ lines: LineReader.Lines, keepingContent: Bool) -> Parsed {
    let (isEvents, defaults) = (options.isEvents, options.defaults)
    let parts = Parallel.map(lines.ranges.count) { range -> [Parsed] in
      var parsed = Parsed()
      var line = EventLine(isEvent: isEvents, defaults)
      if keepingContent { parsed.events.reserveCapacity(range.count) }
      lines.bytes.withUnsafeBytes { bytes in
        for index in range where !lines.ranges[index].isEmpty {
          let number = lines.firstNumber + index
          do {
            let event = try line.event(
              UnsafeRawBufferPointer(rebasing: bytes[lines.ranges[index]]),
              keepingContent: keepingContent)
            // What is only checked need not be checked again for each neighbor.
            if !keepingContent, let last = parsed.events.last, last.isCheckedLike(event) { continue }
            parsed.events.append(event)
            parsed.numbers.append(number)
          } catch {
            let error = error as? CustodyError ?? CustodyError(.internal, "A line was not parsed.")
            parsed.failures.append(
              error.at(.init(file: lines.file, line: number, column: error.location?.column)))
          }
        }
      }
      return [parsed]
    }
    guard var joined = parts.first else { return Parsed() }
    for part in parts.dropFirst() {
      joined.events += part.events
      joined.numbers += part.numbers
      joined.failures += part.failures
    }
    return joined
  }

  /// Whether an error is about one event rather than about the store.
  private static func isRefusal(_ error: CustodyError) -> Bool {
    switch error.code {
    case .invalidInput, .contentTooLarge, .unknownSubject, .nameHoldsIdentifier, .keyDestroyed,
      .idReused, .revisionConflict:
      true
    default: false
    }
  }

  /// Says where in the input an error was met.
  private func located<R>(_ file: String, _ line: Int, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as CustodyError {
      throw error.at(
        .init(file: file, line: line == 0 ? nil : line, column: error.location?.column))
    }
  }

  // MARK: - Appending

  /// Batches that are not durable yet, the oldest first.
  private var waiting: [(events: [NewEvent], numbers: [Int])] = []

  private func append(_ reader: LineReader) async throws {
    let isPipe = !reader.isRegular
    while let lines = try reader.next(Self.batchSize, wait: isPipe ? Self.batchWait : nil) {
      progress.update(reader.bytesRead, reader.size)
      var parsed = parse(lines, keepingContent: true)
      let failure = options.keepGoing ? nil : parsed.failures.first
      if let line = failure?.location?.line {
        // Lines of a pipe before a bad one are taken, as a smaller batch would have been.
        let taken = parsed.numbers.prefix { $0 < line }.count
        parsed.events.removeSubrange(taken...)
        parsed.numbers.removeSubrange(taken...)
      }
      if options.keepGoing { parsed.failures.forEach(report) }
      if expected != nil || options.idempotent {
        for (index, number) in parsed.numbers.enumerated() {
          let line = lines.bytes[lines.ranges[number - lines.firstNumber]]
          parsed.events[index] = try numbered(parsed.events[index], line: line)
        }
      }
      if isPipe { try await registerUnknown(parsed.events) }
      try await append(parsed.events, parsed.numbers, reader.name)
      // A pipe may go quiet for long: what it gave is committed now.
      if isPipe || failure != nil { try await settle(reader.name) }
      if let failure { throw failure }
    }
    try await settle(reader.name)
  }

  private func registerUnknown(_ events: [NewEvent]) async throws {
    guard options.register else { return }
    let validator = EventValidator(store: store, registering: true)
    // What cannot be taken for another reason is refused when it is appended.
    for event in events { try? validator.validate(event) }
    summary.registered += try await validator.registerUnknown()
  }

  private func append(_ events: [NewEvent], _ numbers: [Int], _ file: String) async throws {
    guard !events.isEmpty else { return }
    waiting.append((events, numbers))
    do {
      try await pipeline.append(events, takeOldest)
    } catch let error as CustodyError {
      try await goOn(after: error, file)
    }
  }

  private func settle(_ file: String) async throws {
    do {
      try await pipeline.finish(takeOldest)
    } catch let error as CustodyError {
      try await goOn(after: error, file)
    }
  }

  private func takeOldest(_ receipts: [Receipt]) throws {
    waiting.removeFirst()
    try take(receipts)
  }

  /// After a refused batch: event by event, up to the line it was refused for or past such lines.
  private func goOn(after error: CustodyError, _ file: String) async throws {
    guard Self.isRefusal(error) else { throw error }
    let batches = waiting
    waiting = []
    for (event, number) in batches.flatMap({ zip($0.events, $0.numbers) }) {
      do {
        try take([try await store.append(event)])
      } catch let error as CustodyError {
        let located = error.at(.init(file: file, line: number))
        guard options.keepGoing, Self.isRefusal(error) else { throw located }
        report(located)
      }
    }
  }

  private func report(_ error: CustodyError) {
    summary.refused += 1
    Terminal.note("custody: \(error)")
  }

  private func take(_ new: [Receipt]) throws {
    for receipt in new {
      if receipt.isRepeat {
        summary.repeats += 1
      } else {
        summary.appended += 1
        summary.first = min(summary.first ?? receipt.position, receipt.position)
        summary.last = max(summary.last ?? receipt.position, receipt.position)
      }
    }
    try receipts?.write(new)
  }

  /// Gives an event its derived id and its place in the expected revisions.
  private func numbered(_ event: NewEvent, line: ArraySlice<UInt8>) throws -> NewEvent {
    var event = event
    if let expected {
      event.expectedRevision = expected
      switch expected {
      case .none: self.expected = .exactly(Revision(0))
      case .exactly(let revision): self.expected = .exactly(Revision(revision.value + 1))
      case .any: break
      }
    }
    if options.idempotent, event.id == nil {
      let bytes = Array(line)
      let key = EventID(
        SHA256.hash(Array(event.stream.utf8) + [0] + Array(event.type.utf8) + [0] + bytes)
          .bytes.prefix(16))!
      let count = counts[key, default: 0]
      counts[key] = count + 1
      event.id = try store.derivedID(for: event, line: bytes, count: count)
    }
    return event
  }
}

extension NewEvent {
  /// Whether whatever is checked of `other` before appending is the same here.
  fileprivate func isCheckedLike(_ other: NewEvent) -> Bool {
    stream.utf8.count == other.stream.utf8.count && stream == other.stream
      && type.utf8.count == other.type.utf8.count && type == other.type
      && subjects == other.subjects && dataClass == other.dataClass
  }
}
