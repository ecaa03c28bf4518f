import CustodyLedger

/// That somebody read data about people who did not allow what it was for.
public struct ConsentGap: Sendable {
  /// Why somebody's data should not have been read.
  public enum Reason: String, Sendable, CaseIterable {
    /// No purpose is named: nobody can have allowed it.
    case noPurpose = "no-purpose"
    /// She had not allowed the purpose by then.
    case notGiven = "not-given"
    /// She allowed it to others, and neither to who keeps the ledger nor to who acted.
    case forOthers = "for-others"
    /// What she allowed had ended by itself.
    case expired
    /// She had taken it back.
    case withdrawn
  }

  /// How it was read.
  public enum Kind: String, Sendable, CaseIterable {
    /// By a run of Custody's own.
    case run
    /// By a run that another tool reported in OpenLineage.
    case reportedRun = "reported-run"
    /// Records were written somewhere outside the store.
    case restore
    /// The content of an event was handed to somebody.
    case disclosure
  }

  /// What was read.
  public enum Input: Hashable, Sendable {
    /// A version of a dataset, or records of it.
    case version(dataset: String, number: Int)
    /// An event.
    case event(Position)
  }

  /// How it was read.
  public let kind: Kind
  /// The id of the run; nil of what is none.
  public let run: EventID?
  /// What it is a run of; nil of what is none, and where nobody said.
  public let job: String?
  /// Where the first event stands that says so.
  public let position: Position
  /// When it began, by the writer's clock; of a reported run, as its events say with a time zone, else
  /// by the clock of the one that wrote them down.
  public let startedAt: Timestamp
  /// Who acted, as asserted; nil of a reported run, which whoever imports a report did not run.
  public let actor: String?
  /// What the data was used for.
  public let purpose: String?
  /// What was read.
  public let input: Input
  /// How many people what was read is about, as far as their keys are there.
  public let people: Int
  /// How many keys of what was read are destroyed: of whose they were nobody can say any more what she
  /// allowed.
  public let erased: Int
  /// The key ids that name those who did not allow it, by why, ascending.
  public let outside: [Reason: [KeyID]]

  /// How many people did not allow it.
  public var count: Int { outside.values.reduce(0) { $0 + $1.count } }
}

extension ConsentGap.Input: CustomStringConvertible {
  /// `answers@v1`, or `position 41`.
  public var description: String {
    switch self {
    case .version(let dataset, let number): "\(dataset)@v\(number)"
    case .event(let position): "position \(position)"
    }
  }
}
