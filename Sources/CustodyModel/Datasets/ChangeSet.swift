import CustodyLedger

/// What one version of a dataset changes in the one before, record by record.
///
/// Written as objects of at most ``sizeMax`` bytes and ``entryCountMax`` entries, each
/// `u8 version = 2` and entries, in the order of the version event:
///
/// ```
/// removed  u8 0 ‖ u64 ordinal
/// record   u8 1 ‖ u64 ordinal ‖ address 32 ‖ u8 n ‖ n × key id 16 ‖ name 16
/// file     u8 2 ‖ as record ‖ i64 seconds ‖ u32 nanoseconds ‖ u32 mode
/// ```
///
/// The name is the keyed hash of the record's natural key, sealed under the record's keys, so that
/// who computes from change sets opens no record. Version 1, of `dataset.version.committed@1`, had
/// none.
///
/// Seconds and nanoseconds are a file's modification time, mode is `st_mode`, whose type bits tell
/// an empty folder from a file. Integers are big-endian.
package struct RecordChange: Equatable, Sendable {
  /// The entries of one object at most.
  package static let entryCountMax = 65_536
  /// The bytes of one object at most.
  package static let sizeMax = 1 << 20

  /// Times and mode of a file; no change of a record by themselves.
  package struct File: Equatable, Sendable {
    package let seconds: Int64
    package let nanoseconds: UInt32
    package let mode: UInt32

    package init(seconds: Int64, nanoseconds: UInt32, mode: UInt32) {
      self.seconds = seconds
      self.nanoseconds = nanoseconds
      self.mode = mode
    }
  }

  /// What the record is now.
  package struct Put: Equatable, Sendable {
    package let address: Digest
    package let keyIDs: [KeyID]
    /// Its natural key, hashed and sealed; nil only in what version 1 wrote.
    package let name: EventID?
    package let file: File?

    package init(address: Digest, keyIDs: [KeyID], name: EventID?, file: File?) {
      self.address = address
      self.keyIDs = keyIDs
      self.name = name
      self.file = file
    }
  }

  package let ordinal: Int
  /// Nil when the record is removed.
  package let put: Put?

  package init(ordinal: Int, put: Put?) {
    self.ordinal = ordinal
    self.put = put
  }

  /// The largest an entry can be.
  private static let entrySizeMax = 1 + 8 + 32 + 1 + 16 * Claim.keyCountMax + 16 + 16

  package func write(to writer: inout ByteWriter) {
    writer.write(UInt8(put == nil ? 0 : put?.file == nil ? 1 : 2))
    writer.write(UInt64(ordinal))
    guard let put else { return }
    writer.write(put.address)
    writer.write(UInt8(put.keyIDs.count))
    for key in put.keyIDs { writer.write(key) }
    guard let name = put.name else { preconditionFailure("version 2 names every record") }
    writer.write(name)
    guard let file = put.file else { return }
    writer.write(file.seconds)
    writer.write(file.nanoseconds)
    writer.write(file.mode)
  }

  /// The entries of one object, or nil when its content is not exactly such a list.
  package static func parse(_ content: [UInt8]) -> [RecordChange]? {
    content.withUnsafeBytes { content in
      var reader = ChangeSetReader(content)
      var changes: [RecordChange] = []
      while let entry = reader.next() {
        changes.append(
          RecordChange(
            ordinal: entry.ordinal,
            put: entry.put.map { put in
              Put(
                address: put.address,
                keyIDs: stride(from: 0, to: put.keyIDs.count, by: KeyID.byteCount).map {
                  put.keyIDs.loadUnaligned(fromByteOffset: $0, as: KeyID.self)
                }, name: put.name, file: put.file)
            }))
      }
      return reader.isWellFormed ? changes : nil
    }
  }

  /// Collects entries into contents of objects.
  package struct Packer {
    private var writer = ByteWriter(capacity: RecordChange.sizeMax)
    private var count = 0

    package init() { writer.write(UInt8(2)) }

    /// - Returns: a content that is full, when this entry begins another.
    package mutating func add(_ change: RecordChange) -> [UInt8]? {
      var full: [UInt8]?
      if count == RecordChange.entryCountMax
        || writer.bytes.count + RecordChange.entrySizeMax > RecordChange.sizeMax
      {
        full = finish()
      }
      change.write(to: &writer)
      count += 1
      return full
    }

    /// What is left, or nil when there is nothing.
    package mutating func finish() -> [UInt8]? {
      guard count > 0 else { return nil }
      defer {
        writer.clear()
        writer.write(UInt8(2))
        count = 0
      }
      return writer.bytes
    }
  }
}

/// The order of a version's records, where it is not that of their ordinals: runs of ordinals that
/// follow each other. Objects of at most ``RecordChange/sizeMax`` bytes: `u8 version = 1`, then for
/// each run `u64 first ordinal ‖ u32 count`.
package enum RecordOrder {
  private static let runSize = 12

  /// The contents of objects that say `runs`.
  package static func encoded(_ runs: [Range<Int>]) -> [[UInt8]] {
    let perObject = (RecordChange.sizeMax - 1) / runSize
    return stride(from: 0, to: runs.count, by: perObject).map { start in
      var writer = ByteWriter()
      writer.write(UInt8(1))
      for run in runs[start..<min(start + perObject, runs.count)] {
        writer.write(UInt64(run.lowerBound))
        writer.write(UInt32(run.count))
      }
      return writer.bytes
    }
  }

  /// The runs of one object, or nil when its content is not exactly such a list.
  package static func parse(_ content: [UInt8]) -> [Range<Int>]? {
    guard content.count <= RecordChange.sizeMax, content.first == 1,
      (content.count - 1).isMultiple(of: runSize)
    else { return nil }
    var reader = ByteReader(Array(content.dropFirst()))
    var runs: [Range<Int>] = []
    while !reader.isAtEnd {
      guard let first = reader.read(UInt64.self).flatMap({ Int(exactly: $0) }),
        let count = reader.read(UInt32.self), count > 0, first <= Int.max - Int(count)
      else { return nil }
      runs.append(first..<first + Int(count))
    }
    return runs
  }
}

/// Collects ordinals in the order of their records.
package struct RecordOrderBuilder {
  /// Runs of ordinals that follow each other.
  package private(set) var runs: [Range<Int>] = []
  /// Whether each is above the one before: then nobody needs the runs.
  package private(set) var isAscending = true

  package init() {}

  package mutating func add(_ ordinal: Int) {
    guard let last = runs.last else { return runs.append(ordinal..<ordinal + 1) }
    if ordinal < last.upperBound { isAscending = false }
    if ordinal == last.upperBound, last.count < Int(UInt32.max) {
      runs[runs.count - 1] = last.lowerBound..<ordinal + 1
    } else {
      runs.append(ordinal..<ordinal + 1)
    }
  }
}
