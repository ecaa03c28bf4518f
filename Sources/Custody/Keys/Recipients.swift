import CustodyStore

/// For whom something is sealed in the age format.
struct Recipients {
  /// As they were given: `age1…`.
  let texts: [String]
  private let parsed: [AgeRecipient]

  /// - Throws: `usage` for what is no recipient, and for none.
  init(_ texts: [String]) throws {
    self.texts = texts
    parsed = try texts.map { text in
      do {
        return try AgeRecipient(text)
      } catch {
        throw CustodyError(
          .usage, "A recipient is no age recipient (age1...). Make one with: age-keygen",
          cause: error)
      }
    }
    guard !parsed.isEmpty else { throw CustodyError(.usage, "Name at least one recipient.") }
  }

  /// An age file; any one of their identities opens it.
  func seal(_ plain: [UInt8], _ environment: Environment) throws -> [UInt8] {
    do {
      return try AgeFile.seal(plain, to: parsed) { environment.random($0) }
    } catch {
      throw CustodyError(.usage, "A recipient cannot be sealed to.", cause: error)
    }
  }
}
