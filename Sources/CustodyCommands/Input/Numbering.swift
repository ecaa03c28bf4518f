import Custody

/// What an event of an input has from the ones before it: its place in the expected revisions, and
/// a derived id.
struct Numbering {
  private var expected: ExpectedRevision?
  private let isIdempotent: Bool
  /// How often each line stood in the input, by half of its hash.
  private var counts: [EventID: Int] = [:]

  init(expected: ExpectedRevision?, isIdempotent: Bool) {
    self.expected = expected
    self.isIdempotent = isIdempotent
  }

  /// Whether events change by being numbered.
  var isNeeded: Bool { expected != nil || isIdempotent }

  /// - Parameters:
  ///   - line: what the derived id is of.
  ///   - isTrial: leaves out the id of an event about somebody who is still to be registered: no
  ///     event about her stands in the ledger.
  mutating func number(
    _ event: NewEvent, line: ArraySlice<UInt8>, _ store: Store, isTrial: Bool = false
  ) throws -> NewEvent {
    var event = event
    if let expected {
      event.expectedRevision = expected
      switch expected {
      case .none: self.expected = .exactly(Revision(0))
      case .exactly(let revision):
        self.expected = .exactly(Revision(min(revision.value, .max - 1) + 1))
      case .any: break
      }
    }
    guard isIdempotent, event.id == nil else { return event }
    let bytes = Array(line)
    let names = Array(event.stream.utf8) + [0] + Array(event.type.utf8) + [0]
    let key = EventID(SHA256.hash(names + bytes).bytes.prefix(16))!
    let count = counts[key, default: 0]
    counts[key] = count + 1
    do {
      event.id = try store.derivedID(for: event, line: bytes, count: count)
    } catch let error as CustodyError where isTrial && error.code == .unknownSubject {
      event.id = nil
    }
    return event
  }
}
