import CustodyLedger
import Testing

@Suite("Times")
struct TimestampTests {
  @Test(
    "RFC 3339 is read and written",
    arguments: [
      ("1970-01-01T00:00:00Z", 0),
      ("1969-12-31T23:59:59.999999Z", -1),
      ("1970-01-01T00:00:00.000001Z", 1),
      ("2026-01-01T00:00:00Z", 1_767_225_600_000_000),
      ("2026-01-01T00:00:01.000003Z", 1_767_225_601_000_003),
      ("2000-02-29T12:34:56.100000Z", 951_827_696_100_000),
      ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
      ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ])
  func known(text: String, microseconds: Int64) throws {
    #expect(try #require(Timestamp(text)).microseconds == microseconds)
    #expect(Timestamp(microseconds: microseconds).description == text)
  }

  @Test(
    "other ways to write the same moment",
    arguments: [
      ("2026-03-01", "2026-03-01T00:00:00Z"),
      ("2026-03-01T00:00:00.0Z", "2026-03-01T00:00:00Z"),
      ("2026-03-01t00:00:00z", "2026-03-01T00:00:00Z"),
      ("2026-03-01 00:00:00Z", "2026-03-01T00:00:00Z"),
      ("2026-03-01T01:30:00+01:30", "2026-03-01T00:00:00Z"),
      ("2026-02-28T16:00:00-08:00", "2026-03-01T00:00:00Z"),
      ("2026-03-01T00:00:00-00:00", "2026-03-01T00:00:00Z"),
      ("2026-03-01T23:59:00+23:59", "2026-03-01T00:00:00Z"),
      ("2026-03-01T00:00:00.1Z", "2026-03-01T00:00:00.100000Z"),
      ("2026-03-01T00:00:00.1234567Z", "2026-03-01T00:00:00.123456Z"),
      ("2026-03-01T00:00:00.9999999999999999999999Z", "2026-03-01T00:00:00.999999Z"),
    ])
  func equal(text: String, canonical: String) throws {
    #expect(try #require(Timestamp(text)).description == canonical)
  }

  @Test(
    "these are no times",
    arguments: [
      "", "2026", "2026-01", "2026-1-01", "26-01-01", "2026-01-01T", "2026-01-01T00:00Z",
      "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z",
      "2026-00-01", "2026-13-01", "2026-01-00", "2026-01-32", "2026-02-29", "1900-02-29",
      "2024-02-30", "2026-04-31", "2026-06-31", "2026-09-31", "2026-11-31", "0000-01-01",
      "-001-01-01", "+2026-01-01", "12026-01-01", "2026/01/01", "2026-01-01T24:00:00Z",
      "2026-01-01T00:60:00Z", "2026-01-01T23:59:60Z", "2026-01-01T00:00:00ZZ",
      "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+24:00",
      "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00+01", "2026-01-01Z", " 2026-01-01",
      "2026-01-01 ", "2026-01-01T00:00:00.5", "２０２６-01-01", "2026-01-01T00:00:00.१Z",
    ])
  func refused(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test("what is written is read back, to the microsecond", arguments: 0..<200 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var random = TestRandom(seed: seed)
    for _ in 0..<20 {
      let time = Timestamp(
        microseconds: Int64.random(
          in: -62_135_596_800_000_000...253_402_300_799_999_999, using: &random))
      #expect(try #require(Timestamp(time.description)) == time)
      let later = Timestamp(microseconds: time.microseconds + 1)
      #expect(time < later)
    }
  }

  @Test("every day of four centuries is the day after the one before")
  func calendar() throws {
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    let start = try #require(Timestamp("1601-01-01")).microseconds
    var days: Int64 = 0
    for year in 1601...2000 {
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      for (month, length) in lengths.enumerated() {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let count = month == 1 && isLeap ? 29 : length
        for day in 1...count {
          let text = "\(year)-\(two(month + 1))-\(two(day))"
          let microseconds = start + days * 86_400_000_000
          if Timestamp(text)?.microseconds != microseconds
            || Timestamp(microseconds: microseconds).description != text + "T00:00:00Z"
          {
            Issue.record("\(text)")
          }
          days += 1
        }
        #expect(Timestamp("\(year)-\(two(month + 1))-\(two(count + 1))") == nil)
      }
    }
    #expect(days == 146_097)
  }

  @Test(
    "every number of microseconds has a description, also outside the years that are read",
    arguments: [
      (Int64.min, "-290308-12-21T19:59:05.224192Z"),
      (Int64.max, "294247-01-10T04:00:54.775807Z"),
      (-62_135_596_800_000_001, "0000-12-31T23:59:59.999999Z"),
      (253_402_300_800_000_000, "10000-01-01T00:00:00Z"),
    ])
  func extremes(microseconds: Int64, text: String) {
    #expect(Timestamp(microseconds: microseconds).description == text)
    #expect(Timestamp(text) == nil)
  }
}
