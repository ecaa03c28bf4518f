import CustodyStore
import Foundation

/// A file for others, or a folder of tiles, that was opened to be verified.
///
/// It is read once, from its beginning on, so that it may come through a pipe.
public final class EvidenceFile {
  /// What it is.
  public let kind: EvidenceReport.Kind
  /// How messages name it: its path, or `standard input`.
  public let name: String
  private let file: LineFile?

  private init(_ kind: EvidenceReport.Kind, _ name: String, _ file: LineFile?) {
    self.kind = kind
    self.name = name
    self.file = file
  }

  /// The first bytes tell what a file is: the longest first line, and the header of a database.
  private static let startSize = 512
  /// https://www.sqlite.org/fileformat.html §1.3: "The header string".
  private static let databaseStart = Array("SQLite format 3\0".utf8)

  /// Opens a file, a pipe or a folder.
  ///
  /// - Returns: nil for what may be a `ledger.sqlite`, whole or damaged, and for other folders.
  /// - Throws: `notFound`, `permission`; `invalidInput` for what is no evidence and no database
  ///   either, for a sealed disclosure, and for a database that comes through a pipe.
  ///
  /// Cost: reads the first bytes; a pipe is waited for.
  public static func open(_ path: String) throws -> EvidenceFile? {
    guard !FileIO.isFolder(path) else {
      return FileIO.exists("\(path)/\(TileLayout.checkpoint)")
        ? EvidenceFile(.tiles, path, nil) : nil
    }
    let file = try LineFile(pipeOr: path)
    return try identify(file, path, isPipe: !file.isRegular)
  }

  /// Takes what comes on standard input: any evidence but tiles.
  ///
  /// - Throws: `invalidInput` for anything else.
  public static func standardInput() throws -> EvidenceFile {
    let name = "standard input"
    let file = try LineFile(standardInput: name)
    guard let evidence = try identify(file, name, isPipe: true) else {
      throw CustodyError(.invalidInput, unreadable(name))
    }
    return evidence
  }

  private static func identify(
    _ file: LineFile, _ name: String, isPipe: Bool
  ) throws -> EvidenceFile? {
    let start = try file.start(startSize)
    func begins(_ line: String, end: String = "\n") -> Bool {
      start.starts(with: "\(line)\(end)".utf8)
    }
    if begins(ProofFile.firstLine) { return EvidenceFile(.proof, name, file) }
    if begins(DisclosureFile.firstLine) { return EvidenceFile(.disclosure, name, file) }
    if begins(CertificateFile.firstLine) { return EvidenceFile(.certificate, name, file) }
    if begins(EventRangeFile.firstLine) { return EvidenceFile(.events, name, file) }
    if begins("old", end: " ") { return EvidenceFile(.consistency, name, file) }
    if begins("age-encryption.org/v1") {
      throw CustodyError(
        .invalidInput,
        "\(name) is sealed to its reader. Open it first: age --decrypt --identity KEYFILE"
          + (isPipe ? "" : " \(name)"))
    }
    // A database that was cut or changed is for SQLite to judge: it is damaged, not another file.
    let isDatabase =
      start.starts(with: databaseStart.prefix(6)) || databaseStart.starts(with: start)
    if isPipe, isDatabase, !start.isEmpty {
      throw CustodyError(.invalidInput, unreadable(name))
    }
    guard !isPipe, isDatabase || start.contains(0) else {
      throw CustodyError(
        .invalidInput,
        "\(name) is \(start.isEmpty ? "empty" : "neither a ledger.sqlite nor a file for others"). "
          + "Those are a proof, a proof of consistency, a disclosure, a range of events, a certificate "
          + "of an erasure, and a folder of tiles.")
    }
    return nil
  }

  private static func unreadable(_ name: String) -> String {
    "A ledger.sqlite cannot be read from \(name): SQLite needs a file. Name it: custody verify FILE"
  }

  // MARK: - Reading

  /// The folder of tiles.
  var folder: String { name }

  /// The lines, to be read once.
  ///
  /// - Throws: `invalidInput` for a folder.
  func lines() throws -> LineFile {
    guard let file else { throw CustodyError(.invalidInput, "\(name) is a folder.") }
    return file
  }
}
