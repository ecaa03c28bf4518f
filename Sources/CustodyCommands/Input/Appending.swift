import Custody
import CustodyModel
import CustodyStore
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

    /// Whether anything was done.
    var isWorthSaying: Bool { appended > 0 || repeats > 0 || registered > 0 }

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
  private let progress = ProgressBar("appending", in: .bytes)
  /// What was done so far.
  private(set) var summary = Summary()
  private var numbering: Numbering
  /// Whether a line names an id or a revision, which only the ledger can judge.
  private var hasConditions: Bool

  init(store: Store, options: Options, receipts: ReceiptWriter?) throws {
    self.store = store
    self.options = options
    self.receipts = receipts
    pipeline = AppendPipeline(store: store)
    numbering = Numbering(expected: options.expected, isIdempotent: options.idempotent)
    hasConditions = options.expected != nil
  }

  func run(_ inputs: [String]) async throws {
    let readers = try inputs.map { try LineReader(path: $0) }
    defer { progress.finish() }
    // Everything that can be checked without appending is checked first, in every file.
    try await check(readers.filter(\.isRegular))
    do {
      for reader in readers { try await append(reader) }
    } catch {
      // What was on its way when something else failed stands in the ledger too.
      try? await pipeline.finish(receipts?.hasFailed == true ? count : take)
      if receipts?.hasFailed == false { try? receipts?.finish() }
      throw error
    }
    try receipts?.finish()
  }

  func run(wholeFiles: [String]) async throws {
    let validator = EventValidator(store: store, registering: options.register)
    let conflicts = ConflictValidator(store: store)
    var trial = numbering
    // Standard input can be read only once; files are read again rather than kept.
    var standardInput: NewEvent?
    func event(_ path: String) throws -> NewEvent {
      if path == "-", let standardInput { return standardInput }
      return EventLine.event(options.defaults, content: try InputFile.read(path))
    }
    for path in wholeFiles {
      let event = try event(path)
      if path == "-" { standardInput = event }
      try located(.init(file: path)) {
        try validator.validate(event)
        if hasConditions {
          try conflicts.validate(
            try trial.number(event, line: event.content[...], store, isTrial: true))
        }
      }
    }
    summary.registered += try await validator.registerUnknown()
    for path in wholeFiles {
      let event = try event(path)
      let numbered = try numbering.number(event, line: event.content[...], store)
      try take([try await store.append(numbered)])
    }
    try receipts?.finish()
  }

  // MARK: - Checking

  /// Goes through files without appending, so that one bad line among a million appends nothing.
  private func check(_ readers: [LineReader]) async throws {
    let validator = EventValidator(store: store, registering: options.register)
    for reader in readers { try check(reader, validator) }
    // With --keep-going, the lines that conflict are met when they are appended.
    if hasConditions, !options.keepGoing { try checkConflicts(readers) }
    summary.registered += try await validator.registerUnknown()
  }

  private func check(_ reader: LineReader, _ validator: EventValidator) throws {
    while let lines = try reader.next(4 * Self.batchSize) {
      progress.update(reader.bytesRead / 4, reader.size)
      let parsed = parse(lines, keepingContent: false)
      if let failure = parsed.failures.first, !options.keepGoing { throw failure }
      hasConditions = hasConditions || parsed.hasConditions
      for (event, number) in zip(parsed.events, parsed.numbers) {
        do {
          try validator.validate(event)
        } catch let error as CustodyError {
          let located = error.at(.init(file: reader.name, line: number))
          guard options.keepGoing, Self.isRefusal(error) else { throw located }
        }
      }
    }
    try reader.rewind()
  }

  private func checkConflicts(_ readers: [LineReader]) throws {
    let conflicts = ConflictValidator(store: store)
    var trial = numbering
    for reader in readers {
      while let lines = try reader.next(Self.batchSize) {
        let parsed = parse(lines, keepingContent: true)
        for (event, number) in zip(parsed.events, parsed.numbers) {
          try located(.init(file: reader.name, line: number)) {
            let line = lines.bytes[lines.ranges[number - lines.firstNumber]]
            try conflicts.validate(try trial.number(event, line: line, store, isTrial: true))
          }
        }
      }
      try reader.rewind()
    }
  }

  /// Lines taken apart: events with their line numbers, and what could not be.
  private struct Parsed: Sendable {
    var events: [NewEvent] = []
    var numbers: [Int] = []
    var failures: [CustodyError] = []
    var hasConditions = false
  }

  /// Parses lines on all cores; blank lines are passed over.
  private func parse(_ lines: LineReader.Lines, keepingContent: Bool) -> Parsed {
    guard !lines.isTooLong else {
      let error = CustodyError(
        .contentTooLarge,
        "The line is longer than any content may be; the most is \(Limits.contentSizeMax) bytes.",
        at: .init(file: lines.file, line: lines.firstNumber))
      return Parsed(failures: [error])
    }
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
            if event.id != nil || event.expectedRevision != .any { parsed.hasConditions = true }
            // What is only checked need not be checked again for each neighbor.
            if !keepingContent, let last = parsed.events.last, last.isCheckedLike(event) {
              continue
            }
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
      joined.hasConditions = joined.hasConditions || part.hasConditions
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
  private func located(_ place: CustodyError.Location, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as CustodyError {
      throw error.at(place)
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
      // Derived ids need the keys of those whom the input names first.
      if isPipe { try await registerUnknown(parsed.events) }
      if numbering.isNeeded { try number(&parsed, lines) }
      try await append(parsed.events, parsed.numbers, reader.name)
      // A pipe may go quiet for long: what it gave is committed now.
      if isPipe || failure != nil { try await settle(reader.name) }
      if let failure { throw failure }
    }
    try await settle(reader.name)
  }

  /// Numbers events; one about somebody unknown has no keys to derive an id from, and is refused.
  private func number(_ parsed: inout Parsed, _ lines: LineReader.Lines) throws {
    var numbered: [(event: NewEvent, number: Int)] = []
    for (event, number) in zip(parsed.events, parsed.numbers) {
      do {
        let line = lines.bytes[lines.ranges[number - lines.firstNumber]]
        numbered.append((try numbering.number(event, line: line, store), number))
      } catch let error as CustodyError {
        let located = error.at(.init(file: lines.file, line: number))
        guard options.keepGoing, Self.isRefusal(error) else { throw located }
        report(located)
      }
    }
    parsed.events = numbered.map(\.event)
    parsed.numbers = numbered.map(\.number)
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

  /// After a refused batch: up to the line it was refused for, or past such lines.
  private func goOn(after error: CustodyError, _ file: String) async throws {
    if receipts?.hasFailed == true { throw error }
    guard Self.isRefusal(error) else {
      throw error.at(.init(file: file, line: waiting.first?.numbers.first))
    }
    var rest = waiting.flatMap { Array(zip($0.events, $0.numbers)) }[...]
    waiting = []
    // One at a time where lines are refused, more and more where they are not.
    var size = 1
    while let (_, number) = rest.first {
      let part = rest.prefix(min(size, Self.batchSize))
      do {
        try take(try await store.append(part.map(\.0)))
        rest = rest.dropFirst(part.count)
        size *= 2
      } catch let error as CustodyError {
        guard part.count == 1 || !Self.isRefusal(error) else {
          size = 1
          continue
        }
        let located = error.at(.init(file: file, line: number))
        guard options.keepGoing, Self.isRefusal(error) else { throw located }
        report(located)
        rest = rest.dropFirst()
      }
    }
  }

  private func report(_ error: CustodyError) {
    summary.refused += 1
    Terminal.note("custody: \(error)")
  }

  private func take(_ new: [Receipt]) throws {
    count(new)
    try receipts?.write(new)
  }

  private func count(_ new: [Receipt]) {
    for receipt in new {
      if receipt.isRepeat {
        summary.repeats += 1
      } else {
        summary.appended += 1
        summary.first = min(summary.first ?? receipt.position, receipt.position)
        summary.last = max(summary.last ?? receipt.position, receipt.position)
      }
    }
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
