import CustodyModel
import CustodyStore
import Foundation

/// Where the people are found that a record is about, as `dataset create --subject` says.
struct SubjectRule: Sendable {
  enum Place: Sendable {
    /// The records are about nobody.
    case none
    /// A column, by its name or as `#3`.
    case column(String)
    /// A member of a JSON object, `a.b` for one within another.
    case json([String])
    /// The first group of a regular expression over a file's path.
    case path(String)
    /// A CSV outside the dataset, given with each commit: the ledger does not keep which.
    case file
    /// Those of the records that a run read.
    case inherited
  }

  let place: Place
  static let inherited = "inherit"

  /// As it is recorded.
  let text: String
  private let expression: NSRegularExpression?

  /// - Throws: `usage` for a rule that makes no sense, or not for this kind of dataset.
  init(_ text: String, kind: String) throws {
    // The name of a file may hold the name of a person.
    self.text = text.hasPrefix("file:") ? "file:" : text
    func usage(_ why: String) -> CustodyError {
      CustodyError(.usage, "--subject \(text): \(why)")
    }
    if text == Self.inherited {
      place = .inherited
      expression = nil
    } else if text == "none" {
      place = .none
      expression = nil
    } else if text.hasPrefix("file:") {
      place = .file
      expression = nil
    } else if text.hasPrefix("json:") {
      guard kind == "lines" else { throw usage("json: is for JSONL.") }
      let path = text.dropFirst(5).split(separator: ".").map(String.init)
      guard !path.isEmpty else { throw usage("name a member, as json:who.id") }
      place = .json(path)
      expression = nil
    } else if text.hasPrefix("path:") {
      guard kind == "files" else { throw usage("path: is for a folder of files.") }
      guard let made = try? NSRegularExpression(pattern: String(text.dropFirst(5))),
        made.numberOfCaptureGroups >= 1
      else {
        throw usage("give a regular expression with a group, as path:^([^/]+)/")
      }
      expression = made
      place = .path(String(text.dropFirst(5)))
    } else {
      guard kind == "csv" else {
        throw usage(
          "a column is for a CSV. For files give path:REGEX, for JSONL json:PATH, or file:CSV or none."
        )
      }
      guard !text.isEmpty, !Self.isColumnZero(text) else {
        throw usage("give the name of a column, or its number from #1 on.")
      }
      place = .column(text)
      expression = nil
    }
  }

  /// Columns are numbered from 1.
  static func isColumnZero(_ text: String) -> Bool { text.wholeMatch(of: /#0+/) != nil }

  /// The people of a file, by its path.
  func subjects(ofPath path: String) throws -> [String] {
    guard case .path = place, let expression else { return [] }
    let range = NSRange(path.startIndex..., in: path)
    guard let match = expression.firstMatch(in: path, range: range),
      let group = Range(match.range(at: 1), in: path), !path[group].isEmpty
    else {
      throw CustodyError(
        .invalidInput,
        "\(path) names nobody: --subject \(text) does not match. A record about nobody needs a "
          + "dataset of its own, with --subject none.")
    }
    return [String(path[group])]
  }
}
