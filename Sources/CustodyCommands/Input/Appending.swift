import Custody
import CustodyModel
import Foundation
import Synchronization

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
    try take(try await pipeline.finish())
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
      let event = try numbered(try wholeEvent(path), line: nil)
      try take(try await pipeline.append([event]))
    }
    try take(try await pipeline.finish())
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
      for (line, parsed) in zip(lines, parse(lines)) {
        do {
          guard let event = try located(reader.name, line.number, { try parsed.get() }) else {
            continue
          }
          try located(reader.name, line.number) { try validator.validate(event) }
        } catch let error as CustodyError where options.keepGoing && Self.isRefusal(error) {
          continue
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

  /// Parses lines on all cores; blank lines are nil.
  private func parse(_ lines: [LineReader.Line]) -> [Result<NewEvent?, any Error>] {
    let parts = ProcessInfo.processInfo.activeProcessorCount
    let size = (lines.count + parts - 1) / parts
    let results = Mutex<[Int: [Result<NewEvent?, any Error>]]>([:])
    let (isEvents, defaults) = (options.isEvents, options.defaults)
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      let range = min(part * size, lines.count)..<min((part + 1) * size, lines.count)
      let parsed = lines[range].map { line in
        Result { () throws -> NewEvent? in
          if line.bytes.isEmpty { return nil }
          return isEvents
            ? try EventLine.event(line.bytes, defaults)
            : try EventLine.content(line.bytes, defaults)
        }
      }
      results.withLock { $0[part] = parsed }
    }
    return results.withLock { results in (0..<parts).flatMap { results[$0]! } }
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

  private func append(_ reader: LineReader) async throws {
    let isPipe = !reader.isRegular
    while let lines = try reader.next(Self.batchSize, wait: isPipe ? Self.batchWait : nil) {
      progress.update(reader.bytesRead, reader.size)
      var events: [NewEvent] = []
      var numbers: [Int] = []
      for (line, parsed) in zip(lines, parse(lines)) {
        do {
          guard
            let event = try located(
              reader.name, line.number,
              { try parsed.get().map { try numbered($0, line: line.bytes) } })
          else { continue }
          events.append(event)
          numbers.append(line.number)
        } catch let error as CustodyError where options.keepGoing && Self.isRefusal(error) {
          report(error)
        } catch {
          try await finishTaken(events, numbers, reader.name)
          throw error
        }
      }
      if isPipe { try await registerUnknown(events, reader.name) }
      try await append(events, numbers, reader.name)
      // A pipe may go quiet for long: what it gave is committed now.
      if isPipe { try await settle(reader.name) }
    }
    try await settle(reader.name)
  }

  /// Lines of a pipe before a bad one are appended, as a smaller batch would have been.
  private func finishTaken(_ events: [NewEvent], _ numbers: [Int], _ file: String) async throws {
    try await append(events, numbers, file)
    try await settle(file)
  }

  private func registerUnknown(_ events: [NewEvent], _ file: String) async throws {
    guard options.register else { return }
    let validator = EventValidator(store: store, registering: true)
    for event in events { try? validator.validate(event) }
    summary.registered += try await validator.registerUnknown()
  }

  private var inFlight: (events: [NewEvent], numbers: [Int])?

  private func append(_ events: [NewEvent], _ numbers: [Int], _ file: String) async throws {
    guard !events.isEmpty else { return }
    let before = inFlight
    do {
      let receipts = try await pipeline.append(events)
      inFlight = (events, numbers)
      try take(receipts)
    } catch let error as CustodyError {
      inFlight = nil
      // The error may be of the batch before, or of this one, which was not handed over then.
      try await retry(before, error, file)
      try await retry((events, numbers), nil, file)
    }
  }

  private func settle(_ file: String) async throws {
    do {
      try take(try await pipeline.finish())
      inFlight = nil
    } catch let error as CustodyError {
      let batch = inFlight
      inFlight = nil
      try await retry(batch, error, file)
    }
  }

  /// After a refused batch: finds the line it was refused for, or goes on without such lines.
  private func retry(
    _ batch: (events: [NewEvent], numbers: [Int])?, _ error: CustodyError?, _ file: String
  ) async throws {
    if let error, !Self.isRefusal(error) { throw error }
    guard let batch else { return }
    for (event, number) in zip(batch.events, batch.numbers) {
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
  private func numbered(_ event: NewEvent, line: [UInt8]?) throws -> NewEvent {
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
      let bytes = line ?? event.content
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
