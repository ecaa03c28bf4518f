/// A pattern over natural keys: `*` stands for any characters, also none and also `/`; `?` for one;
/// `\` takes its meaning from one of the three. Everything else stands for itself, byte for byte.
package struct KeyPattern: Equatable, Sendable {
  private enum Part: Equatable {
    case any
    case one
    case scalar(Unicode.Scalar)
  }

  private let parts: [Part]

  /// Nil for a pattern that is empty or has a backslash before anything else.
  package init?(_ text: String) {
    var parts: [Part] = []
    var isEscaped = false
    for scalar in text.unicodeScalars {
      switch scalar {
      case "*", "?", "\\":
        if isEscaped {
          parts.append(.scalar(scalar))
          isEscaped = false
        } else if scalar == "\\" {
          isEscaped = true
        } else if scalar == "?" {
          parts.append(.one)
        } else if parts.last != .any {
          parts.append(.any)
        }
      default:
        guard !isEscaped else { return nil }
        parts.append(.scalar(scalar))
      }
    }
    guard !isEscaped, !parts.isEmpty else { return nil }
    self.parts = parts
  }

  /// Whether the whole of `key` is as the pattern says.
  ///
  /// Cost: at worst the length of the key times that of the pattern.
  package func matches(_ key: String) -> Bool {
    let scalars = Array(key.unicodeScalars)
    var (at, part) = (0, 0)
    // Where to go on when the last `*` has to stand for one character more.
    var retry: (at: Int, part: Int)?
    while at < scalars.count {
      if part < parts.count, parts[part] == .any {
        retry = (at, part + 1)
        part += 1
      } else if part < parts.count, parts[part] == .one || parts[part] == .scalar(scalars[at]) {
        at += 1
        part += 1
      } else if let again = retry {
        retry = (again.at + 1, again.part)
        (at, part) = (again.at + 1, again.part)
      } else {
        return false
      }
    }
    return parts[part...].allSatisfy { $0 == .any }
  }
}
