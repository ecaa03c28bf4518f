/// Ascending ordinals in few bytes: the first, then what each is more than the one before, in LEB128
/// (7 bits a byte, the low ones first, the top bit set where more follow).
struct OrdinalList {
  private var bytes: [UInt8] = []
  private var last = 0

  var isEmpty: Bool { bytes.isEmpty }

  /// - Parameter ordinal: more than the last one, if there is one.
  mutating func append(_ ordinal: Int) {
    var rest = UInt64(ordinal - last)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
    last = ordinal
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    last = 0
  }

  func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try bytes.withUnsafeBytes(body)
  }

  /// What `bytes` list; whatever they are, no more than one for each byte, none negative.
  static func ordinals(_ bytes: UnsafeRawBufferPointer) -> [Int] {
    var ordinals: [Int] = []
    var (last, step, shift): (UInt64, UInt64, UInt64) = (0, 0, 0)
    for byte in bytes {
      step |= UInt64(byte & 0x7f) << shift
      shift += 7
      guard byte < 0x80 else { continue }
      last &+= step
      (step, shift) = (0, 0)
      ordinals.append(Int(truncatingIfNeeded: last & UInt64(Int.max)))
    }
    return ordinals
  }
}
