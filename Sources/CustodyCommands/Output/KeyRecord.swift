import Custody

/// A data key as `key list` and `key show` print it.
enum KeyRecord {
  static let columns: [RecordWriter.Column] = [
    .init("key"), .init("purpose"), .init("class"), .init("subject"), .init("epoch", detail: true),
  ]

  static func row(_ entry: Keys.Entry) -> [Cell] {
    [
      .text(entry.id.hex), .text(entry.purpose), entry.dataClass.map { .text($0) } ?? .absent,
      entry.subjectID.map { .text($0.hex) } ?? .absent, .text(entry.epoch.hex),
    ]
  }
}
