import CustodyStore

extension Store {
  /// The key ids that name people, each once, in the order in which they were named.
  ///
  /// - Throws: `usage` when nobody is named; `notFound` for somebody whom nobody registered,
  ///   `keyDestroyed`, with when and under which request, for somebody who was erased.
  func people(_ subjects: [Subject]) throws -> [KeyID] {
    guard !subjects.isEmpty else { throw CustodyError(.usage, "Nobody is named.") }
    var seen: Set<KeyID> = []
    return try subjects.enumerated().compactMap { index, subject in
      let id = try Self.saying(index, of: subjects.count) { try person(subject) }
      return seen.insert(id).inserted ? id : nil
    }
  }

  /// The key id that names a person.
  func person(_ subject: Subject) throws -> KeyID {
    switch subject {
    case .identifier(let identifier):
      guard let id = try subjects.id(of: identifier) else { throw try erasures.unknown(nil) }
      return id
    case .key(let id):
      guard try subjects.entry(id) != nil else { throw try erasures.unknown(id) }
      return id
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
