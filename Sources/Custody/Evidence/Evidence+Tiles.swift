import CustodyStore
import Foundation

extension Evidence {
  /// Writes the ledger as C2SP tiles: what other people's tools read. Entries are headers, never
  /// bodies.
  ///
  /// - Parameters:
  ///   - note: a checkpoint of this ledger that somebody keeps; the newest one when nil.
  ///   - target: a folder.
  ///   - replacing: whether what is there is replaced.
  ///   - progress: called with events written so far and in all.
  /// - Returns: how many events there are in it: those of the checkpoint.
  ///
  /// Cost: a row an event, about 350 bytes of files; memory does not grow.
  public func exportTiles(
    under note: String? = nil, to target: String, replacing: Bool = false,
    progress: Store.VerificationProgress? = nil
  ) throws -> Int {
    let path = Store.absolute(target)
    guard replacing || !FileIO.exists(path) else {
      throw CustodyError(.alreadyExists, "\(target) exists already. Replace it with --force.")
    }
    try OutsidePath.check(path, store)
    try OutsidePath.checkReplacement(of: path, byFolder: true)
    // What is no export is somebody's.
    if FileIO.exists(path) {
      let own: Set = [TileLayout.checkpoint, "tile"]
      guard try own.isSuperset(of: FileIO.names(in: path)) else {
        throw CustodyError(
          .alreadyExists, "\(target) holds other files than tiles. Name another folder.")
      }
    }
    let anchor = try store.folder.read { try self.anchor(note, $0) }
    let building = OutsidePath.building(path, store)
    defer { UnfinishedFiles.remove(building) }
    do {
      var tiles = TileWriter(building)
      try forEachPage(0..<anchor.size) { events in
        for event in events { try tiles.append(event.header) }
        progress?(events.last!.header.place.position.value + 1, anchor.size)
      }
      try tiles.finish(checkpoint: anchor.note)
      try OutsidePath.move(building, to: path, replacing: replacing)
    } catch {
      try? FileManager.default.removeItem(atPath: building)
      throw error
    }
    return anchor.size
  }
}

/// Writes entries, tiles and tiles of tiles as they fill.
private struct TileWriter {
  private let folder: String
  private var tiles = TileStack()
  private var bundle: [UInt8] = []
  private var made: Set<String> = []

  init(_ folder: String) { self.folder = folder }

  mutating func append(_ header: Header) throws {
    let bytes = header.bytes
    bundle += [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)]
    bundle += bytes
    for tile in tiles.append(header.leaf) { try write(tile.bytes, tile.name) }
    guard tiles.size.isMultiple(of: TileLayout.width) else { return }
    let place = tiles.size / TileLayout.width - 1
    try write(bundle, TileLayout.bundle(place, width: TileLayout.width))
    bundle.removeAll(keepingCapacity: true)
  }

  mutating func finish(checkpoint: String) throws {
    let (place, partial) = tiles.size.quotientAndRemainder(dividingBy: TileLayout.width)
    if partial > 0 { try write(bundle, TileLayout.bundle(place, width: partial)) }
    for tile in tiles.partial { try write(tile.bytes, tile.name) }
    try write(Array(checkpoint.utf8), TileLayout.checkpoint)
  }

  private mutating func write(_ bytes: [UInt8], _ name: String) throws {
    let path = "\(folder)/\(name)"
    let parent = PathParts.folder(of: path)
    if made.insert(parent).inserted {
      do {
        try FileManager.default.createDirectory(
          atPath: parent, withIntermediateDirectories: true,
          attributes: [.posixPermissions: 0o700])
      } catch {
        throw CustodyError(.permission, "\(parent) cannot be made.", cause: error)
      }
    }
    let file = try FileIO.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    defer { close(file) }
    try FileIO.writeAll(file, bytes, path)
  }
}
