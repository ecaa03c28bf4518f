import CustodyModel
import CustodyProjections
import CustodyStore

/// A CSV with columns `output` and `input`: natural keys, a row for each pair. A column `dataset`,
/// where there is one, says which input's key it is.
struct StatedDerivations: Sendable {
  /// Of the file.
  let digest: String
  private let inputs: [[UInt8]: [PairFile.Value]]

  /// - Parameter versions: what the run read.
  /// - Throws: `invalidInput` with the line for what is no such table, and for a key that no input
  ///   has.
  init(_ path: String, from versions: [InputVersion]) async throws {
    inputs = try await PairFile.read(path, "output", "input", "dataset")
    digest = try CodeDigest.digest(of: path)
    for value in inputs.values.joined().sorted(by: { $0.line < $1.line }) {
      let named = versions.filter { Self.isMeant($0, by: value) }
      guard
        try named.contains(where: { try !$0.ordinals(of: value.bytes, fromFile: false).isEmpty })
      else {
        let name = String(decoding: value.more, as: UTF8.self)
        throw CustodyError(
          .invalidInput,
          named.isEmpty
            ? "The run reads no dataset \(name)."
            : "No record that the run read has the natural key under input.",
          at: .init(file: path, line: value.line))
      }
    }
  }

  /// The records of an input that an output record comes from.
  func ordinals(of output: [UInt8], in version: InputVersion) throws -> Set<Int> {
    let meant = (inputs[output] ?? []).filter { Self.isMeant(version, by: $0) }
    return try Set(meant.flatMap { try version.ordinals(of: $0.bytes, fromFile: false) })
  }

  private static func isMeant(_ version: InputVersion, by value: PairFile.Value) -> Bool {
    value.more.isEmpty || value.more.elementsEqual(version.dataset.name.utf8)
  }
}
