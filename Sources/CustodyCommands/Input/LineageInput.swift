import Custody
import CustodyLedger
import CustodyModel
import CustodyStore
import Foundation

/// Events of OpenLineage in files, folders or standard input, some at a time.
final class LineageInput {
  /// Files up to this size are taken apart in memory; larger ones only when each line is an event.
  private static let wholeSizeMax = 64 << 20
  /// What an array, a gzip file or standard input may have in memory.
  private static let memorySizeMax = 1 << 30

  private enum Source {
    case parts([OpenLineageSplitter.Part], of: [UInt8])
    case lines(LineReader)
  }

  let name: String
  private let source: Source
  private var next = 0

  /// For progress, in bytes.
  let size: Int
  private(set) var bytesRead = 0

  /// - Parameter path: a file, or `-` for standard input.
  init(_ path: String) throws {
    name = path == "-" ? "standard input" : path
    let isFile = path != "-"
    if isFile, let lines = try Self.lines(path) {
      source = .lines(lines)
      size = lines.size
      return
    }
    let bytes = try Self.expanded(
      try InputFile.read(path, atMost: Self.memorySizeMax), name: name)
    source = .parts(OpenLineageSplitter.parts(bytes), of: bytes)
    size = bytes.count
  }

  /// A reader of a large file in which each line is an event; nil for every other.
  private static func lines(_ path: String) throws -> LineReader? {
    let reader = try LineReader(path: path)
    guard reader.isRegular, reader.size > wholeSizeMax, let first = try reader.next(1) else {
      return nil
    }
    defer { try? reader.rewind() }
    guard !first.isTooLong, let range = first.ranges.first else { return nil }
    let isEvent = first.bytes[range].withUnsafeBytes { bytes in
      bytes.first == UInt8(ascii: "{") && (try? JSONText.validate(bytes)) != nil
    }
    return isEvent ? reader : nil
  }

  private static func expanded(_ bytes: [UInt8], name: String) throws -> [UInt8] {
    // RFC 1952 §2.3.1: "ID1 = 31, ID2 = 139".
    guard bytes.starts(with: [31, 139]) else { return bytes }
    guard let content = bytes.withUnsafeBytes({ Deflate.expandGzip($0, limit: memorySizeMax) })
    else {
      throw CustodyError(
        .invalidInput,
        "\(name) is no whole gzip file, or has more than 1 GiB in it. Expand it "
          + "with gunzip, and import what comes of it.")
    }
    return content
  }

  /// The next events, at most `count`; nil at the end.
  func next(_ count: Int) throws -> [LineageImport.Part]? {
    switch source {
    case .parts(let parts, let bytes):
      guard next < parts.count else { return nil }
      let taken = parts[next..<min(next + count, parts.count)]
      next += taken.count
      bytesRead = taken.last?.range.upperBound ?? bytesRead
      return taken.map { part in
        var (line, element): (Int?, Int?)
        switch part.place {
        case .whole: break
        case .line(let number): line = number
        case .element(let index): element = index
        }
        return LineageImport.Part(
          location: .init(file: name, line: line), element: element, bytes: bytes[part.range],
          fault: part.fault)
      }
    case .lines(let reader):
      guard let lines = try reader.next(count) else { return nil }
      bytesRead = reader.bytesRead
      guard !lines.isTooLong else {
        return [
          LineageImport.Part(
            location: .init(file: name, line: lines.firstNumber), bytes: [],
            fault: OpenLineageFault(
              path: "$", rule: "an event has at most \(OpenLineageEvent.sizeMax) bytes"))
        ]
      }
      return lines.ranges.enumerated().compactMap { index, range in
        let number = lines.firstNumber + index
        guard let part = OpenLineageSplitter.line(lines.bytes[range], number: number) else {
          return nil
        }
        return LineageImport.Part(
          location: .init(file: name, line: number), bytes: lines.bytes[part.range],
          fault: part.fault)
      }
    }
  }

  func rewind() throws {
    next = 0
    bytesRead = 0
    if case .lines(let reader) = source { try reader.rewind() }
  }

  // MARK: - Folders

  private static let endings = [".json", ".jsonl", ".ndjson"]

  /// The files that arguments name: those of a folder, and of folders within, by name.
  static func paths(_ arguments: [String]) throws -> [String] {
    try arguments.flatMap { argument -> [String] in
      guard argument != "-", FileIO.isFolder(argument) else { return [argument] }
      let found = try files(in: argument)
      guard !found.isEmpty else {
        throw CustodyError(
          .invalidInput,
          "\(argument) has no file that ends in \(endings.joined(separator: ", ")), or in one of "
            + "them and .gz. Name files of another ending themselves.")
      }
      return found
    }
  }

  private static func files(in folder: String) throws -> [String] {
    try FileIO.names(in: folder).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .filter { !$0.hasPrefix(".") }
      .flatMap { name -> [String] in
        let path = "\(folder.hasSuffix("/") ? String(folder.dropLast()) : folder)/\(name)"
        if FileIO.isFolder(path) { return try files(in: path) }
        let plain = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
        return endings.contains { plain.hasSuffix($0) } ? [path] : []
      }
  }
}
