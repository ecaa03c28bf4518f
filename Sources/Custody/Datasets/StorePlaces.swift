import CustodyStore
import Foundation

/// The folders of a store, by device and inode, whatever path leads to them: none of them belongs in
/// a dataset, where the store's keys would be sealed under themselves.
struct StorePlaces: Sendable {
  private var places: [(device: dev_t, inode: ino_t, what: String)] = []

  init(_ folder: StoreFolder) {
    for (path, what) in folder.ownFolders {
      var status = stat()
      // What is not there cannot be met.
      guard stat(path, &status) == 0 else { continue }
      places.append((status.st_dev, status.st_ino, what))
    }
  }

  /// - Throws: `invalidInput` when the folder at `path` is one of them.
  func check(_ status: stat, _ path: String) throws {
    for place in places where place.device == status.st_dev && place.inode == status.st_ino {
      throw CustodyError(
        .invalidInput,
        "\(path) holds \(place.what), which no dataset can contain. Commit a folder below that is "
          + "without it, or move it elsewhere.")
    }
  }
}
