import Custody
import CustodyModel

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

/// Turns a line of input into an event.
enum EventLine {
  /// An event of a line.
  ///
  /// - Parameter keepingContent: false when the event is only going to be checked.
  static func event(
    _ line: UnsafeRawBufferPointer, isEvent: Bool, _ defaults: EventDefaults, keepingContent: Bool
  ) throws -> NewEvent {
    isEvent
      ? try self.event(line, defaults, keepingContent: keepingContent)
      : try content(line, defaults, keepingContent: keepingContent)
  }

  /// The line is the content: one JSON text.
  private static func content(
    _ line: UnsafeRawBufferPointer, _ defaults: EventDefaults, keepingContent: Bool
  ) throws -> NewEvent {
    do throws(JSONText.Fault) {
      try JSONText.validate(line)
    } catch {
      throw refused(error)
    }
    return event(defaults, content: try content(line, keeping: keepingContent))
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
  private static func event(
    _ line: UnsafeRawBufferPointer, _ defaults: EventDefaults, keepingContent: Bool
  ) throws -> NewEvent {
    let members: [JSONText.Member]
    do throws(JSONText.Fault) {
      members = try JSONText.members(line)
    } catch {
      throw refused(error)
    }
    var event = event(defaults, content: [])
    for (index, member) in members.enumerated() {
      // A handful of members: comparing them all is cheaper than a set.
      guard !members[..<index].contains(where: { $0.name == member.name }) else {
        throw refused("the member \(quoted(member.name)) stands twice", at: member.offset)
      }
      let value = UnsafeRawBufferPointer(rebasing: line[member.range])
      if member.name == "content" {
        event.content = try content(value, keeping: keepingContent)
        continue
      }
      guard try take(member.name, value, into: &event) else {
        throw refused(
          "\(member.name.count <= 40 ? quoted(member.name) : "a member") is not known or not as "
            + "expected: \(expectation[member.name] ?? "known are \(known)")",
          at: member.range.lowerBound)
      }
    }
    guard members.contains(where: { $0.name == "content" }) else {
      throw refused("the member \"content\" is missing", at: 0)
    }
    guard !event.stream.isEmpty, !event.type.isEmpty else {
      throw refused("\"stream\" and \"type\" have to be given, here or as options", at: 0)
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
  private static func take(
    _ name: String, _ value: UnsafeRawBufferPointer, into event: inout NewEvent
  ) throws -> Bool {
    func string() -> String? { JSONText.string(value) }
    func integer() -> Int? { Int(String(decoding: value, as: UTF8.self)) }
    switch name {
    case "stream":
      guard let text = string() else { return false }
      event.stream = text
    case "type":
      guard let text = string() else { return false }
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
      guard let ranges = try? JSONText.elements(value) else { return false }
      let names = ranges.map { JSONText.string(UnsafeRawBufferPointer(rebasing: value[$0])) }
      guard names.allSatisfy({ $0?.isEmpty == false }) else { return false }
      event.subjects = names.map { SubjectArgument.of($0!) }
    default: return false
    }
    return true
  }

  static func event(_ defaults: EventDefaults, content: [UInt8]) -> NewEvent {
    NewEvent(
      stream: defaults.stream ?? "", type: defaults.type ?? "",
      typeVersion: defaults.typeVersion, occurredAt: defaults.occurredAt,
      subjects: defaults.subjects, dataClass: defaults.dataClass,
      correlationID: defaults.correlationID, causationID: defaults.causationID, content: content)
  }

  private static func quoted(_ text: String) -> String { JSONWriter.quoted(text) }

  private static func refused(_ fault: JSONText.Fault) -> CustodyError {
    refused("the line is not JSON: \(fault.reason)", at: fault.offset)
  }

  private static func refused(_ reason: String, at offset: Int) -> CustodyError {
    CustodyError(.invalidInput, "\(reason).", at: .init(column: offset + 1))
  }
}
