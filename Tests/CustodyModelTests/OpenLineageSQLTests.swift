import CustodyModel
import CustodyTesting
import Testing

@Suite("Masked SQL")
struct OpenLineageSQLTests {
  private func masked(_ query: String, _ dialect: String? = nil) -> String {
    String(decoding: SQLMask.masked(Array(query.utf8)[...], dialect: dialect), as: UTF8.self)
  }

  @Test(
    "has names and words, and a question mark for each literal",
    arguments: [
      ("", ""), ("  ", "?"),
      (
        "select a, b.c from t where d = 'x' and e in (1, 2.5, -3e-7, .5, 0x1F)",
        "select a, b.c from t where d = ? and e in (?, ?, -?, ?, ?)"
      ),
      (
        "SELECT 'it''s', '', N'x', x'00', E'x', DATE '2026-01-01' FROM t1",
        "SELECT ?, ?, N?, x?, E?, DATE ? FROM t1"
      ),
      ("select 10_000, 1.e5, t2.c3, a1 from s", "select ?, ?, t2.c3, a1 from s"),
      ("select\n\t a\r\n from   t ;\n  select b ;", "select a from t ; select b ;"),
      ("select a -- to Jane\nfrom t --", "select a from t"),
      ("/* by\n Jane */ select a /**/ from t", "select a from t"),
      ("insert into t values ('a', 1), ('b', 2)", "insert into t values (?, ?), (?, ?)"),
      (
        "select $$Jane$$, $q$Ja$$ne$q$, $1, :name, @v, a::text from t",
        "select ?, ?, $?, :name, @v, a::text from t"
      ),
      ("select `a b`.c from `p.d.t`", "select `a b`.c from `p.d.t`"),
      ("select [a b] from [dbo].[t] where c[1] = 2", "select [a b] from [dbo].[t] where c[?] = ?"),
      ("(select a from t)", "(select a from t)"),
      ("select {{ ref('model') }} from ${t}", "select {{ ref(?) }} from ${t}"),
      ("select größe, naïf from t", "select ?, ? from t"),
    ])
  func literals(query: String, expected: String) {
    #expect(masked(query) == expected)
    #expect(masked(expected) == expected)
  }

  @Test(
    "takes a double quote for a name only where it is one for sure",
    arguments: [
      ("postgres", #"select "Jane's" from t"#), ("DuckDB", #"select "Jane's" from t"#),
      ("mysql", "select ? from t"), ("bigquery", "select ? from t"), (nil, "select ? from t"),
    ] as [(String?, String)])
  func doubleQuotes(dialect: String?, expected: String) {
    #expect(masked(#"select "Jane's" from t"#, dialect) == expected)
  }

  /// Each hides `Jane` from a reader of some dialect; what comes behind has to be left out.
  @Test(
    "is left out from where two dialects read differently",
    arguments: [
      (nil, #"select 'it\'s', 'Jane' from t"#), (nil, #"select 'a\', Jane, 'b' from t"#),
      (nil, "select '''Jane's''' from t"), (nil, #"select """Jane "x" Jane""" from t"#),
      (nil, "select q'[it's Jane]' from t"), (nil, "select nq'{it's Jane}' from t"),
      (nil, "select 'Jane from t"), (nil, "select a /* 'Jane from t"),
      (nil, "select a /* /* */ , 'x*/ Jane' from t"),
      (nil, "select a --Jane's\n, 'Jane' from t"), (nil, "select a # Jane's\n, 'x' from t"),
      (nil, "select a // Jane's\n from t"), (nil, "select a -- b\r, Jane\n from t"),
      (nil, "select a --/* \n 'Jane' */ from t"), (nil, "select $q$Jane from t"),
      (nil, "select a$$Jane$$ from t"), (nil, "select [it's, 'Jane' ] from t"),
      (nil, "select \u{2018}Jane\u{2019} from t"), (nil, "select \u{ff07}Jane\u{ff07} from t"),
      (nil, #"select "a", \x Jane"#), ("postgres", "select `a 'Jane` ' from t"),
      ("postgres", #"select "a\"b", "Jane" from t"#),
      (nil, "select `a\\`b`, 'Jane' from t"), (nil, "copy t from stdin;\n1\tJane\n\\."),
      (nil, "insert into t format csv\n1,Jane"), (nil, "create user u identified by Jane"),
      (nil, "set mail.to=Jane O'Neill; select a"), (nil, "set x = Jane"),
      (nil, "Dear Jane, select a from t"), (nil, "{\"find\": \"Jane\"}"),
      (nil, "select a from t; Jane"), (nil, "rem Jane\nselect a"), (nil, "settings Jane"),
      (nil, "select a \u{0}Jane"), (nil, "select a # b; Jane\nJane"),
      (nil, "select a {# by\nJane #} from t"),
    ] as [(String?, String)])
  func unclear(dialect: String?, query: String) {
    let found = masked(query, dialect)
    #expect(!found.contains("Jane"), "\(found)")
    #expect(found.hasSuffix("?"), "\(found)")
    #expect(masked(found, dialect) == found)
  }

  @Test("goes on behind a setting")
  func settings() {
    #expect(
      masked("SET mail.to=Jane ; insert into t select a from s")
        == "SET ?; insert into t select a from s")
    #expect(masked("update t set a = 1, b = c") == "update t set a = ?, b = c")
  }

  @Test("goes on behind a line that is a comment with some, when it cannot hide a quote")
  func unsureComments() {
    for mark in ["#", "//", "--x"] {
      #expect(masked("select a \(mark) Jane\nfrom t") == "select a from t")
    }
  }

  // MARK: - Laws

  /// Parts of queries; each literal has the mark in it.
  private static func query(_ generator: inout SeededGenerator) -> String {
    let quotes = ["'", "\"", "`", "''", "\"\"", "\\'", "$$", "$a$", "[", "]", "'''", "\\"]
    let marks = ["--", "/*", "*/", "#", "//", ";", "\n", "\r", "(", ")", "q'[", "]'", "E'", "-- "]
    let words = [
      "select", "a", "from", "t", " ", " ", "1", "é", "’", "set", "=", ",", "?", ".", "$1",
    ]
    return "select "
      + (0..<Int.random(in: 0...14, using: &generator)).map { _ in
        [quotes, marks, words, words].randomElement(using: &generator)!
          .randomElement(using: &generator)!
      }.joined(separator: Bool.random(using: &generator) ? "" : " ")
  }

  @Test("masked again is the same, in every dialect", arguments: 0..<200)
  func idempotent(seed: UInt64) {
    var generator = SeededGenerator(seed)
    for _ in 0..<100 {
      let query = Self.query(&generator)
      for dialect in [nil, "postgres", "mysql"] {
        let once = masked(query, dialect)
        #expect(masked(once, dialect) == once, "\(query)")
        #expect(once.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
      }
    }
  }

  /// How texts are written, each in dialects that take them so.
  private static let literals: [(dialects: [String], write: @Sendable (String) -> String)] = [
    (["postgres", "mysql", "bigquery", "tsql"], { "'\($0.replacing("'", with: "''"))'" }),
    (
      ["mysql", "spark", "snowflake"],
      { text in
        "'\(text.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
      }
    ),
    (["mysql", "bigquery", "sqlite"], { "\"\($0.replacing("\"", with: "\"\""))\"" }),
    (["bigquery"], { "'''\($0.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'''" }),
    (["postgres", "snowflake"], { "$body$\($0)$body$" }),
    (["oracle"], { "q'!\($0)!'" }),
  ]

  @Test("has nothing of any text, whatever quotes are in it", arguments: 0..<200)
  func texts(seed: UInt64) {
    var generator = SeededGenerator(seed)
    let parts = [
      "Jane", "'", "\"", "`", "\\", "--", "/*", "*/", "#", "\n", ";", "[", "$", "é", " ", "(",
    ]
    for _ in 0..<50 {
      let (dialects, write) = Self.literals.randomElement(using: &generator)!
      let dialect =
        Bool.random(using: &generator) ? dialects.randomElement(using: &generator)! : nil
      let texts = (0..<3).map { _ in
        "Jane"
          + (0..<Int.random(in: 0...6, using: &generator))
          .map { _ in parts.randomElement(using: &generator)! }.joined()
      }
      // In no literal of its kind, these would end it.
      guard !texts.contains(where: { $0.contains("$") || $0.contains("!'") }) else { continue }
      let query =
        "select a from t where b = \(write(texts[0])) and c in (\(write(texts[1])), "
        + "\(write(texts[2]))) -- Jane\norder by d"
      let found = masked(query, dialect)
      #expect(!found.contains("Jane"), "\(dialect ?? "-"): \(query) -> \(found)")
      #expect(found.hasPrefix("select a from t where b ="))
    }
  }

  @Test("of a great size is no longer than the query")
  func large() {
    for part in ["'a' ", "( ", "/* */", "[", "$a$", "a b ", "-- x\n", "\"", "` ", "set "] {
      let query = "select " + String(repeating: part, count: 5000)
      #expect(masked(query).utf8.count <= query.utf8.count)
    }
  }
}
