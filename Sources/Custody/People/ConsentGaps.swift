import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

extension Consents {
  /// Processing outside of what people allowed: what was read by runs, restores and disclosures, where data
  /// about somebody was among it who had not allowed the purpose when it began, or where none is named.
  ///
  /// What counts is what is known now of that time, or at the moment these consents are known at: a
  /// consent that was recorded later and is in force from before counts. Any `LegalBasis` allows a
  /// purpose. What was restricted and left out was not read. Runs that other tools report are among them, for
  /// each purpose that their tags name.
  ///
  /// - Parameters:
  ///   - purpose: only what names this purpose.
  ///   - filter: what began when, by where and when the first events of it were recorded; its other parts
  ///     are not looked at.
  /// - Returns: a gap for each input of each run, each restore and each disclosure, in the order of the
  ///   ledger.
  ///
  /// Cost: everything that was said of consents, a pass over all uses of the lineage, the records of each
  /// version that was read, once, and the people of what was read each time.
  public func gaps(
    purpose: String? = nil, in filter: EventFilter = EventFilter()
  ) async throws -> [ConsentGap] {
    let known = EventFilter(
      from: filter.from,
      to: end == .max ? filter.to : min(filter.to ?? Position(end), Position(end)),
      since: filter.since, until: filter.until)
    guard let keyring = store.folder.keyring else {
      throw CustodyError(.usage, "Looking for gaps needs the store opened with its secrets.")
    }
    // Of many people each takes its time, and neither waits for the other.
    async let people = keyring.peopleByKey()
    let consents = try all()
    var finder = try ConsentGapFinder(store, keyring, consents, try await people)
    let readings = try await ownReadings(known) + reportedReadings(known)
    return try readings.filter { purpose == nil || $0.purpose == purpose }
      .enumerated().sorted { ($0.element.position, $0.offset) < ($1.element.position, $1.offset) }
      .compactMap { try finder.gap(of: $0.element) }
  }
}
