import ArgumentParser
import Custody

/// Where the people of a dataset are found whose creation said that a file names them.
struct SubjectFileOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "For a dataset made with --subject file: whom each record is about, as a CSV with the columns "
        + "key and subject and a row for each person.",
      valueName: "file:CSV"))
  var subject: String?

  /// The path of the file.
  ///
  /// - Throws: `usage` for any other rule.
  func path() throws -> String? {
    guard let subject else { return nil }
    guard subject.hasPrefix("file:"), subject.utf8.count > 5 else {
      throw CustodyError(
        .usage, "Only --subject file:CSV is given here; other rules are those of the dataset.")
    }
    return String(subject.dropFirst(5))
  }
}
