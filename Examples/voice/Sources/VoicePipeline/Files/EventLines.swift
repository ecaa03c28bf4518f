import Foundation

/// A fact that a step measured, for whoever keeps a record of them.
struct Event {
  /// `audio.assessed`.
  let type: String
  /// What it belongs to. It stays readable to everyone: no speaker's name.
  let stream: String
  /// Whom it is about; nobody for totals.
  var speaker: String?
  let content: JSON

  /// A fact about one recording.
  static func about(_ clip: Clip, _ type: String, _ content: [JSON.Member]) -> Event {
    Event(
      type: type, stream: "recording/\(clip.name)", speaker: clip.speaker,
      content: .object(content))
  }
}

/// The file that CUSTODY_EVENTS names: JSON lines that say everything about one event each. Without
/// it, events go nowhere.
struct EventLines {
  private let file: Int32?

  /// - Throws: when the file cannot be opened; a step then does nothing.
  init(path: String?) throws {
    guard let path, !path.isEmpty else {
      file = nil
      return
    }
    // What was said stands in it: nobody else reads a file that is made here.
    let opened = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard opened >= 0 else {
      throw Failure(
        .surroundings, "events",
        "CUSTODY_EVENTS names a file that cannot be written. Unset it, or name another.")
    }
    file = opened
  }

  /// Appends the events, all at once: lines of two programs do not mix.
  func append(_ events: [Event], at time: Date = Date()) throws {
    guard let file, !events.isEmpty else { return }
    let lines = events.map { Self.line($0, at: time) + "\n" }.joined()
    let bytes = Array(lines.utf8)
    guard write(file, bytes, bytes.count) == bytes.count else {
      throw Failure(
        .surroundings, "events",
        "The file that CUSTODY_EVENTS names was not written to its end. Is the disk full?")
    }
  }

  static func line(_ event: Event, at time: Date) -> String {
    let line: JSON = [
      "stream": .string(event.stream),
      "type": .string(event.type),
      "typeVersion": 1,
      "occurredAt": .string(
        time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))),
      "subjects": .array(event.speaker.map { [.string($0)] } ?? []),
      "content": event.content,
    ]
    return line.line
  }
}
