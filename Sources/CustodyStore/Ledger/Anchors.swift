import CustodyLedger
import Foundation

/// Signed checkpoints as files: the newest one and, in growing distances, older ones.
package struct Anchors: Sendable {
  package let folder: String

  package init(folder: String) { self.folder = folder }

  static let newest = "newest.note"

  /// Keeps a note: always as the newest, and under its size when that is the first one past a
  /// power of two.
  package func keep(_ note: SignedNote, _ checkpoint: Checkpoint, previousSize: Int) throws {
    let bytes = Array(note.encoded.utf8)
    try FileIO.replace("\(folder)/\(Self.newest)", with: bytes, mode: 0o600, isDurable: false)
    let isSpaced =
      previousSize == 0
      || checkpoint.size.leadingZeroBitCount < previousSize.leadingZeroBitCount
    if isSpaced {
      let name = "\(checkpoint.origin.incarnation)-\(checkpoint.size).note"
      try FileIO.replace("\(folder)/\(name)", with: bytes, mode: 0o600)
    }
  }

  /// All notes by their file names, or what keeps each from being read.
  package func notes() throws -> [(name: String, note: Result<String, CustodyError>)] {
    try FileIO.names(in: folder).compactMap { name in
      guard name.hasSuffix(".note") else { return nil }
      do {
        let bytes = try FileIO.read("\(folder)/\(name)")
        // A power cut may leave a file that was not synced empty.
        return bytes.isEmpty ? nil : (name, .success(String(decoding: bytes, as: UTF8.self)))
      } catch let error as CustodyError {
        return (name, .failure(error))
      }
    }
  }
}
