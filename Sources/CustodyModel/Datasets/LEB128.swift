/// Numbers in as few bytes as they need: 7 bits a byte, the low ones first, the top bit set where more
/// follow.
package enum LEB128 {
  package static func append(_ number: UInt64, to bytes: inout [UInt8]) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// Takes a number off the front of `rest`; nil when there is none of at most 63 bits.
  package static func read(_ rest: inout UnsafeRawBufferPointer.SubSequence) -> UInt64? {
    var number: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 56, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      number |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return number }
    }
    return nil
  }
}
