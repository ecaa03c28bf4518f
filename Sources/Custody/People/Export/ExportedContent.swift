import CustodyLedger
import CustodyProjections

/// A content on its way out.
enum ExportedContent {
  /// JSON as it is.
  case json(String)
  case text(String)
  /// Bytes that are no text, or long ones, by the path of their file in the export.
  case file(path: String, byteCount: Int)
  /// About other people too.
  case withheld

  /// Why what is about several people is not handed out.
  static let reason = "about other people too"

  /// Longer texts become files: no member of a JSON object is larger than memory likes.
  static let textByteCountMax = 65_536
}

/// A record of hers as it was from one version on.
struct ExportedRecord {
  let life: DatasetReader.Life
  /// Nil of one that is withheld: it may name others.
  let key: String?
  /// The columns of a CSV and what stands in them; both empty for anything else, and what is withheld.
  var columns: [String] = []
  var fields: [String] = []
  let content: ExportedContent

  var isWithheld: Bool { if case .withheld = content { true } else { false } }
}

/// An event about her.
struct ExportedEvent {
  let position: Position
  let type: String
  let stream: String
  let recordedAt: Timestamp
  let occurredAt: Timestamp
  let content: ExportedContent
}

/// Something that an export is written as.
protocol DossierWriter {
  func begin(_ dossier: SubjectDossier) throws
  func begin(_ part: SubjectDossier.Part) throws
  func write(_ record: ExportedRecord) throws
  func endPart() throws
  func beginEvents() throws
  func write(_ event: ExportedEvent) throws
  func end(_ exported: Subjects.Exported) throws
}
