import Custody

/// What the command returns; a total function of an error's code.
package enum ExitStatus {
  package static let done: Int32 = 0
  /// The answer is no: verification found something, or something must not be.
  package static let refused: Int32 = 1
  package static let usage: Int32 = 2
  package static let surroundings: Int32 = 7
  /// Of `run`, when Custody itself refused or failed; else it is the command's.
  package static let runFailed: Int32 = 125

  package static func of(_ code: CustodyError.Code) -> Int32 {
    switch code {
    case .restricted: refused
    case .usage: usage
    case .notFound, .notAStore: 3
    case .alreadyExists, .revisionConflict, .idReused: 4
    case .needsRecovery, .damaged: 5
    case .invalidInput, .contentTooLarge, .unknownSubject, .nameHoldsIdentifier, .keyDestroyed: 6
    case .newerStore, .olderStore, .wrongPassphrase, .keyFileMode, .permission, .diskFull, .locked,
      .io:
      surroundings
    case .internal: 70
    }
  }
}
