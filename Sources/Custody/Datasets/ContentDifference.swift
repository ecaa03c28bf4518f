import CustodyModel
import CustodyProjections
import CustodyStore

extension Datasets {
  /// How the content of a record differs between two sides; of a record that one side has not, all
  /// of it differs.
  public enum ContentDifference: Sendable {
    /// Lines, of files that are text.
    case text(TextDifference)
    /// Values by column or member, of rows and lines of JSON; none when only quotes, white space or
    /// the order of members differ.
    case fields([Field])
    /// How many bytes there are, of what cannot be compared; nil on a side that has no such record.
    case sizes(old: Int?, new: Int?, Incomparable)
    /// A side is gone with a person who was erased.
    case gone
    /// It is not compared, because it is restricted and nobody stated a ground.
    case restricted

    /// A value that differs.
    public struct Field: Sendable, Equatable {
      /// The column, or the path of the member as `a.b`.
      public let name: String
      /// What it was; nil when the older side has none. In JSON as it is written there.
      public let old: String?
      /// What it is; nil when the newer side has none.
      public let new: String?
    }

    /// Why contents are not compared.
    public enum Incomparable: String, Sendable {
      /// One is no text: no UTF-8, or it holds the byte 0.
      case binary
      /// One has more than ``sizeMax`` bytes or ``lineCountMax`` lines.
      case large
    }

    /// A file with more bytes is not compared line by line.
    public static let sizeMax = 4 << 20
    /// A file with more lines is not compared line by line.
    public static let lineCountMax = 200_000
  }
}

/// Compares the contents of records of one dataset.
struct ContentComparison {
  /// One side of a comparison.
  struct Side {
    let contents: VersionContents
    /// Of a table.
    let frame: TableFrame?

    init(_ store: Store, _ dataset: DatasetRow, _ version: VersionRow) throws {
      contents = try VersionContents(store: store, dataset: dataset, version: version)
      do {
        frame =
          dataset.kind == Datasets.Kind.files.rawValue
          ? nil : try TableFrame(parsing: contents.frame())
      } catch is TableFault {
        throw CustodyError(.damaged, "The frame of the version is not one. Run: custody verify")
      }
    }
  }

  private let kind: Datasets.Kind
  private let old: Side
  private let new: Side

  init(_ store: Store, _ dataset: DatasetRow, _ old: VersionRow, _ new: VersionRow) throws {
    kind = Datasets.Kind(rawValue: dataset.kind) ?? .files
    self.old = try Side(store, dataset, old)
    self.new = try Side(store, dataset, new)
  }

  /// How two records differ; nil for a side that has none.
  func difference(
    _ one: RecordScan.Entry?, _ other: RecordScan.Entry?
  ) throws -> Datasets.ContentDifference {
    if one.map({ $0.content == nil }) ?? false || other.map({ $0.content == nil }) ?? false {
      return .gone
    }
    let sizes = (one?.size, other?.size)
    let isLarge = max(sizes.0 ?? 0, sizes.1 ?? 0) > Datasets.ContentDifference.sizeMax
    guard !isLarge else { return .sizes(old: sizes.0, new: sizes.1, .large) }
    let (before, after) = (try bytes(one, old), try bytes(other, new))
    switch kind {
    case .files: return text(before, after)
    case .csv: return fields(before, after)
    case .lines:
      guard let fields = RowDifference.between(json: before, after) else {
        return text(before, after)
      }
      return .fields(fields.map { .init(name: $0.name, old: $0.old, new: $0.new) })
    }
  }

  private func fields(_ before: [UInt8]?, _ after: [UInt8]?) -> Datasets.ContentDifference {
    guard let older = old.frame, let newer = new.frame else { return text(before, after) }
    let fields = RowDifference.between(
      RowDifference.Row(before, older), RowDifference.Row(after, newer))
    return .fields(fields.map { .init(name: $0.name, old: $0.old, new: $0.new) })
  }

  private func text(_ before: [UInt8]?, _ after: [UInt8]?) -> Datasets.ContentDifference {
    let sides = [before, after].compactMap { $0 }
    guard sides.allSatisfy(Self.isText) else {
      return .sizes(old: before?.count, new: after?.count, .binary)
    }
    let lineCountMax = Datasets.ContentDifference.lineCountMax
    guard sides.allSatisfy({ TextDifference.lineCount(of: $0) <= lineCountMax }) else {
      return .sizes(old: before?.count, new: after?.count, .large)
    }
    return .text(TextDifference(before ?? [], after ?? []))
  }

  /// UTF-8 without the byte 0, which stands in no text.
  private static func isText(_ bytes: [UInt8]) -> Bool {
    !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
  }

  private func bytes(_ entry: RecordScan.Entry?, _ side: Side) throws -> [UInt8]? {
    guard let entry else { return nil }
    if case .whole(let bytes) = entry.content?.bytes { return bytes }
    var bytes: [UInt8] = []
    try side.contents.forEach([entry.row.ordinal]) { try $0.forEachPiece { bytes += $0 } }
    return bytes
  }
}
