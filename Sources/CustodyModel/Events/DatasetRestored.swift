/// Records of a version were written somewhere outside the store, which no erasure reaches.
package struct DatasetRestored: VersionedEvent {
  package static let type = "dataset.restored"
  package static let version: UInt16 = 3
  /// Of a part under more keys, none are said.
  package static let keyCountMax = 1000

  package let dataset: String
  package let number: Int
  package let records: Int
  /// Records of the version whose keys are gone.
  package let missing: Int
  /// Records that were left out because they are restricted.
  package let restricted: Int
  /// On which ground restricted records were read, one of ``RestrictionGround``; nil when they were not.
  package let ground: String?
  /// What for, as it was said.
  package let purpose: String?
  /// The keys that seal what was written, where somebody chose a part of the version; nil where it was not a
  /// part, or is under more than ``keyCountMax``.
  package let keys: [String]?
  /// Where they were written.
  package let target: String

  package init(
    dataset: String, number: Int, records: Int, missing: Int, restricted: Int, ground: String?,
    purpose: String?, keys: [String]?, target: String
  ) {
    self.dataset = dataset
    self.number = number
    self.records = records
    self.missing = missing
    self.restricted = restricted
    self.ground = ground
    self.purpose = purpose
    self.keys = keys
    self.target = target
  }

  /// Written before anything could be restricted, version 1 does not speak of it; before version 3 nobody
  /// said what for.
  package func content(version: UInt16) -> [UInt8] {
    var writer = JSONWriter()
    writer.member("dataset", dataset)
    writer.member("version", number)
    writer.member("records", records)
    writer.member("missing", missing)
    if version > 1 {
      writer.member("restricted", restricted)
      writer.member("ground", ground)
    }
    if version > 2 {
      writer.member("purpose", purpose)
      if let keys {
        writer.member("keys", strings: keys)
      } else {
        writer.member("keys", json: "null")
      }
    }
    writer.member("target", target)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8], version: UInt16) {
    guard (1...Self.version).contains(version), let reader = MemberReader(content),
      let dataset = reader.string("dataset"),
      let number = reader.integer("version"), let records = reader.integer("records"),
      let missing = reader.integer("missing"), let target = reader.string("target"),
      let restricted = version > 1 ? reader.integer("restricted") : 0, number > 0
    else { return nil }
    self.init(
      dataset: dataset, number: number, records: records, missing: missing, restricted: restricted,
      ground: version > 1 ? reader.string("ground") : nil,
      purpose: version > 2 ? reader.string("purpose") : nil,
      keys: version > 2 ? reader.strings("keys") : nil, target: target)
  }

  package static let example = DatasetRestored(
    dataset: "counseling", number: 2, records: 999, missing: 1, restricted: 2, ground: nil,
    purpose: "quality", keys: [String(repeating: "1", count: 32)], target: "/srv/review")
}
