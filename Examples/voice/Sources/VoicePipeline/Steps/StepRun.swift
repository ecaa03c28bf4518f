import Foundation

/// What a step made of one recording.
struct Outcome {
  /// What goes into its file; nil for none.
  let document: [JSON.Member]?
  let events: [Event]
  /// A few words for whoever looks on: figures, never what was said.
  let note: String

  /// A document whose members are also its one event.
  init(_ document: [JSON.Member], of clip: Clip, as type: String, note: String) {
    self.init(document: document, events: [.about(clip, type, document)], note: note)
  }

  init(document: [JSON.Member]?, events: [Event], note: String) {
    self.document = document
    self.events = events
    self.note = note
  }
}

/// A step at work: clip by clip, each one's file first and its events after that.
struct StepRun {
  private let step: String
  private let events: EventLines
  private var output: OutputFolder

  init(_ step: String, out: String, inputs: [String]) throws {
    self.step = step
    events = try EventLines(path: Self.eventsPath)
    output = try OutputFolder(out, of: step, inputs: inputs)
  }

  /// A recording that is refused is reported, and the others are done all the same.
  ///
  /// - Throws: when any was refused, at the end; at once when the surroundings fail.
  mutating func over(_ clips: [Clip], _ work: (Clip) throws -> Outcome) throws {
    var refused = 0
    for clip in clips {
      do {
        let outcome = try work(clip)
        if let document = outcome.document { try output.write(clip, document) }
        try events.append(outcome.events)
        print("\(clip.key)  \(outcome.note)")
      } catch let failure as Failure where failure.status == .input {
        refused += 1
        Pipeline.report("\(clip.key): \(failure.message)")
        try events.append([Self.failed(step, failure, clip)])
      }
    }
    try output.finish()
    guard refused == 0 else {
      throw Failure(
        .input, "refused", "\(refused) of \(clips.count) recordings were refused, as said above.")
    }
  }

  func record(_ events: [Event]) throws { try self.events.append(events) }

  /// Records that a step as a whole could not go on. Its message may name places, and is about
  /// nobody whose key it could be sealed under: it is left out.
  static func record(_ failure: Failure, of step: String) {
    guard [.input, .surroundings].contains(failure.status), failure.code != "refused" else {
      return
    }
    try? EventLines(path: eventsPath).append([failed(step, failure, nil)])
  }

  private static var eventsPath: String? { ProcessInfo.processInfo.environment["CUSTODY_EVENTS"] }

  private static func failed(_ step: String, _ failure: Failure, _ clip: Clip?) -> Event {
    let head: JSON = [
      "errorId": .string(UUID().uuidString.lowercased()), "stage": .string(step),
      "error": .string(failure.code),
    ]
    guard let clip else {
      return Event(
        type: "stage.failed", stream: "voice/\(step)", speaker: nil, content: head)
    }
    let tail: JSON = ["recording": .string(clip.key), "message": .string(failure.message)]
    return .about(clip, "stage.failed", head.members + tail.members)
  }
}
