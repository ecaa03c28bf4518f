import CustodyModel
import CustodyStore

extension CustodyError {
  /// What is wrong with a table, as a sentence with its place.
  init(_ fault: TableFault, in file: String) {
    self.init(
      .invalidInput, "\(fault.reason).".capitalizedFirst,
      at: .init(file: file, line: fault.line > 0 ? fault.line : nil))
  }
}

extension String {
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
