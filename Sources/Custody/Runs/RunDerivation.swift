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

  /// Whether natural keys do not count.
  var isStated: Bool { stated != nil }

  /// The input records of an output record: places of inputs, with ordinals.
  func sources(of key: [UInt8]) throws -> [(input: Int, ordinal: Int)] {
    var found: [(input: Int, ordinal: Int)] = []
    for (place, input) in inputs.enumerated() {
      let ordinals =
        try stated.map { try $0.ordinals(of: key, in: input) }
        ?? Set(input.ordinals(of: key, fromFile: isFile))
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
    // Keys of one person for the classes of several inputs are one for the output's.
    return Array(Set(ids.subtracting([operations]).map { translation[$0] ?? $0 }))
  }
}
