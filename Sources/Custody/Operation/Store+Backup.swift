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
  /// again. The store may be in use meanwhile.
  ///
  /// - Parameters:
  ///   - target: a folder that is not there yet.
  ///   - replacing: whether an older backup there is replaced, once the new one is whole.
  /// - Throws: `alreadyExists`; `usage` for a place in the store.
  ///
  /// Cost: reads and writes the whole ledger and every object.
  public func backUp(to target: String, replacing: Bool = false) throws -> BackupSummary {
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
    let building = OutsidePath.building(path, self)
    defer { UnfinishedFiles.remove(building) }
    let eventCount = try folder.copyData(to: Layout(root: building))
    let files = FileManager.default.enumerator(atPath: building)?.compactMap { $0 as? String } ?? []
    let byteCount = files.filter { !FileIO.isFolder("\(building)/\($0)") }.reduce(0) {
      $0 + FileIO.size("\(building)/\($1)")
    }
    try OutsidePath.move(building, to: path, replacing: replacing)
    return BackupSummary(eventCount: eventCount, byteCount: byteCount)
  }
}
