import CustodyProjections
import CustodyStore

extension Datasets {
  /// Datasets as the ledger knew them at a moment: later versions, tags and datasets are not there.
  ///
  /// Contents are what can be opened now: what was erased since is gone from every moment. Commits
  /// and tags are refused; a restore reads what was known then and is recorded now.
  ///
  /// - Throws: `CustodyError` when the ledger cannot be read.
  public func known(at moment: Moment) throws -> Datasets {
    guard moment != .head else { return self }
    return Datasets(store: store, end: min(end, try store.eventCount(at: moment)))
  }

  /// A version by a REF: `v3`, a tag, a position, a date or time, `P30D`, `head`.
  ///
  /// - Throws: `notFound`.
  public func version(_ name: String, _ reference: String = "head") throws -> Version {
    let row = try existing(name)
    let found = try version(row, reference)
    return try list { listing, _ in
      try version(found, row, try listing.tags(of: row.id, below: end), listing)
    }
  }

  func version(_ row: DatasetRow, _ reference: String) throws -> VersionRow {
    let found: VersionRow? = try list { listing, reader in
      // Int alone would also read v+1, which can be a tag.
      if let match = reference.wholeMatch(of: /v(\d+)/), let number = Int(match.1) {
        return try reader.version(number, of: row.id).flatMap {
          $0.position.value < end ? $0 : nil
        }
      }
      let tags = try listing.tags(of: row.id, below: end)
      if let tag = tags.first(where: { $0.tag == reference }) {
        return try reader.version(tag.number, of: row.id)
      }
      guard let moment = store.moment(reference) else { return nil }
      return try reader.newest(of: row.id, below: min(end, try store.eventCount(at: moment)))
    }
    guard let found else {
      let then = end == .max ? "" : " at that moment"
      throw CustodyError(
        .notFound,
        "\(row.name) has no version \(reference)\(then). `custody dataset log \(row.name)` lists "
          + "them.")
    }
    return found
  }

  /// Whether a tag would be taken for another kind of REF.
  static func looksLikeReference(_ text: String) -> Bool {
    text.wholeMatch(of: /v?\d+|P\d+D/) != nil
      || Moment(text, now: Timestamp(microseconds: 0)) != nil
  }

  /// What was known at a moment cannot be written to.
  func checkIsCurrent() throws {
    guard end == .max else {
      throw CustodyError(
        .usage, "What was known at a moment cannot be changed: leave out the moment.")
    }
  }
}
