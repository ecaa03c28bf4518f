import CustodyModel

/// Ascending ordinals in few bytes: the first, then what each is more than the one before, in LEB128.
struct OrdinalList {
  private var bytes: [UInt8] = []
  private var last = 0

  var isEmpty: Bool { bytes.isEmpty }

  /// - Parameter ordinal: more than the last one, if there is one.
  mutating func append(_ ordinal: Int) {
    LEB128.append(UInt64(ordinal - last), to: &bytes)
    last = ordinal
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    last = 0
  }

  func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try bytes.withUnsafeBytes(body)
  }

  /// What `bytes` list, as far as it is one; whatever they are, none is negative.
  static func ordinals(_ bytes: UnsafeRawBufferPointer) -> [Int] {
    var ordinals: [Int] = []
    var rest = bytes[...]
    var last: UInt64 = 0
    while let step = LEB128.read(&rest) {
      last &+= step
      ordinals.append(Int(truncatingIfNeeded: last & UInt64(Int.max)))
    }
    return ordinals
  }
}
