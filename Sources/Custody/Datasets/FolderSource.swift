import CustodyModel
import CustodyStore
import Foundation

/// The files below a folder: each is a record, its path below the folder the natural key. An empty
/// folder is a record too.
final class FolderSource: DatasetSource {
  private struct Entry {
    let key: [UInt8]
    let file: SourceFile
    let metadata: RecordChange.File
    let isFolder: Bool
    let subjects: [String]

    var record: SourceRecord {
      SourceRecord(
        key: key, line: nil, content: isFolder ? .bytes([]) : .file(file), file: metadata,
        subjects: subjects)
    }
  }

  let name: String
  private let entries: [Entry]
  let size: Int
  var frame: [UInt8]? { nil }

  /// Finds every file; reads none.
  ///
  /// - Throws: `invalidInput` for what is neither a file nor a folder, for names that are not UTF-8
  ///   or that differ in case or Unicode form only.
  init(_ path: String, subjects: SubjectRule) throws {
    name = path
    var entries: [Entry] = []
    try Self.walk(path, below: "", subjects, &entries)
    entries.sort { $0.key.lexicographicallyPrecedes($1.key) }
    try Self.checkNames(entries)
    self.entries = entries
    size = entries.reduce(0) { $0 + $1.file.size }
  }

  private static func walk(
    _ root: String, below prefix: String, _ subjects: SubjectRule, _ entries: inout [Entry]
  ) throws {
    let folder = prefix.isEmpty ? root : "\(root)/\(prefix)"
    for name in try names(in: folder) {
      let key = prefix.isEmpty ? name : "\(prefix)/\(name)"
      let path = "\(root)/\(key)"
      var status = stat()
      guard lstat(path, &status) == 0 else {
        throw CustodyError(SystemCallError("lstat"), path: path)
      }
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      guard isFolder || status.st_mode & S_IFMT == S_IFREG else {
        throw CustodyError(
          .invalidInput,
          "\(path) is \(describe(status.st_mode)): only files and folders can be committed. Remove "
            + "it, or copy what it leads to.")
      }
      if isFolder, try !names(in: path).isEmpty {
        try walk(root, below: key, subjects, &entries)
        continue
      }
      entries.append(
        Entry(
          key: Array(key.utf8), file: SourceFile(path, isFolder ? emptied(status) : status),
          metadata: SourceFile.metadata(status), isFolder: isFolder,
          subjects: try subjects.subjects(ofPath: key)))
    }
  }

  private static func emptied(_ status: stat) -> stat {
    var status = status
    status.st_size = 0
    return status
  }

  private static func describe(_ mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFLNK: "a symbolic link"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }

  private static func names(in folder: String) throws -> [String] {
    guard let stream = opendir(folder) else {
      throw CustodyError(SystemCallError("opendir"), path: folder)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      guard let name = String(validating: bytes, as: UTF8.self) else {
        throw CustodyError(
          .invalidInput,
          "A name in \(folder) is not UTF-8: \(String(decoding: bytes, as: UTF8.self)). Rename it.")
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Names that differ in case or Unicode form only are one file on other systems.
  private static func checkNames(_ entries: [Entry]) throws {
    var seen: [String: Int] = [:]
    for (index, entry) in entries.enumerated() {
      let name = String(decoding: entry.key, as: UTF8.self)
      let folded = name.precomposedStringWithCanonicalMapping.lowercased()
      if let earlier = seen.updateValue(index, forKey: folded) {
        let other = String(decoding: entries[earlier].key, as: UTF8.self)
        throw CustodyError(
          .invalidInput,
          "\(other) and \(name) differ in case or Unicode form only: elsewhere they would be one "
            + "file. Rename one of them.")
      }
    }
  }

  /// A batch is full when it has so many files or bytes.
  private static let batchCountMax = 2048
  private static let batchSizeMax = 8 << 20

  func forEachBatch(_ body: (SourceBatch) async throws -> Void) async throws {
    var start = 0
    while start < entries.count {
      var end = start
      var bytes = 0
      while end < entries.count, end - start < Self.batchCountMax, bytes < Self.batchSizeMax {
        bytes += min(entries[end].file.size, RecordContent.pieceSize)
        end += 1
      }
      let batch = entries[start..<end]
      try await body(
        SourceBatch(first: start, count: batch.count) { batch[batch.startIndex + $0].record })
      start = end
    }
  }
}
