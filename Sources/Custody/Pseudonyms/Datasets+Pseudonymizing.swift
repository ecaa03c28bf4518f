import CustodyModel
import CustodyProjections
import CustodyStore

extension Datasets {
  /// Where tokens come from that stand for values.
  public enum Tokens: Equatable, Sendable {
    /// From chance. A dataset `NAME.pseudonyms` keeps them beside their values, each row sealed under a
    /// key of the people whose value it is, of class `pseudonym-table`.
    case random
    /// From a key that is kept for a purpose: releases for one purpose can be joined by them. Those for
    /// two cannot, unless something else joins them: see ``Pseudonymized/openKey``.
    case keyed(purpose: String)
  }

  /// What pseudonymizing a version did, or would do.
  public struct Pseudonymized: Sendable {
    /// A column that has tokens now.
    public struct Column: Sendable {
      /// What it is called.
      public let name: String
      /// How many values were replaced.
      public let values: Int
      /// Tokens that were made by chance, and that the table lacked; 0 for those made by a key.
      public let newTokens: Int
    }

    /// The dataset that has the new version.
    public let dataset: String
    /// The dataset and version that have the values.
    public let source: (dataset: String, version: Int)
    /// What became of it; nil in a trial.
    public let commit: Commit?
    /// Records that have tokens.
    public let records: Int
    /// Records of the version that are gone and left out: people were erased since.
    public let missing: Int
    /// The columns, as they were named.
    public let columns: [Column]
    /// The dataset that has tokens from chance beside their values.
    public let table: String?
    /// The key that makes tokens; nil in a trial before there is one.
    public let key: KeyID?
    /// The run that is recorded; nil when nothing was appended.
    public let run: EventID?
    /// The column that still says whom records are about; nil when it has tokens too, or there is none.
    public let namingColumn: String?
    /// The natural key, when it has no tokens: whoever has two releases joins them by it, whatever
    /// they are for. Nil when it has, or there is none.
    public let openKey: String?
    /// Whether records stand as in the source, which joins releases too; else they stand in the order of
    /// the tokens of the natural key.
    public let isOrderKept: Bool
  }

  /// Appends a version in which tokens stand for the values of some columns, about the same people; the
  /// same value of a column gets the same token each time.
  ///
  /// - Parameters:
  ///   - name: a dataset of rows or lines.
  ///   - reference: which version has the values.
  ///   - columns: columns by name or as `#3`; of JSON lines, members as `person.name`. Empty values
  ///     stay empty; a number of JSON becomes a text.
  ///   - tokens: where tokens come from.
  ///   - target: the dataset that gets the version, made when there is none; the same by default.
  ///   - message: what to say of it; checked like names.
  ///   - isTrial: whether nothing is written, and only counted.
  ///   - progress: called as bytes are sealed.
  /// - Returns: what it did; nothing is appended when the newest version of the target is the same.
  /// - Throws: `invalidInput` for a column that there is not or that has tokens already; `usage` for
  ///   files, or a target whose rows are named otherwise; `nameHoldsIdentifier`; `revisionConflict`
  ///   when somebody else committed meanwhile; `keyDestroyed` when the key went meanwhile. The version
  ///   is not there then.
  ///
  /// A record whose natural key is one of the columns is named by its token, and records stand in the
  /// order of these; else in the order that they had. The run that is recorded says which record comes
  /// from which. <doc:Pseudonyms> says what this protects from.
  ///
  /// Cost: opens every record twice, three times when the natural key gets tokens, and seals it once; with tokens from chance, opens the whole table
  /// and holds each distinct value in memory.
  @discardableResult
  public func pseudonymize(
    _ name: String, _ reference: String = "head", columns: [String], tokens: Tokens = .random,
    to target: String? = nil, message: String? = nil, isTrial: Bool = false,
    progress: Progress? = nil
  ) async throws -> Pseudonymized {
    let row = try existing(name)
    guard row.kind != Kind.files.rawValue else {
      throw CustodyError(
        .usage, "\(name) is a dataset of files; columns are of a CSV, or members of JSON lines.")
    }
    guard row.dataClass != PseudonymTable.dataClass else {
      throw CustodyError(.usage, "\(name) is a table of tokens; it is what leads back from them.")
    }
    guard !columns.isEmpty else {
      throw CustodyError(.usage, "Name at least one column that gets tokens.")
    }
    for column in columns { try check(column, "column") }
    if case .keyed(let purpose) = tokens {
      try Subjects.check(purpose, "purpose")
      try check(purpose, "purpose")
    }
    if let message { try check(message, "message") }
    if let target, !Self.isName(target) { throw Self.noName(target) }
    return try await Pseudonymization(
      store: store, dataset: row, version: try version(row, reference),
      target: target ?? name, tokens: tokens, message: message, progress: progress
    ).run(columns, isTrial: isTrial)
  }
}
