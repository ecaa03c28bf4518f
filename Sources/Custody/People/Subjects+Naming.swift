import CustodyStore

extension Subjects {
  /// The id of a person, however she is named.
  ///
  /// - Throws: `notFound` for somebody whom nobody registered; `keyDestroyed`, with when and under
  ///   which request, for somebody who was erased.
  public func id(of subject: Subject) throws -> KeyID {
    switch subject {
    case .identifier(let identifier):
      guard let id = try id(of: identifier) else { throw try store.erasures.unknown(nil) }
      return id
    case .key(let id):
      guard try !keyring.subjectKeys(of: id).isEmpty else { throw try store.erasures.unknown(id) }
      return id
    }
  }

  /// The ids of people, each once, in the order in which they are named.
  ///
  /// - Throws: as ``id(of:)-(Subject)``; among several, which of them it is; `usage` when nobody is named.
  public func ids(of subjects: [Subject]) throws -> [KeyID] { try ids(of: subjects) { _ in } }

  /// - Parameter check: throws for somebody who is there and will not do; an error says which of them
  ///   it is, without a word of who.
  func ids(of subjects: [Subject], _ check: (KeyID) throws -> Void) throws -> [KeyID] {
    try people(named: subjects, check).map(\.id)
  }

  /// A person, and what she is called outside where the caller says so.
  typealias Named = (id: KeyID, identifier: String?)

  /// The same, with what they are called outside as far as `subjects` says so.
  func people(
    named subjects: [Subject], _ check: (KeyID) throws -> Void = { _ in }
  ) throws -> [Named] {
    guard !subjects.isEmpty else { throw CustodyError(.usage, "Nobody is named.") }
    var seen: Set<KeyID> = []
    return try subjects.enumerated().compactMap { index, subject in
      let id = try Self.saying(index, of: subjects.count) {
        let id = try self.id(of: subject)
        try check(id)
        return id
      }
      guard seen.insert(id).inserted else { return nil }
      if case .identifier(let identifier) = subject { return (id, identifier) }
      return (id, nil)
    }
  }

  /// Says of an error which of several people it is about, without a word of who.
  static func saying<R>(_ index: Int, of count: Int, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as CustodyError where count > 1 {
      throw CustodyError(
        error.code, "Number \(index + 1) of the \(count) people named: \(error.message)",
        cause: error)
    }
  }
}
