import CustodyLedger

/// Which input records the records of an output come from: pairs of ordinals, ascending, as runs.
///
/// Section 8 of the format has the bytes. A content holds whole runs and stands for itself.
package struct DerivationList {
  /// Records `output`, `output + 1`, … come from records `input`, `input + 1`, …
  package struct Run: Equatable, Sendable {
    package var output: Int
    package var input: Int
    package var count: Int

    package init(output: Int, input: Int, count: Int) {
      self.output = output
      self.input = input
      self.count = count
    }
  }

  /// A content is full from this size on.
  package static let sizeMax = 1 << 20

  private var runs: [Run] = []

  package init() {}

  package var isEmpty: Bool { runs.isEmpty }

  /// - Parameters: a pair after the ones before: output first, then input.
  package mutating func add(output: Int, input: Int) {
    if let last = runs.last, output == last.output + last.count, input == last.input + last.count {
      runs[runs.count - 1].count += 1
    } else {
      runs.append(Run(output: output, input: input, count: 1))
    }
  }

  /// The contents of the objects that hold them.
  package func encoded() -> [[UInt8]] {
    var contents: [[UInt8]] = []
    var bytes: [UInt8] = []
    var last = Run(output: 0, input: 0, count: 0)
    for run in runs {
      if bytes.count >= Self.sizeMax {
        contents.append(bytes)
        bytes = []
        last = Run(output: 0, input: 0, count: 0)
      }
      LEB128.append(Self.folded(run.output - last.output), to: &bytes)
      LEB128.append(Self.folded(run.input - last.input), to: &bytes)
      LEB128.append(UInt64(run.count), to: &bytes)
      last = run
    }
    if !bytes.isEmpty { contents.append(bytes) }
    return contents
  }

  /// The runs of a content, or nil when it is none.
  package static func parse(_ bytes: [UInt8]) -> [Run]? {
    bytes.withUnsafeBytes { bytes in
      var runs: [Run] = []
      var rest = bytes[...]
      var last = (output: 0, input: 0)
      while !rest.isEmpty {
        guard let output = LEB128.read(&rest), let input = LEB128.read(&rest),
          let count = LEB128.read(&rest)
        else { return nil }
        last.output &+= unfolded(output)
        last.input &+= unfolded(input)
        let possible = 0..<1 << 32
        guard possible.contains(last.output), possible.contains(last.input), count > 0,
          count < possible.upperBound
        else { return nil }
        runs.append(Run(output: last.output, input: last.input, count: Int(count)))
      }
      return runs
    }
  }

  /// Small numbers of either sign as small ones without.
  private static func folded(_ number: Int) -> UInt64 {
    UInt64(bitPattern: Int64(number << 1 ^ number >> 63))
  }

  private static func unfolded(_ number: UInt64) -> Int {
    Int(bitPattern: UInt(number >> 1)) ^ -Int(number & 1)
  }
}
