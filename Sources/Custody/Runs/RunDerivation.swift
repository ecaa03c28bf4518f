import CustodyModel
import CustodyStore

/// From which input records each record of an output comes, and whom it is about therefore.
final class RunDerivation: Sendable {
  private let inputs: [InputVersion]
  private let stated: StatedDerivations?
  private let isFile: Bool
  /// The key of each person for the output's class of data, by her key for an input's.
  private let translation: [KeyID: KeyID]
  private let operations: KeyID
  private let output: String

  /// - Parameters:
  ///   - stated: what a file says; by default natural keys do.
  ///   - isFile: whether output records are files, whose extension does not count.
  init(
    from inputs: [InputVersion], stated: StatedDerivations?, to output: String, isFile: Bool,
    translation: [KeyID: KeyID], operations: KeyID
  ) {
    self.inputs = inputs
    self.stated = stated
    self.output = output
    self.isFile = isFile
    self.translation = translation
    self.operations = operations
  }

  /// The input records of an output record: places of inputs, with ordinals.
  func sources(of key: [UInt8]) throws -> [(input: Int, ordinal: Int)] {
    let keys = stated.map { $0.inputs(of: key) } ?? [key]
    var found: [(input: Int, ordinal: Int)] = []
    for (place, input) in inputs.enumerated() {
      let ordinals = try Set(
        keys.flatMap { try input.ordinals(of: $0, fromFile: isFile && stated == nil) })
      found += ordinals.sorted().map { (place, $0) }
    }
    return found
  }

  /// The keys of everyone whom an output record is about; empty when that is nobody.
  ///
  /// - Throws: `invalidInput` when it comes from no input record.
  func people(of record: SourceRecord) throws -> [KeyID] {
    let sources = try sources(of: record.key)
    guard !sources.isEmpty else {
      throw CustodyError(
        .invalidInput,
        "A record of \(output) comes from no record that the run read: no input has its natural "
          + "key. Say whom it is about with --subject, or where it comes from with --derivations; "
          + "--subject none when it is about nobody.",
        at: .init(file: record.place))
    }
    let ids = Set(sources.flatMap { inputs[$0.input].keyIDs(of: $0.ordinal) })
    return ids.subtracting([operations]).map { translation[$0] ?? $0 }
  }
}

/// A CSV with columns `output` and `input`: natural keys, a row for each pair.
struct StatedDerivations: Sendable {
  private let inputs: [[UInt8]: [[UInt8]]]

  /// - Throws: `invalidInput` with the line for what is no such table.
  init(_ path: String) async throws {
    inputs = try await PairFile.read(path, "output", "input")
  }

  func inputs(of output: [UInt8]) -> [[UInt8]] { inputs[output] ?? [] }
}
