/// An option of a step, always with a value.
struct Option: Sendable {
  /// `--in`.
  let name: String
  /// What its value is: `DIR`.
  let value: String
  let help: String
  /// Nil for an option that has to be given, unless it is optional.
  let usual: String?
  let isOptional: Bool

  /// An option that has to be given.
  static func needed(_ name: String, _ value: String, _ help: String) -> Option {
    Option(name: name, value: value, help: help, usual: nil, isOptional: false)
  }

  /// An option with a usual value.
  static func usual(_ name: String, _ value: String, _ usual: String, _ help: String) -> Option {
    Option(name: name, value: value, help: help, usual: usual, isOptional: true)
  }

  /// An option that may be left out.
  static func optional(_ name: String, _ value: String, _ help: String) -> Option {
    Option(name: name, value: value, help: help, usual: nil, isOptional: true)
  }
}

/// The values of a step's options.
struct Arguments {
  private let values: [String: String]

  init(_ words: [String], for options: [Option]) throws {
    var values: [String: String] = [:]
    var rest = words[...]
    while let word = rest.popFirst() {
      guard options.contains(where: { $0.name == word }) else {
        let known = options.map(\.name).joined(separator: ", ")
        throw Self.wrong("\(word) is not known here; known are \(known).")
      }
      guard values[word] == nil else { throw Self.wrong("\(word) stands twice.") }
      guard let value = rest.popFirst(), !value.isEmpty else {
        throw Self.wrong("\(word) needs a value.")
      }
      values[word] = value
    }
    for option in options where values[option.name] == nil {
      guard option.isOptional else {
        throw Self.wrong("\(option.name) \(option.value) is missing (\(option.help)).")
      }
      values[option.name] = option.usual
    }
    self.values = values
  }

  /// The value of an option that is needed, or has a usual value.
  func text(_ name: String) -> String { values[name] ?? "" }

  func optional(_ name: String) -> String? { values[name] }

  func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int {
    guard let number = Int(text(name)), range.contains(number) else {
      throw Self.wrong(
        "\(name) takes a whole number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  func number(_ name: String, in range: ClosedRange<Double>) throws -> Double {
    guard let number = Double(text(name)), range.contains(number) else {
      throw Self.wrong("\(name) takes a number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  /// A share given in percent, as parts per million.
  func percentAsPpm(_ name: String) throws -> Int {
    Int((try number(name, in: 0...100) * 10_000).rounded())
  }

  static func wrong(_ message: String) -> Failure {
    Failure(.usage, "usage", "\(message) See: voice help")
  }
}
