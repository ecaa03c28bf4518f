import CustodyModel
import CustodyProjections
import CustodyStore

/// CSVs with columns `output` and `input`: natural keys, a row for each pair. A column `dataset`,
/// where there is one, says which input's key it is.
final class StatedDerivations: @unchecked Sendable {
  private typealias Place = (file: String, line: Int)

  private var inputs: [[UInt8]: [PairFile.Value]] = [:]
  /// Where each output stands that no record has had yet; changed by the committing task alone.
  private var unused: [[UInt8]: Place] = [:]

  /// - Parameter versions: what the run read.
  /// - Throws: `invalidInput` with the line for what is no such table, and for a key that no input
  ///   has.
  init(_ files: [String], from versions: [InputVersion]) async throws {
    for file in files {
      let found = try await PairFile.read(file, "output", "input", "dataset")
      for (output, values) in found {
        inputs[output, default: []] += values
        unused[output] = (file, values[0].line)
      }
      for value in found.values.joined().sorted(by: { $0.line < $1.line }) {
        try Self.check(value, in: file, versions)
      }
    }
  }

  private static func check(
    _ value: PairFile.Value, in file: String, _ versions: [InputVersion]
  ) throws {
    let named = versions.filter { isMeant($0, by: value) }
    guard try !named.contains(where: { try !$0.ordinals(of: value.bytes, fromFile: false).isEmpty })
    else { return }
    let name = String(decoding: value.more, as: UTF8.self)
    throw CustodyError(
      .invalidInput,
      versions.isEmpty
        ? "The run reads nothing that its records could come from."
        : named.isEmpty
          ? "The run reads no dataset \(name)."
          : "No record that the run read has the natural key under input.",
      at: .init(file: file, line: value.line))
  }

  /// Says that an output has a record of this key.
  func use(_ output: [UInt8]) { unused[output] = nil }

  /// - Throws: `invalidInput` with the line of a key that no output has.
  func checkUsed() throws {
    guard let first = unused.values.min(by: { $0.line < $1.line }) else { return }
    throw CustodyError(
      .invalidInput, "No record that the run wrote has the natural key under output.",
      at: .init(file: first.file, line: first.line))
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
