import CDeflate
import COpenSSL

/// Raw DEFLATE (RFC 1951), as flags bit 0 of a claim means it.
package enum Deflate {
  /// Contents below this size are stored as they are: making a compressor costs more than it saves.
  package static let sizeMin = 4096
  private static let sampleSize = 2048
  /// libdeflate's quickest: 180 MB/s of text on one core, to 40 % of its size (level 6: 34 MB/s, 37 %).
  private static let level: Int32 = 1

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
    guard let compressor = libdeflate_alloc_compressor(level) else {
      fatalError("libdeflate has no memory for a compressor")
    }
    defer { libdeflate_free_compressor(compressor) }
    let bound = libdeflate_deflate_compress_bound(compressor, content.count)
    return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
      count = libdeflate_deflate_compress(
        compressor, content.orEmpty, content.count, output.baseAddress, bound)
      precondition(count > 0, "libdeflate's bound was too small")
    }
  }

  /// The content of one complete stream with nothing after it, or nil.
  ///
  /// Never makes more than `limit` bytes, whatever the stream says.
  package static func expand(_ compressed: UnsafeRawBufferPointer, limit: Int) -> [UInt8]? {
    guard let decompressor = libdeflate_alloc_decompressor() else {
      fatalError("libdeflate has no memory for a decompressor")
    }
    defer { libdeflate_free_decompressor(decompressor) }
    var capacity = min(limit, max(1 << 16, 4 * compressed.count))
    while true {
      var result = LIBDEFLATE_BAD_DATA
      var read = 0
      let content = [UInt8](unsafeUninitializedCapacity: max(capacity, 1)) { output, count in
        result = libdeflate_deflate_decompress_ex(
          decompressor, compressed.orEmpty, compressed.count, output.baseAddress, capacity, &read,
          &count)
        guard result != LIBDEFLATE_SUCCESS else { return }
        OPENSSL_cleanse(output.baseAddress, capacity)
        count = 0
      }
      switch result {
      case LIBDEFLATE_SUCCESS: return read == compressed.count ? content : nil
      case LIBDEFLATE_INSUFFICIENT_SPACE where capacity < limit:
        capacity = min(limit, 4 * capacity)
      default: return nil
      }
    }
  }

  /// The content of a gzip file (RFC 1952), of all its members; nil when it is none, or more than
  /// `limit` bytes.
  package static func expandGzip(_ file: UnsafeRawBufferPointer, limit: Int) -> [UInt8]? {
    guard let decompressor = libdeflate_alloc_decompressor() else {
      fatalError("libdeflate has no memory for a decompressor")
    }
    defer { libdeflate_free_decompressor(decompressor) }
    var content: [UInt8] = []
    var rest = file
    repeat {
      var capacity = min(limit, max(1 << 16, 8 * rest.count))
      var (result, read) = (LIBDEFLATE_INSUFFICIENT_SPACE, 0)
      while true {
        let member = [UInt8](unsafeUninitializedCapacity: max(capacity, 1)) { output, count in
          result = libdeflate_gzip_decompress_ex(
            decompressor, rest.orEmpty, rest.count, output.baseAddress, capacity, &read, &count)
          if result != LIBDEFLATE_SUCCESS { count = 0 }
        }
        content += member
        guard result == LIBDEFLATE_INSUFFICIENT_SPACE, capacity < limit else { break }
        capacity = min(limit, 4 * capacity)
      }
      guard result == LIBDEFLATE_SUCCESS, content.count <= limit else { return nil }
      rest = UnsafeRawBufferPointer(rebasing: rest[read...])
    } while !rest.isEmpty
    return content
  }
}
