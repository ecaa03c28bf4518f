import CustodyLedger
import CustodyModel
import Testing

@Suite("What is said of people")
struct PersonFactTests {
  @Test("a date is a day that exists, written in one way")
  func dates() throws {
    for text in ["2026-01-31", "2024-02-29", "0001-01-01", "9999-12-31", "1969-12-31"] {
      #expect(try #require(CalendarDate(text)).description == text)
      #expect(try #require(DateOrTime(text)).description == text)
    }
    for text in [
      "", "2026-02-29", "2026-13-01", "2026-1-31", "26-01-31", "2026-01-31T00:00:00Z", "2026/01/31",
      "2026-01-31 ", "０026-01-3", "0000-01-01",
    ] { #expect(CalendarDate(text) == nil, "\(text)") }
    #expect(try #require(CalendarDate("1999-12-31")) < #require(CalendarDate("2000-01-01")))
  }

  @Test("a time has a zone and is written in UTC")
  func times() throws {
    #expect(DateOrTime("2026-01-31T08:00:00+02:00")?.description == "2026-01-31T06:00:00Z")
    for text in ["2026-01-31T08:00:00", "yesterday", "41", "P30D", "head", ""] {
      #expect(DateOrTime(text) == nil, "\(text)")
    }
  }

  @Test("a day has begun when it has begun in the first time zone, a time when it has come")
  func begun() throws {
    let date = try #require(DateOrTime("2026-02-01"))
    #expect(date.hasBegun(by: try #require(Timestamp("2026-01-31T10:00:00Z"))))
    #expect(!date.hasBegun(by: try #require(Timestamp("2026-01-31T09:59:59Z"))))
    let time = try #require(DateOrTime("2026-02-01T00:00:00Z"))
    #expect(time.hasBegun(by: try #require(Timestamp("2026-02-01"))))
    #expect(!time.hasBegun(by: try #require(Timestamp("2026-01-31T23:59:59Z"))))
  }

  @Test("a jurisdiction has the form of ISO 3166")
  func jurisdictions() {
    for code in ["DE", "US-IL", "GB-ENG", "FR-75", "CH-1"] {
      #expect(Jurisdiction(code)?.code == code)
    }
    for code in ["", "D", "DEU", "de", "US-", "US-ILLI", "US_IL", "-IL", "US-il", "ÄÖ", "US-IL "] {
      #expect(Jurisdiction(code) == nil, "\(code)")
    }
  }

  @Test("a kind of event is words in lower case, with hyphens between them")
  func kinds() {
    let longest = String(repeating: "a", count: SubjectEventKind.byteCountMax)
    for name in ["moved", "moved-away", "age-18", longest] {
      #expect(SubjectEventKind(name)?.name == name)
    }
    for name in [
      "", "Moved", "moved_away", "-moved", "moved-", "moved--away", "18-years", "moved away",
      "mové",
      longest + "a",
    ] { #expect(SubjectEventKind(name) == nil, "\(name)") }
    #expect(SubjectEventKind.known.allSatisfy { SubjectEventKind($0.name) == $0 })
    #expect(
      SubjectEventKind.known.filter(\.isOfThePast).map(\.name) == ["last-interaction", "death"])
  }
}
