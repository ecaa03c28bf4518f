import CustodyLedger
import Foundation

/// Collects millions of small entries in little memory, to be checked bucket by bucket.
///
/// Equal keys fall into the same bucket. Buckets are kept in memory up to a limit and then go to
/// temporary files that have no name: event ids, hashes and numbers only, nothing of a content.
final class SpillingBuckets<Entry: BitwiseCopyable & Sendable> {
  private static var bucketCount: Int { 64 }
  /// Bytes in memory in all buckets before they are written out.
  private let memoryMax: Int
  private let hash: (Entry) -> UInt64
  private var memory: [[Entry]]
  private var files: [Int32?]
  private var count = 0

  /// - Parameter hash: of the key, not to be foreseen by whoever chose the keys.
  init(memoryMax: Int = 8 << 20, hash: @escaping (Entry) -> UInt64) {
    self.memoryMax = memoryMax
    self.hash = hash
    memory = Array(repeating: [], count: Self.bucketCount)
    files = Array(repeating: nil, count: Self.bucketCount)
  }

  deinit { for case let file? in files { close(file) } }

  func add(_ entries: [Entry]) throws {
    // The high bits: the low ones find the slots within a bucket.
    for entry in entries { memory[Int(hash(entry) >> 58)].append(entry) }
    count += entries.count
    if count * MemoryLayout<Entry>.stride > memoryMax { try spill() }
  }

  private func spill() throws {
    for index in memory.indices {
      let file = try files[index] ?? Self.temporaryFile()
      files[index] = file
      try memory[index].withUnsafeBytes { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
          let slice = UnsafeRawBufferPointer(rebasing: rest)
          let written = write(file, slice.baseAddress, slice.count)
          guard written > 0 || errno == EINTR else { throw Self.failure("write") }
          rest = rest.dropFirst(max(0, written))
        }
      }
      memory[index].removeAll(keepingCapacity: true)
    }
    count = 0
  }

  /// Hands over each bucket once, whole.
  func forEach(_ body: ([Entry]) throws -> Void) throws {
    for index in memory.indices {
      var entries = memory[index]
      memory[index] = []
      if let file = files[index] { entries.append(contentsOf: try Self.readAll(file)) }
      if !entries.isEmpty { try body(entries) }
    }
  }

  private static func readAll(_ file: Int32) throws -> [Entry] {
    let size = lseek(file, 0, SEEK_END)
    guard size >= 0 else { throw failure("lseek") }
    let count = Int(size) / MemoryLayout<Entry>.stride
    return try [Entry](unsafeUninitializedCapacity: count) { buffer, initialized in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      var at = 0
      while at < Int(size) {
        let got = pread(file, bytes.baseAddress! + at, Int(size) - at, off_t(at))
        guard got > 0 || errno == EINTR else { throw failure("pread") }
        at += max(0, got)
      }
      initialized = count
    }
  }

  private static func temporaryFile() throws -> Int32 {
    var template = Array("\(NSTemporaryDirectory())/custody-verify-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    guard file >= 0 else { throw failure("mkstemp") }
    unlink(template)
    return file
  }

  private static func failure(_ call: String) -> CustodyError {
    CustodyError(SystemCallError(call), path: NSTemporaryDirectory())
  }
}
