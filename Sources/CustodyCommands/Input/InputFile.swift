import Custody
import CustodyStore
import Foundation

/// Small files that a command reads whole.
enum InputFile {
  /// - Throws: ``CustodyError`` naming the file.
  static func read(_ path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CustodyError(.notFound, "\(path) cannot be read. Check that it exists and its mode.")
    }
    return Array(data)
  }
}

/// Files that a command writes for its user.
enum OutputFile {
  /// Writes `bytes` whole or not at all.
  static func write(_ bytes: [UInt8], to path: String, replacing: Bool) throws {
    guard replacing || !FileManager.default.fileExists(atPath: path) else {
      throw CustodyError(.alreadyExists, "\(path) exists already. Replace it with --force.")
    }
    try FileIO.replace(path, with: bytes, mode: 0o600)
  }
}
