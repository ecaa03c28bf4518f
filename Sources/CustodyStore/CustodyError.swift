/// What every failing call of Custody throws: a code for the program, a sentence for the person.
///
/// The sentence says what went wrong and what to do. None of its parts ever holds content, a key,
/// an outside identifier or an SQL argument.
public struct CustodyError: Error, Sendable {
  /// Which kind of failure. Exit status and HTTP status are functions of it.
  public enum Code: String, Sendable, CaseIterable {
    /// The call or command line makes no sense as it is.
    case usage
    /// No store at this place, or no such event, subject or key.
    case notFound
    /// There is something already where something was to be made.
    case alreadyExists
    /// The stream is at another revision than expected.
    case revisionConflict
    /// The event id stands in the ledger with another claim or content.
    case idReused
    /// A body, name, claim or line that cannot be taken.
    case invalidInput
    /// A content above ``Limits/contentSizeMax``.
    case contentTooLarge
    /// A subject that nobody registered.
    case unknownSubject
    /// A stream, type or actor that contains a registered outside identifier.
    case nameHoldsIdentifier
    /// A key that is gone: nothing can be written under it or opened with it.
    case keyDestroyed
    /// Data that is kept and not processed, and that nobody stated a ground to read; that a matter holds; or
    /// that is called anonymous and leads to people.
    case restricted
    /// Store, guard, signer and anchors do not agree: read-only until recovered.
    case needsRecovery
    /// The folder or file is no store of Custody.
    case notAStore
    /// Something of a store is not as Custody wrote it: verify the ledger, or put the file back.
    case damaged
    /// Made by a newer version of Custody.
    case newerStore
    /// Made by an older version of Custody: a command that writes brings it up to date.
    case olderStore
    /// The passphrase or key file does not open the secrets.
    case wrongPassphrase
    /// A secret file that others can read.
    case keyFileMode
    /// No permission for a file or folder.
    case permission
    /// No space left.
    case diskFull
    /// Another program writes to the store for longer than this one waits.
    case locked
    /// Any other failure of a file, a disk or the database.
    case io
    /// A fault of Custody itself.
    case `internal`
  }

  /// Which kind of failure: what a program decides by.
  public let code: Code
  /// What went wrong and what to do about it, as one or two sentences.
  public let message: String
  /// What lies beneath, for the engineer.
  public let cause: (any Error)?
  /// Where in the input: a line, a column, a path.
  public let location: Location?

  /// A place in the input.
  public struct Location: Sendable, Equatable, CustomStringConvertible {
    /// A path as it was given, or `standard input`.
    public let file: String?
    /// From 1.
    public let line: Int?
    /// From 1, in bytes.
    public let column: Int?

    /// A place as far as it is known; what is nil is not named.
    public init(file: String? = nil, line: Int? = nil, column: Int? = nil) {
      self.file = file
      self.line = line
      self.column = column
    }

    /// What is known, as in `events.ndjson, line 3, column 17`; empty when nothing is.
    public var description: String {
      var parts: [String] = []
      if let file { parts.append(file) }
      if let line { parts.append("line \(line)") }
      if let column { parts.append("column \(column)") }
      return parts.joined(separator: ", ")
    }
  }

  /// A failure of this kind. The caller sees to it that `message` gives nothing away.
  public init(
    _ code: Code, _ message: String, cause: (any Error)? = nil, at location: Location? = nil
  ) {
    self.code = code
    self.message = message
    self.cause = cause
    self.location = location
  }

  /// The same error, said of a place in the input.
  public func at(_ location: Location) -> CustodyError {
    CustodyError(code, message, cause: cause, at: location)
  }
}

extension CustodyError: CustomStringConvertible {
  /// The place in the input, if there is one, and the message.
  public var description: String {
    location.map { "\($0): \(message)" } ?? message
  }
}
