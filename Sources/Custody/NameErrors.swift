import CustodyStore

extension CustodyError {
  /// What is wrong with a name, as a sentence; never the name itself.
  init(_ error: NameError, field: String) {
    let reason =
      switch error {
      case .empty: "is empty"
      case .tooLong(let count): "has \(count) bytes; the most is \(Name.byteCountMax)"
      case .controlCharacter: "has a control character in it"
      case .notUTF8: "is not UTF-8"
      case .notNormalized: "is not in Unicode normalization form C; normalize it first"
      }
    self.init(.invalidInput, "The \(field) \(reason).", cause: error)
  }
}
