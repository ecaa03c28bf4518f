import CustodyLedger
import Foundation

/// Searches files for needles.
///
/// Of nine neighboring places in a file one is looked at: whatever place a needle of 16 bytes begins
/// at, one of the nine windows of 8 bytes that begin within its first nine is there. Each of those
/// windows sets a bit in a table that fits into the processor's cache; where the bit is set the window
/// itself is looked up, and only where it is one of a needle's are whole needles compared.
package struct NeedleScan {
  private static let stride = Needles.byteCount - MemoryLayout<UInt64>.size + 1
  private static let chunkSize = 4 << 20

  private let bits: [UInt64]
  private let bitShift: UInt64
  /// The windows, each at the place its hash says or at one of those that follow; 0 where none is.
  private let windows: [UInt64]
  private let windowShift: UInt64
  private let needles: Set<Needle>

  private struct Needle: Hashable {
    let low: UInt64
    let high: UInt64

    init(_ bytes: UnsafeRawBufferPointer, _ offset: Int) {
      low = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      high = bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
    }
  }

  package init(_ needles: Needles) {
    let bytes = needles.bytes
    let windowCount = needles.count * Self.stride
    let bitCount = max(1 << 12, (windowCount * 16).nextPowerOfTwo)
    let placeCount = max(1 << 6, (windowCount * 2).nextPowerOfTwo)
    var bits = [UInt64](repeating: 0, count: bitCount / 64)
    var windows = [UInt64](repeating: 0, count: placeCount)
    let bitShift = UInt64(64 - bitCount.trailingZeroBitCount)
    let windowShift = UInt64(64 - placeCount.trailingZeroBitCount)
    var found: Set<Needle> = []
    found.reserveCapacity(needles.count)
    bytes.withUnsafeBytes { bytes in
      for start in Swift.stride(from: 0, to: bytes.count, by: Needles.byteCount) {
        found.insert(Needle(bytes, start))
        for offset in 0..<Self.stride {
          let window = bytes.loadUnaligned(fromByteOffset: start + offset, as: UInt64.self)
          let bit = Self.hash(window, bitShift)
          bits[bit >> 6] |= 1 << UInt64(bit & 63)
          var place = Self.hash(window, windowShift)
          while windows[place] != 0, windows[place] != window {
            place = (place + 1) & (placeCount - 1)
          }
          windows[place] = window
        }
      }
    }
    self.bits = bits
    self.bitShift = bitShift
    self.windows = windows
    self.windowShift = windowShift
    self.needles = found
  }

  @inline(__always)
  private static func hash(_ window: UInt64, _ shift: UInt64) -> Int {
    Int(truncatingIfNeeded: (window &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }

  private func isWindow(_ window: UInt64) -> Bool {
    var place = Self.hash(window, windowShift)
    while windows[place] != 0 {
      if windows[place] == window { return true }
      place = (place + 1) & (windows.count - 1)
    }
    // One of zeros alone has no place of its own.
    return window == 0
  }

  /// What was read, and what was found where.
  package struct Result: Sendable {
    package var fileCount = 0
    package var byteCount = 0
    /// How many needles stand in each file that has any.
    package var remnants: [String: Int] = [:]
    /// Files that could not be read, so that nobody knows.
    package var unreadable: [String] = []
  }

  /// Searches the files at `paths`, on all cores; one that has gone meanwhile holds nothing.
  package func search(_ paths: [String]) throws -> Result {
    var result = Result()
    var chunks: [(path: String, start: Int, end: Int)] = []
    for path in paths {
      guard access(path, R_OK) == 0 || errno == ENOENT else {
        result.unreadable.append(path)
        continue
      }
      let size = FileIO.size(path)
      result.fileCount += 1
      result.byteCount += size
      for start in Swift.stride(from: 0, to: size, by: Self.chunkSize) {
        chunks.append((path, start, min(start + Self.chunkSize, size)))
      }
    }
    guard !needles.isEmpty else { return result }
    let work = chunks
    let found: [(String, Int)] = try Parallel.map(work.count) { range in
      var buffer = [UInt8](repeating: 0, count: Self.chunkSize + 2 * Needles.byteCount)
      return try range.compactMap { index in
        let count = try search(work[index], &buffer)
        return count == 0 ? nil : (work[index].path, count)
      }
    }
    for (path, count) in found { result.remnants[path, default: 0] += count }
    return result
  }

  private func search(
    _ chunk: (path: String, start: Int, end: Int), _ buffer: inout [UInt8]
  ) throws -> Int {
    let low = max(0, chunk.start - Self.stride + 1)
    let wanted = chunk.end - low + Needles.byteCount
    let count = try read(chunk.path, low, wanted, &buffer)
    // The first place of the chunk that is a multiple, as an offset in the buffer.
    let first = (chunk.start + Self.stride - 1) / Self.stride * Self.stride - low
    return buffer.withUnsafeBytes { bytes in
      bits.withUnsafeBufferPointer { bits in
        var found = 0
        var offset = first
        let end = min(chunk.end - low, count - 7)
        while offset < end {
          let window = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
          let bit = Self.hash(window, bitShift)
          if bits[bit >> 6] >> UInt64(bit & 63) & 1 == 1, isWindow(window) {
            found += needlesAround(offset, bytes, count)
          }
          offset += Self.stride
        }
        return found
      }
    }
  }

  private func needlesAround(_ offset: Int, _ bytes: UnsafeRawBufferPointer, _ count: Int) -> Int {
    var found = 0
    for start in max(0, offset - Self.stride + 1)...offset
    where start + Needles.byteCount <= count && needles.contains(Needle(bytes, start)) {
      found += 1
    }
    return found
  }

  private func read(
    _ path: String, _ start: Int, _ wanted: Int, _ buffer: inout [UInt8]
  ) throws -> Int {
    let file = Foundation.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return 0 }
      throw CustodyError(SystemCallError("open"), path: path)
    }
    defer { close(file) }
    var count = 0
    while count < wanted {
      let read = buffer.withUnsafeMutableBytes {
        pread(file, $0.baseAddress! + count, wanted - count, off_t(start + count))
      }
      if read < 0 {
        if errno == EINTR { continue }
        throw CustodyError(SystemCallError("pread"), path: path)
      }
      if read == 0 { break }
      count += read
    }
    return count
  }
}

extension Int {
  /// This number, or the next above it, that is a power of two.
  fileprivate var nextPowerOfTwo: Int {
    self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
  }
}
