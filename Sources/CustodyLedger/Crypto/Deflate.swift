import CZlib

/// Raw DEFLATE (RFC 1951), as flags bit 0 of a claim means it.
package enum Deflate {
  /// Contents below this size are stored as they are: compressing 512 bytes takes 58 µs.
  package static let sizeMin = 4096
  private static let sampleSize = 2048
  private static let level: Int32 = 6

  /// `content` compressed, or nil when it would not be worth it.
  ///
  /// A sample from the middle has to shrink by a tenth first, so that recordings and archives do
  /// not pay for a whole pass.
  package static func compressIfWorthwhile(_ content: UnsafeRawBufferPointer) -> [UInt8]? {
    guard content.count >= sizeMin else { return nil }
    let start = (content.count - sampleSize) / 2
    let sample = UnsafeRawBufferPointer(rebasing: content[start..<start + sampleSize])
    guard compress(sample).count * 10 <= sampleSize * 9 else { return nil }
    let compressed = compress(content)
    return compressed.count < content.count ? compressed : nil
  }

  package static func compress(_ content: UnsafeRawBufferPointer) -> [UInt8] {
    var stream = z_stream()
    guard custody_deflate_init_raw(&stream, level) == Z_OK else {
      fatalError("zlib has no memory for a stream")
    }
    defer { deflateEnd(&stream) }
    let bound = Int(deflateBound(&stream, UInt(content.count)))
    return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
      stream.next_in = UnsafeMutablePointer(
        mutating: content.bindMemory(to: UInt8.self).baseAddress)
      stream.avail_in = UInt32(content.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(bound)
      let result = deflate(&stream, Z_FINISH)
      precondition(result == Z_STREAM_END, "deflateBound was too small")
      count = Int(stream.total_out)
    }
  }

  /// The content of one complete stream with nothing after it, or nil.
  ///
  /// Never makes more than `limit` bytes, whatever the stream says.
  package static func expand(_ compressed: UnsafeRawBufferPointer, limit: Int) -> [UInt8]? {
    var stream = z_stream()
    guard custody_inflate_init_raw(&stream) == Z_OK else {
      fatalError("zlib has no memory for a stream")
    }
    defer { inflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(
      mutating: compressed.bindMemory(to: UInt8.self).baseAddress)
    stream.avail_in = UInt32(compressed.count)
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    defer { chunk.wipe() }
    while true {
      let (result, made) = chunk.withUnsafeMutableBufferPointer { chunk in
        stream.next_out = chunk.baseAddress
        stream.avail_out = UInt32(chunk.count)
        let result = inflate(&stream, Z_NO_FLUSH)
        return (result, chunk.count - Int(stream.avail_out))
      }
      guard content.count + made <= limit else { return nil }
      content.append(contentsOf: chunk[..<made])
      if result == Z_STREAM_END { return stream.avail_in == 0 ? content : nil }
      guard result == Z_OK, made > 0 || stream.avail_in > 0 else { return nil }
    }
  }
}
