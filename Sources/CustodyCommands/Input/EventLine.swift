import Custody
import CustodyModel
import Foundation

/// What is the same for every event of one `append`.
struct EventDefaults: Sendable {
  var stream: String?
  var type: String?
  var typeVersion: UInt16 = 1
  var occurredAt: Timestamp?
  var subjects: [Subject] = []
  var dataClass = Subject.defaultClass
  var correlationID: EventID?
  var causationID: EventID?
}

/// Turns lines of input into events. One for each thread.
///
/// Neighboring lines mostly share their stream, type and subjects: what was made of the same bytes
/// before is used again.
struct EventLine {
  private let isEvent: Bool
  private let defaults: EventDefaults
  private var stream = Repeated("")
  private var type = Repeated("")
  private var subjects = Repeated<[Subject]>([])

  /// - Parameter isEvent: whether a line says everything about an event, or is its content.
  init(isEvent: Bool, _ defaults: EventDefaults) {
    self.isEvent = isEvent
    self.defaults = defaults
  }

  /// The last value made of some bytes.
  private struct Repeated<Value> {
    private var bytes: [UInt8] = []
    private var value: Value

    init(_ value: Value) { self.value = value }

    mutating func value(
      of new: UnsafeRawBufferPointer, _ make: (UnsafeRawBufferPointer) -> Value?
    ) -> Value? {
      if !bytes.isEmpty, bytes.count == new.count,
        memcmp(bytes, new.baseAddress!, new.count) == 0
      {
        return value
      }
      guard let made = make(new) else { return nil }
      bytes = Array(new)
      value = made
      return made
    }
  }

  /// An event of a line.
  ///
  /// - Parameter keepingContent: false when the event is only going to be checked.
  mutating func event(
    _ line: UnsafeRawBufferPointer, keepingContent: Bool
  ) throws -> NewEvent {
    guard !isEvent else { return try fullEvent(line, keepingContent: keepingContent) }
    do throws(JSONText.Fault) {
      try JSONText.validate(line)
    } catch {
      throw Self.refused(error, of: line.count)
    }
    return Self.event(defaults, content: try Self.content(line, keeping: keepingContent))
  }

  private static func content(
    _ bytes: UnsafeRawBufferPointer, keeping: Bool
  ) throws -> [UInt8] {
    guard bytes.count <= Limits.contentSizeMax else {
      throw CustodyError(
        .contentTooLarge,
        "The content has \(bytes.count) bytes; the most is \(Limits.contentSizeMax). Put large "
          + "data into a file of its own and its digest into the event.")
    }
    return keeping ? Array(bytes) : []
  }

  /// The line is an object that says everything about one event.
  private mutating func fullEvent(
    _ line: UnsafeRawBufferPointer, keepingContent: Bool
  ) throws -> NewEvent {
    let members: [JSONText.Member]
    do throws(JSONText.Fault) {
      members = try JSONText.members(line)
    } catch {
      throw Self.refused(error, of: line.count)
    }
    var event = Self.event(defaults, content: [])
    for (index, member) in members.enumerated() {
      // A handful of members: comparing them all is cheaper than a set.
      guard !members[..<index].contains(where: { $0.name == member.name }) else {
        throw Self.refused("the member \(Self.quoted(member.name)) stands twice", at: member.offset)
      }
      let value = UnsafeRawBufferPointer(rebasing: line[member.range])
      if member.name == "content" {
        event.content = try Self.content(value, keeping: keepingContent)
        continue
      }
      guard try take(member.name, value, into: &event) else {
        // An unknown name may be anything, even somebody's: it is not repeated.
        guard let expectation = Self.expectation[member.name] else {
          throw Self.refused(
            "a member of this name is not known; known are \(Self.known)", at: member.offset)
        }
        throw Self.refused(
          "\(Self.quoted(member.name)) is not as expected: \(expectation)",
          at: member.range.lowerBound)
      }
    }
    guard members.contains(where: { $0.name == "content" }) else {
      throw Self.refused("the member \"content\" is missing", at: 0)
    }
    guard !event.stream.isEmpty, !event.type.isEmpty else {
      throw Self.refused("\"stream\" and \"type\" have to be given, here or as options", at: 0)
    }
    return event
  }

  private static let expectation = [
    "id": "a UUID that is not zero", "stream": "a string", "type": "a string",
    "typeVersion": "a number from 0 to 65535", "occurredAt": "an RFC 3339 time",
    "subjects": "an array of strings", "correlation": "a UUID", "causation": "a UUID",
    "expectedRevision": "a number, or -1 for a stream that does not exist yet",
    "class": "a string",
  ]
  private static let known =
    "id, stream, type, typeVersion, occurredAt, subjects, class, correlation, causation, "
    + "expectedRevision, content"

  /// Whether the member was known and its value as expected.
  private mutating func take(
    _ name: String, _ value: UnsafeRawBufferPointer, into event: inout NewEvent
  ) throws -> Bool {
    func string() -> String? { JSONText.string(value) }
    func integer() -> Int? { Int(String(decoding: value, as: UTF8.self)) }
    switch name {
    case "stream":
      guard let text = stream.value(of: value, JSONText.string) else { return false }
      event.stream = text
    case "type":
      guard let text = type.value(of: value, JSONText.string) else { return false }
      event.type = text
    case "class":
      guard let text = string() else { return false }
      event.dataClass = text
    case "typeVersion":
      guard let number = integer().flatMap(UInt16.init(exactly:)) else { return false }
      event.typeVersion = number
    case "occurredAt":
      guard let time = string().flatMap({ Timestamp($0) }) else { return false }
      event.occurredAt = time
    case "id":
      guard let id = string().flatMap({ EventID(uuid: $0) }), !id.isZero else { return false }
      event.id = id
    case "correlation":
      guard let id = string().flatMap({ EventID(uuid: $0) }) else { return false }
      event.correlationID = id.isZero ? nil : id
    case "causation":
      guard let id = string().flatMap({ EventID(uuid: $0) }) else { return false }
      event.causationID = id.isZero ? nil : id
    case "expectedRevision":
      guard let number = integer(), number >= -1 else { return false }
      event.expectedRevision = number == -1 ? .none : .exactly(Revision(number))
    case "subjects":
      guard let people = subjects.value(of: value, Self.subjects) else { return false }
      event.subjects = people
    default: return false
    }
    return true
  }

  private static func subjects(_ value: UnsafeRawBufferPointer) -> [Subject]? {
    guard let ranges = try? JSONText.elements(value) else { return nil }
    let names = ranges.compactMap { JSONText.string(UnsafeRawBufferPointer(rebasing: value[$0])) }
    guard names.count == ranges.count, !names.contains("") else { return nil }
    return names.map { SubjectArgument.of($0) }
  }

  static func event(_ defaults: EventDefaults, content: [UInt8]) -> NewEvent {
    NewEvent(
      stream: defaults.stream ?? "", type: defaults.type ?? "",
      typeVersion: defaults.typeVersion, occurredAt: defaults.occurredAt,
      subjects: defaults.subjects, dataClass: defaults.dataClass,
      correlationID: defaults.correlationID, causationID: defaults.causationID, content: content)
  }

  private static func quoted(_ text: String) -> String { JSONWriter.quoted(text) }

  private static func refused(_ fault: JSONText.Fault, of count: Int) -> CustodyError {
    // What JSON is spread over several lines looks like.
    let hint =
      fault.offset == count ? ". A line has to be a whole text; --whole takes a whole file" : ""
    return refused("the line is not JSON: \(fault.reason)\(hint)", at: fault.offset)
  }

  private static func refused(_ reason: String, at offset: Int) -> CustodyError {
    CustodyError(.invalidInput, "\(reason).", at: .init(column: offset + 1))
  }
}
