/// SQL without its literals and comments, which may be about somebody.
///
/// Dialects disagree about where a literal ends: a backslash escapes a quote or does not, a double
/// quote begins a name or a text, `#` begins a comment or is an operator. Whoever guesses wrong
/// takes literals for names from there on. So what two dialects read differently ends the masked
/// text: what follows is left out, and a `?` stands for it.
package struct SQLMask {
  /// What stands for a literal, and for everything that was left out.
  static let placeholder = UInt8(ascii: "?")

  private let text: [UInt8]
  private var at = 0
  private var out: [UInt8] = []
  /// Whether a double quote begins a name for sure.
  private let quotesNames: Bool
  private var isStartOfStatement = true

  /// Dialects in which a double-quoted text is a name and never a literal.
  private static let standard = [
    "ansi", "db2", "duckdb", "oracle", "postgres", "postgresql", "presto", "redshift", "snowflake",
    "trino", "vertica",
  ]

  /// The first words of statements; a text that begins otherwise may be no SQL.
  private static let verbs: Set<String> = [
    "alter", "analyze", "attach", "begin", "cache", "call", "comment", "commit", "copy", "create",
    "deallocate", "declare", "delete", "describe", "do", "drop", "end", "exec", "execute",
    "explain", "export", "fetch", "from", "go", "grant", "if", "insert", "load", "merge",
    "optimize", "pivot", "pragma", "refresh", "rename", "replace", "revoke", "rollback",
    "savepoint", "select", "set", "show", "start", "table", "truncate", "unload", "update",
    "upsert", "use", "vacuum", "values", "with",
  ]

  /// What is kept of `query`. Masked once more, it stays as it is.
  package static func masked(_ query: ArraySlice<UInt8>, dialect: String?) -> [UInt8] {
    var mask = SQLMask(query, dialect: dialect)
    mask.run()
    return mask.out
  }

  private init(_ query: ArraySlice<UInt8>, dialect: String?) {
    text = Array(query)
    quotesNames = dialect.map { Self.standard.contains($0.lowercased()) } ?? false
    out.reserveCapacity(text.count)
  }

  private func byte(_ offset: Int = 0) -> UInt8 {
    at + offset < text.count ? text[at + offset] : 0
  }

  private mutating func run() {
    while at < text.count, next() {}
    if at < text.count { leaveOut() }
    while out.last == 0x20 { out.removeLast() }
    if out.isEmpty, !text.isEmpty { out = [Self.placeholder] }
  }

  /// Stands for everything from here on.
  private mutating func leaveOut() {
    space()
    if out.dropLast().last != Self.placeholder { out.append(Self.placeholder) }
  }

  private mutating func space() { if let last = out.last, last != 0x20 { out.append(0x20) } }

  /// Takes one token; false when what follows is unclear.
  private mutating func next() -> Bool {
    let byte = byte()
    switch byte {
    case 0x20, 0x09...0x0d:
      space()
      at += 1
      return true
    case UInt8(ascii: "-") where self.byte(1) == byte:
      return lineComment(isSure: self.byte(2) <= 0x20)
    case UInt8(ascii: "/") where self.byte(1) == UInt8(ascii: "*"): return blockComment()
    // A comment with Snowflake, a division with DuckDB.
    case UInt8(ascii: "/") where self.byte(1) == byte: return lineComment(isSure: false)
    // A comment with MySQL and BigQuery, an operator or a part of a name with others.
    // With Jinja's brace before it, it goes on over lines.
    case UInt8(ascii: "#"): return out.last != UInt8(ascii: "{") && lineComment(isSure: false)
    case UInt8(ascii: ";"):
      out.append(byte)
      at += 1
      isStartOfStatement = true
      return true
    case UInt8(ascii: "("):
      out.append(byte)
      at += 1
      return true
    default: break
    }
    if isStartOfStatement {
      guard let verb = verb() else { return false }
      isStartOfStatement = false
      if verb == "set" { return setting() }
    }
    return token(byte)
  }

  private mutating func token(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "'"): return literal()
    case UInt8(ascii: "\""): return quotesNames ? name() : literal()
    case UInt8(ascii: "`"): return quotesNames ? false : name()
    // Outside of quotes it is no SQL.
    case UInt8(ascii: "\\"): return false
    case UInt8(ascii: "["): return bracket()
    case UInt8(ascii: "$"): return dollar()
    case _ where ASCII.isDigit(byte): return number()
    case UInt8(ascii: ".") where ASCII.isDigit(self.byte(1)) && !endsWithName: return number()
    case _ where byte >= 0x80 || ASCII.isWord(byte): return word()
    case 0..<0x20, 0x7f: return false
    default:
      out.append(byte)
      at += 1
      return true
    }
  }

  private var endsWithName: Bool {
    out.last.map { ASCII.isWord($0) || "\"`])".utf8.contains($0) } ?? false
  }

  /// The word that a statement begins with, in lower case.
  private func verb() -> String? {
    let word = text[at...].prefix { ASCII.isWord($0) || $0 >= 0x80 }
    guard (2...12).contains(word.count) else { return nil }
    let verb = String(decoding: word, as: UTF8.self).lowercased()
    return Self.verbs.contains(verb) ? verb : nil
  }

  /// `SET` with what follows left out: with Hive and Spark, all to the semicolon is the value.
  private mutating func setting() -> Bool {
    out += text[at..<at + 3]
    at += 3
    let value = text[at...].prefix { $0 != UInt8(ascii: ";") }
    guard !value.contains(where: { "'\"`$\\-/#".utf8.contains($0) }) else { return false }
    at = value.endIndex
    leaveOut()
    return true
  }

  // MARK: - Literals

  /// A text between quotes, in which two quotes stand for one.
  private mutating func literal() -> Bool {
    let quote = byte()
    // BigQuery's and Spark's texts between three quotes end elsewhere than two quotes and a text.
    if byte(1) == quote, byte(2) == quote, !quotesNames { return false }
    // Oracle: q'[it's]'.
    if quote == UInt8(ascii: "'"), out.last.map({ $0 | 0x20 }) == UInt8(ascii: "q") { return false }
    guard let end = closing(quote) else { return false }
    at = end
    out.append(Self.placeholder)
    return true
  }

  /// A name between quotes, kept as it is.
  private mutating func name() -> Bool {
    guard let end = closing(byte()) else { return false }
    let name = text[at..<end]
    guard name.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return false }
    out += name
    at = end
    return true
  }

  /// The place after the closing quote; nil when there is none, or a backslash makes it unclear.
  private func closing(_ quote: UInt8) -> Int? {
    var end = at + 1
    while end < text.count {
      if text[end] == quote {
        if text[end - 1] == UInt8(ascii: "\\") { return nil }
        guard end + 1 < text.count, text[end + 1] == quote else { return end + 1 }
        end += 2
      } else {
        end += 1
      }
    }
    return nil
  }

  /// `$$text$$` or `$tag$text$tag$`, else a parameter.
  private mutating func dollar() -> Bool {
    let tag = text[(at + 1)...].prefix { ASCII.isWord($0) }
    let begin = at + 1 + tag.count
    if begin < text.count, text[begin] == UInt8(ascii: "$"),
      !(tag.first.map(ASCII.isDigit) ?? false)
    {
      let delimiter = text[at...begin]
      var end = begin + 1
      while end + delimiter.count <= text.count {
        if text[end] == UInt8(ascii: "$"), text[end..<end + delimiter.count] == delimiter {
          at = end + delimiter.count
          out.append(Self.placeholder)
          return true
        }
        end += 1
      }
      return false
    }
    out.append(byte())
    at += 1
    return true
  }

  /// Digits with all that may belong to them: `0x1f`, `1.5e-3`, `10_000`.
  private mutating func number() -> Bool {
    while at < text.count {
      let isSign = byte() == UInt8(ascii: "+") || byte() == UInt8(ascii: "-")
      let isExponent = at > 0 && text[at - 1] | 0x20 == UInt8(ascii: "e")
      let isPart =
        ASCII.isWord(byte()) || byte() == UInt8(ascii: ".") || byte() >= 0x80
        || isSign && isExponent && ASCII.isDigit(byte(1))
      guard isPart else { break }
      at += 1
    }
    out.append(Self.placeholder)
    return true
  }

  // MARK: - Names

  /// A word; `?` for one with letters outside ASCII. What else is outside may be a kind of quote.
  private mutating func word() -> Bool {
    let start = at
    while at < text.count, ASCII.isWord(byte()) || byte() >= 0x80 || byte() == UInt8(ascii: "$") {
      at += 1
    }
    let word = text[start..<at]
    // The beginning of a text between dollars, where `$` is no part of names.
    if zip(word, word.dropFirst()).contains(where: { $0 == $1 && $0 == UInt8(ascii: "$") }) {
      return false
    }
    if !word.allSatisfy({ $0 < 0x80 }) {
      out.append(Self.placeholder)
      return String(decoding: word, as: UTF8.self).unicodeScalars.allSatisfy {
        $0.isASCII || $0.properties.isAlphabetic
      }
    }
    out += word
    guard [5, 6, 10].contains(word.count) else { return true }
    return switch String(decoding: word, as: UTF8.self).lowercased() {
    // Data comes after `COPY … FROM STDIN` and `INSERT … FORMAT CSV`, a password after `IDENTIFIED
    // BY`.
    case "stdin", "identified": false
    case "format": text[at...].first { $0 > 0x20 } == UInt8(ascii: "(")
    default: true
    }
  }

  /// A name with SQL Server, an index or an array with others; unclear when a quote stands alone
  /// in it.
  private mutating func bracket() -> Bool {
    // "A regular identifier … can contain up to 128 characters."
    let inner = text[(at + 1)...].prefix(4 * 128).prefix { $0 != UInt8(ascii: "]") }
    let isClosed = inner.endIndex < text.count && text[inner.endIndex] == UInt8(ascii: "]")
    for quote in "'\"`".utf8 where isClosed {
      if !inner.count(where: { $0 == quote }).isMultiple(of: 2) { return false }
    }
    out.append(byte())
    at += 1
    return true
  }

  // MARK: - Comments

  /// To the end of the line. What may be no comment is left out all the same, as long as both
  /// readings go on alike behind the line.
  private mutating func lineComment(isSure: Bool) -> Bool {
    let line = text[at...].prefix { $0 != 0x0a }
    // PostgreSQL ends a line at a CR, MySQL does not.
    if line.dropLast().contains(0x0d) { return false }
    if !isSure {
      let begins = zip(line, line.dropFirst()).contains {
        $0 == UInt8(ascii: "/") && $1 == UInt8(ascii: "*")
      }
      if begins || line.contains(where: { "'\"`$[;".utf8.contains($0) }) { return false }
    }
    at = line.endIndex
    space()
    return true
  }

  /// Unclear with another one in it: PostgreSQL reads on to the end of the outer one, MySQL to the
  /// end of the inner one.
  private mutating func blockComment() -> Bool {
    var end = at + 2
    while end + 1 < text.count {
      switch (text[end], text[end + 1]) {
      case (UInt8(ascii: "*"), UInt8(ascii: "/")):
        at = end + 2
        space()
        return true
      case (UInt8(ascii: "/"), UInt8(ascii: "*")): return false
      default: end += 1
      }
    }
    return false
  }
}
