import CustodyStore
import Foundation

/// What a data backup holds.
public struct BackupSummary: Sendable {
  /// Events in the copy of the ledger.
  public let eventCount: Int
  /// Bytes of all its files.
  public let byteCount: Int
}

extension Store {
  /// Copies everything but keys into a folder: settings, ledger, objects and anchors.
  ///
  /// With a key backup, ``Recovery`` makes a store of it again. What is computed is left out, and made
  /// again. The store may be in use meanwhile. The copy of the ledger is verified before it takes its
  /// place.
  ///
  /// - Parameters:
  ///   - target: a folder that is not there yet.
  ///   - replacing: whether an older backup there is replaced, once the new one is whole.
  ///   - progress: called with events verified so far and in all.
  /// - Throws: `alreadyExists`; `usage` for a place in the store; `needsRecovery` for a store that is
  ///   not clean, `damaged` for one that does not verify or has fewer events than the backup that
  ///   would be replaced: a worse copy takes no better one's place.
  ///
  /// Cost: reads and writes the whole ledger and every object, and reads the copy of the ledger again.
  public func backUp(
    to target: String, replacing: Bool = false, progress: VerificationProgress? = nil
  ) throws -> BackupSummary {
    let path = Store.absolute(target)
    guard replacing || !FileIO.exists(path) else {
      throw CustodyError(.alreadyExists, "\(target) exists already. Replace it with --force.")
    }
    try OutsidePath.check(path, self)
    try OutsidePath.checkReplacement(of: path, byFolder: true)
    let own = Layout(root: path)
    // What is no backup is somebody's; what holds keys is a store.
    if FileIO.exists(path), !(try FileIO.names(in: path)).isEmpty,
      !FileIO.exists(own.settings) || FileIO.exists(own.keys)
    {
      throw CustodyError(.alreadyExists, "\(target) is no backup of a store. Name another folder.")
    }
    let condition = try folder.condition()
    guard condition == .clean else {
      throw CustodyError(
        .needsRecovery,
        "\(condition.explanation) To keep the store as it is, copy its folder while nothing uses it."
      )
    }
    let building = OutsidePath.building(path, self)
    defer { UnfinishedFiles.remove(building) }
    let copy = Layout(root: building)
    let eventCount = try folder.copyData(to: copy)
    try check(copy, replacing: own, eventCount, progress)
    let byteCount = try FileIO.files(under: building).files.reduce(0) {
      $0 + FileIO.size("\(building)/\($1)")
    }
    try OutsidePath.move(building, to: path, replacing: replacing)
    return BackupSummary(eventCount: eventCount, byteCount: byteCount)
  }

  /// Refuses a copy that is worth less than what it would replace.
  private func check(
    _ copy: Layout, replacing older: Layout, _ eventCount: Int, _ progress: VerificationProgress?
  ) throws {
    var verification = LedgerVerification(path: copy.ledger, level: .bodies)
    verification.verifierKeys = [try verifierKey]
    verification.progress = progress
    if let finding = try verification.run().findings.first {
      throw CustodyError(
        .damaged,
        "The ledger does not verify (\(finding.rule.rawValue)), and no backup of it was made. Run: "
          + "custody verify")
    }
    guard FileIO.exists(older.ledger) else { return }
    let before = try ReaderPool(path: older.ledger).read { try $0.size() }
    guard before <= eventCount else {
      throw CustodyError(
        .damaged,
        "The backup that is there has \(before) events, and the store \(eventCount): it was left as it "
          + "is. Name another folder.")
    }
  }
}
