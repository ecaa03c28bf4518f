import CustodyLedger
import CustodyStore
import Synchronization

/// Makes the tokens that stand for values: the same one for the same value of a column, each time.
///
/// A token has 128 bits as 26 letters and digits after a letter that says how it came about: `p` by
/// chance, `k` by a key. No program takes it for a number, or for the id of a key.
final class TokenMint: Sendable {
  /// A row of the table of tokens that is new.
  struct Row: Sendable {
    let column: Int
    let value: [UInt8]
    let token: [UInt8]
    /// From 1, counted among the rows of one token.
    let number: Int
    /// The people whose keys seal it, by a number of the caller's.
    let people: Int
  }

  private struct Known {
    let token: [UInt8]
    var people: [Int]
    /// The highest number of its rows.
    var number: Int
  }

  private struct State {
    var known: [[[UInt8]: Known]]
    var rows: [Row] = []
    /// How often each column has a value.
    var counts: [Int]
    var newCounts: [Int]
    /// Nil for tokens from chance.
    let hmac: RepeatedHMAC?
  }

  private static let byteCount = 16

  private let columns: [String]
  private let environment: Environment
  private let state: Mutex<State>

  /// - Parameters:
  ///   - columns: their names, which tell equal values of two columns apart.
  ///   - key: makes the tokens; nil for chance.
  init(_ columns: [String], key: SecretBytes?, _ environment: Environment) {
    self.columns = columns
    self.environment = environment
    let none = Array(repeating: 0, count: columns.count)
    state = Mutex(
      State(
        known: columns.map { _ in [:] }, counts: none, newCounts: none,
        hmac: key.map { RepeatedHMAC(key: $0) }))
  }

  /// Takes over a row of the table as it is.
  func learn(
    _ column: Int, _ value: [UInt8], _ token: [UInt8], number: Int, people: Int
  ) {
    state.withLock {
      var known = $0.known[column][value] ?? Known(token: token, people: [], number: 0)
      known.people.append(people)
      known.number = max(known.number, number)
      $0.known[column][value] = known
    }
  }

  /// The token of a value.
  ///
  /// - Parameters:
  ///   - people: whose record has it; a table that they have no row in gets one.
  ///   - isCounted: false when a record is looked at again.
  func token(_ column: Int, _ value: [UInt8], people: Int, isCounted: Bool) -> [UInt8] {
    state.withLock { state in
      if isCounted { state.counts[column] += 1 }
      if let hmac = state.hmac {
        let name = Array(columns[column].utf8) + [0]
        let code = name.withUnsafeBytes { name in value.withUnsafeBytes { hmac.code(name, $0) } }
        return Self.text("k", code.bytes.prefix(Self.byteCount))
      }
      var known: Known
      if let found = state.known[column][value] {
        known = found
        if known.people.contains(people) { return known.token }
      } else {
        known = Known(
          token: Self.text("p", environment.random(Self.byteCount)), people: [], number: 0)
        state.newCounts[column] += 1
      }
      known.people.append(people)
      known.number += 1
      state.known[column][value] = known
      state.rows.append(
        Row(
          column: column, value: value, token: known.token, number: known.number, people: people))
      return known.token
    }
  }

  /// Rows that the table lacks. By token: in the order of the records they would say which came first.
  func newRows() -> [Row] {
    state.withLock(\.rows).sorted {
      $0.token == $1.token
        ? $0.number < $1.number : $0.token.lexicographicallyPrecedes($1.token)
    }
  }

  /// How many values were replaced in each column, and how many tokens were made for it by chance.
  func counts() -> [(values: Int, new: Int)] {
    state.withLock { state in zip(state.counts, state.newCounts).map { ($0, $1) } }
  }

  /// RFC 4648 §6's alphabet, in lower case and without padding.
  private static func text(_ kind: Character, _ bytes: some Sequence<UInt8>) -> [UInt8] {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    var text = Array(String(kind).utf8)
    var (bits, count) = (0, 0)
    for byte in bytes {
      bits = bits << 8 | Int(byte)
      count += 8
      while count >= 5 {
        count -= 5
        text.append(alphabet[bits >> count & 31])
      }
      bits &= (1 << count) - 1
    }
    if count > 0 { text.append(alphabet[bits << (5 - count) & 31]) }
    return text
  }
}
