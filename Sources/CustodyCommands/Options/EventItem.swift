import Custody

extension Store {
  /// The event that an ITEM of the command line names: a position, an event id or its first digits, or
  /// head.
  ///
  /// - Throws: `usage` for what can be none of these, `notFound`.
  func event(named item: String) throws -> StoredEvent {
    let found: StoredEvent?
    if item == "head" {
      found = try event(at: try head().position)
    } else if let number = Int(item), number >= 0, item.count < 20 {
      found = try event(at: Position(number))
    } else if let id = EventID(uuid: item) {
      found = try event(id: id)
    } else {
      let digits = item.filter { $0 != "-" }
      guard digits.count >= 4, digits.count <= 32, digits.allSatisfy(\.isHexDigit) else {
        throw CustodyError(
          .usage, "\(item) is no position and no event id (at least four of its digits).")
      }
      found = try event(idPrefix: digits)
    }
    guard let found else {
      throw CustodyError(
        .notFound, "There is no event \(item). The newest is at position \(try head().position).")
    }
    return found
  }
}
