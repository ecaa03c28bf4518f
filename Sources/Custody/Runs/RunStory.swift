import CustodyModel
import CustodyProjections
import CustodyStore

/// What the ledger knows of one run.
public struct RunStory: Sendable {
  /// How a run ended.
  public enum End: Equatable, Sendable {
    /// The command did what it should.
    case completed
    /// The command returned another status.
    case status(Int)
    /// A signal ended the command.
    case signal(Int)
    /// Custody refused what the command left: the code of its error.
    case refused(String)
    /// Nobody knows: Custody was killed while it ran.
    case aborted
  }

  /// What was said of a run that nobody has classified.
  public struct Text: Sendable {
    /// The command and its arguments.
    public let command: [String]
    /// Where it ran.
    public let directory: String
    /// Names and values that said how.
    public let parameters: [(name: String, value: String)]
    /// Environment variables that were kept.
    public let environment: [(name: String, value: String)]
    /// Files of code, and the digests of what they held.
    public let code: [(name: String, digest: String)]
    /// How the people of what was written were found; nil for those of what was read.
    public let subject: String?
    /// The natural key of tables that were made.
    public let key: String?
    /// Datasets with the places outside the store that the command knew them by.
    public let places: [(name: String, path: String)]
  }

  /// The id of the run.
  public let id: EventID
  /// What it is a run of.
  public var job: String { started.job }
  /// What the data was used for.
  public var purpose: String? { started.purpose }
  /// The name of the machine.
  public var host: String { started.host }
  /// The commit of the code's repository.
  public var commit: String? { started.commit }
  /// Whether files of the repository differed from that commit.
  public var isDirty: Bool? { started.isDirty }
  /// Programs with the versions that they said they have.
  public var tools: [(name: String, version: String)] {
    started.tools.map { ($0.name, $0.value) }
  }
  /// Who acted, as asserted.
  public let actor: String
  /// Where its first event stands.
  public let position: Position
  /// When it began, by the writer's clock.
  public let startedAt: Timestamp
  /// Its command and what else was said; nil when that is erased or restricted.
  public let text: Text?
  /// Whether what was said is kept and not shown: it waits to be erased, and nobody stated a ground.
  public let isTextRestricted: Bool
  /// When its last event was recorded, by the writer's clock; nil while it goes on.
  public let endedAt: Timestamp?
  /// How it ended; nil while it goes on.
  public let end: End?
  /// How long the command took, in milliseconds; nil when nobody knows.
  public let duration: Int?

  let started: RunStarted
  let completed: RunCompleted?
  /// The digest of the file that said which record comes from which.
  let derivations: String?
}

extension Runs {
  /// What the ledger knows of a run, or nil; also what is restricted.
  ///
  /// Cost: a handful of events, found by their stream.
  public func story(of id: EventID) throws -> RunStory? { try story(of: id, leavingOut: nil) }

  /// The same for somebody who looks at it.
  func story(of id: EventID, leavingOut leftOut: RestrictedKeys?) throws -> RunStory? {
    let filter = EventFilter(stream: "\(RunProjection.streamPrefix)\(id)")
    let reader = ContentReader(store, leavingOut: leftOut)
    let events = try store.folder.read {
      try $0.events(filter, ledgerID: store.ledgerID, limit: 16)
    }
    var first: (started: RunStarted, event: StoredEvent)?
    var text: RunStory.Text?
    var isTextRestricted = false
    var derivations: String?
    var end: (how: RunStory.End, at: Timestamp)?
    var usage: ResourceUsage?
    var completed: RunCompleted?
    for event in events {
      let content: [UInt8]
      switch try reader.content(of: event) {
      case .opened(let bytes): content = bytes
      case .gone: continue
      case .restricted:
        // Facts are under the store's own key: only what was said can be.
        isTextRestricted = true
        continue
      }
      let version = event.header.claim.typeVersion
      let at = event.header.place.recordedAt
      switch event.header.claim.type.text {
      case RunStarted.type:
        guard let started = RunStarted(content: content, version: version) else { continue }
        first = (started, event)
      case RunAnnotated.type:
        let said = RunAnnotated(content: content, version: version)
        text = said?.start.map(RunStory.Text.init) ?? text
        derivations = said?.end?.derivations ?? derivations
      case RunCompleted.type:
        completed = RunCompleted(content: content, version: version)
        end = (.completed, at)
        usage = completed?.usage
      case RunFailed.type:
        guard let failed = RunFailed(content: content, version: version) else { continue }
        end = (RunStory.End(failed.cause), at)
        usage = failed.usage
      case RunAborted.type: end = (.aborted, at)
      default: continue
      }
    }
    return first.map { first in
      RunStory(
        id: id, actor: first.event.header.claim.actor.text,
        position: first.event.header.place.position,
        startedAt: first.event.header.place.recordedAt, text: text,
        isTextRestricted: isTextRestricted, endedAt: end?.at, end: end?.how,
        duration: usage?.duration, started: first.started, completed: completed,
        derivations: derivations)
    }
  }
}

extension RunStory.Text {
  fileprivate init(_ start: RunAnnotated.Start) {
    self.init(
      command: start.command, directory: start.directory,
      parameters: start.parameters.map { ($0.name, $0.value) },
      environment: start.environment.map { ($0.name, $0.value) },
      code: start.code.map { ($0.name, $0.value) }, subject: start.subject, key: start.key,
      places: start.places.map { ($0.name, $0.value) })
  }
}

extension RunStory.End {
  fileprivate init(_ cause: RunFailed.Cause) {
    switch cause {
    case .status(let number): self = .status(number)
    case .signal(let number): self = .signal(number)
    case .refused(let code): self = .refused(code)
    }
  }
}
