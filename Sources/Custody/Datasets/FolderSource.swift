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
  /// - Parameter store: what must not be among them.
  /// - Throws: `invalidInput` for what is neither a file nor a folder, for names that are not UTF-8
  ///   or that differ in case or Unicode form only, and for the folders of the store.
  init(_ path: String, subjects: SubjectRule, outside store: StorePlaces? = nil) throws {
    name = path
    try store?.check(try SourceFile.status(of: path), path)
    var walk = Walk(root: path, subjects: subjects, store: store)
    try walk.visit("", try Self.names(in: path))
    var entries = walk.entries
    entries.sort { $0.key.lexicographicallyPrecedes($1.key) }
    try Self.checkNames(entries)
    self.entries = entries
    size = entries.reduce(0) { $0 + $1.file.size }
  }

  /// Goes through a folder and those below it.
  private struct Walk {
    let root: String
    let subjects: SubjectRule
    let store: StorePlaces?
    var entries: [Entry] = []

    /// - Parameter names: what is in the folder.
    mutating func visit(_ folder: String, _ names: [String]) throws {
      for name in names {
        let key = folder.isEmpty ? name : "\(folder)/\(name)"
        let path = "\(root)/\(key)"
        let status = try SourceFile.status(of: path)
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        if isFolder {
          try store?.check(status, path)
          let below = try FolderSource.names(in: path)
          guard below.isEmpty else {
            try visit(key, below)
            continue
          }
        }
        entries.append(
          Entry(
            key: Array(key.utf8),
            file: SourceFile(path, isFolder ? FolderSource.emptied(status) : status),
            metadata: SourceFile.metadata(status), isFolder: isFolder,
            subjects: try subjects.subjects(ofPath: key)))
      }
    }
  }

  private static func emptied(_ status: stat) -> stat {
    var status = status
    status.st_size = 0
    return status
  }

  private static func names(in folder: String) throws -> [String] {
    guard let stream = opendir(folder) else {
      throw CustodyError(SystemCallError("opendir"), path: folder)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      // The end and a fault are both nil: "To distinguish end of stream from an error, set errno to
      // zero before calling readdir() and then check the value of errno if NULL is returned."
      // (readdir(3))
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else { throw CustodyError(SystemCallError("readdir"), path: folder) }
        return names
      }
      let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      guard let name = String(validating: bytes, as: UTF8.self) else {
        throw CustodyError(
          .invalidInput,
          "A name in \(folder) is not UTF-8: \(String(decoding: bytes, as: UTF8.self)). Rename it.")
      }
      if name != ".", name != ".." { names.append(name) }
    }
  }

  /// Names of files and folders that differ in case or Unicode form only are one on other systems.
  private static func checkNames(_ entries: [Entry]) throws {
    var seen: [String: ArraySlice<UInt8>] = [:]
    seen.reserveCapacity(entries.count)
    var last: [UInt8] = []
    for entry in entries {
      let key = entry.key
      var common = 0
      while common < min(last.count, key.count), last[common] == key[common] { common += 1 }
      // By bytes, what is in a folder stands together: its own name is new once.
      for end in common..<key.count where key[end] == UInt8(ascii: "/") {
        try checkName(key[..<end], &seen)
      }
      try checkName(key[...], &seen)
      last = key
    }
  }

  /// - Parameter seen: what is nowhere yet but here, by what other systems make of it.
  private static func checkName(
    _ path: ArraySlice<UInt8>, _ seen: inout [String: ArraySlice<UInt8>]
  ) throws {
    let name = String(decoding: path, as: UTF8.self)
    guard let earlier = seen.updateValue(path, forKey: folded(name)) else { return }
    throw CustodyError(
      .invalidInput,
      "\(String(decoding: earlier, as: UTF8.self)) and \(name) differ in case or Unicode form "
        + "only: elsewhere they would be one. Rename one of them.")
  }

  /// A dictionary takes canonically equivalent strings as equal, but not their cases.
  private static func folded(_ name: String) -> String {
    if name.utf8.allSatisfy({ $0 < 0x80 }) { return name.lowercased() }
    // Capitals first: "ß" is "SS" then, and a final sigma like any other.
    return name.precomposedStringWithCanonicalMapping.uppercased().lowercased()
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
