/// The fields of a row whose types and ranges are as the format says.
struct Fields {
  let eventID: EventID
  let correlationID: UnsafeRawBufferPointer
  let causationID: UnsafeRawBufferPointer
  let occurredAt: Int64
  let stream: UnsafeRawBufferPointer
  let type: UnsafeRawBufferPointer
  let typeVersion: Int
  let actor: UnsafeRawBufferPointer
  let keyIDs: UnsafeRawBufferPointer
  let flags: UInt8
  let nonce: UnsafeRawBufferPointer
  let body: UnsafeRawBufferPointer?
  let bodyLength: Int
  let bodyHash: Digest
  let commitment: Digest
  let recordedAt: Int64
  let revision: Int
  let leaf: Leaf

  /// Nil after telling `note` what is wrong; everything wrong with one row is told.
  init?(_ row: AuditRow, note: (Finding.Rule, _ expected: String, _ found: String) -> Void) {
    var isSound = true
    func fault(_ rule: Finding.Rule, _ expected: String, _ found: @autoclosure () -> String) {
      isSound = false
      note(rule, expected, found())
    }
    func bytes(_ value: AuditValue, _ count: Int, _ name: String) -> UnsafeRawBufferPointer {
      if case .bytes(let bytes) = value, bytes.count == count { return bytes }
      fault(.fieldType, "\(count) bytes in \(name)", Self.describe(value))
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    func integer(_ value: AuditValue, _ range: ClosedRange<Int64>, _ name: String) -> Int64 {
      guard case .integer(let number) = value else {
        fault(.fieldType, "an integer in \(name)", Self.describe(value))
        return 0
      }
      if !range.contains(number) {
        fault(.fieldValue, "\(range.lowerBound) to \(range.upperBound) in \(name)", "\(number)")
      }
      return number
    }
    func name(_ value: AuditValue, _ name: String) -> UnsafeRawBufferPointer {
      guard case .text(let bytes) = value else {
        fault(.fieldType, "text in \(name)", Self.describe(value))
        return UnsafeRawBufferPointer(start: nil, count: 0)
      }
      if let error = Name.fault(bytes) { fault(.fieldValue, "a string in \(name)", "\(error)") }
      return bytes
    }
    let eventID = bytes(row.eventID, 16, "event_id")
    correlationID = bytes(row.correlationID, 16, "correlation_id")
    causationID = bytes(row.causationID, 16, "causation_id")
    occurredAt = integer(row.occurredAt, .min ... .max, "occurred_at")
    stream = name(row.stream, "stream")
    type = name(row.type, "type")
    typeVersion = Int(integer(row.typeVersion, 0...65_535, "type_version"))
    actor = name(row.actor, "actor")
    var keys = UnsafeRawBufferPointer(start: nil, count: 0)
    if case .bytes(let bytes) = row.keyIDs, bytes.count.isMultiple(of: KeyID.byteCount),
      bytes.count <= Claim.keyCountMax * KeyID.byteCount
    {
      keys = bytes
      if !Self.isAscending(keys) { fault(.fieldValue, "ascending key ids", "another order") }
    } else {
      fault(.fieldType, "0 to 8 key ids of 16 bytes", Self.describe(row.keyIDs))
    }
    keyIDs = keys
    let flags = integer(row.flags, 0...Int64(Claim.Flags.known.rawValue), "flags")
    self.flags = UInt8(truncatingIfNeeded: flags)
    nonce = bytes(row.nonce, Nonce.byteCount, "nonce")
    if keys.isEmpty, isSound {
      if flags != 0 { fault(.fieldValue, "no flags without keys", "\(flags)") }
      if !nonce.allSatisfy({ $0 == 0 }) {
        fault(.fieldValue, "a zero nonce without keys", "another")
      }
    }
    switch row.body {
    case .bytes(let bytes): body = bytes
    case .null: body = nil
    default:
      body = nil
      fault(.fieldType, "bytes or NULL in body", Self.describe(row.body))
    }
    bodyLength = Int(integer(row.bodyLength, 0 ... .max, "body_length"))
    let bodyHash = bytes(row.bodyHash, 32, "body_hash")
    let commitment = bytes(row.commitment, 32, "commitment")
    recordedAt = integer(row.recordedAt, .min ... .max, "recorded_at")
    revision = Int(integer(row.revision, 0 ... .max, "revision"))
    let leaf = bytes(row.leaf, 32, "leaf")
    guard isSound else { return nil }
    self.eventID = EventID(loading: eventID)
    self.bodyHash = Digest(loading: bodyHash)
    self.commitment = Digest(loading: commitment)
    self.leaf = Leaf(loading: leaf)
    if self.eventID.isZero {
      note(.fieldValue, "an event id that is not zero", "zero")
      return nil
    }
  }

  private static func isAscending(_ keys: UnsafeRawBufferPointer) -> Bool {
    stride(from: KeyID.byteCount, to: keys.count, by: KeyID.byteCount).allSatisfy { at in
      let left = UnsafeRawBufferPointer(rebasing: keys[at - KeyID.byteCount..<at])
      let right = UnsafeRawBufferPointer(rebasing: keys[at..<at + KeyID.byteCount])
      return KeyID(loading: left) < KeyID(loading: right)
    }
  }

  static func describe(_ value: AuditValue) -> String {
    switch value {
    case .null: "NULL"
    case .integer(let number): "the integer \(number)"
    case .real: "a floating-point number"
    case .text(let bytes): "text of \(bytes.count) bytes"
    case .bytes(let bytes): "\(bytes.count) bytes"
    }
  }
}

/// A header's bytes, built over and over in one place.
struct HeaderBuffer: ~Copyable {
  // Three strings of 2 + 512 bytes and eight keys leave room to spare.
  private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2304, alignment: 16)
  private var count = 0
  private var previousAt = 0

  deinit { memory.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

  /// Returns how many bytes the claim has.
  mutating func build(
    _ fields: Fields, ledgerID: LedgerID, position: Int, previous: Leaf
  ) -> Int {
    count = 0
    put(UInt32(0x4355_5354))  // "CUST"
    put(Claim.version)
    put(fields.flags)
    put(ledgerID)
    put(fields.eventID)
    put(fields.correlationID)
    put(fields.causationID)
    put(fields.occurredAt)
    putString(fields.stream)
    putString(fields.type)
    put(UInt16(fields.typeVersion))
    putString(fields.actor)
    put(UInt8(fields.keyIDs.count / KeyID.byteCount))
    put(fields.keyIDs)
    put(fields.nonce)
    let claimCount = count
    put(UInt64(fields.bodyLength))
    put(fields.bodyHash)
    put(fields.commitment)
    put(UInt64(position))
    previousAt = count
    put(previous)
    put(fields.recordedAt)
    put(UInt64(fields.revision))
    return claimCount
  }

  mutating func replacePrevious(with leaf: Leaf) {
    memory.storeBytes(of: leaf, toByteOffset: previousAt, as: Leaf.self)
  }

  @inline(__always)
  private mutating func put(_ value: some FixedWidthInteger) {
    let big = value.bigEndian
    withUnsafeBytes(of: big) { put($0) }
  }

  @inline(__always)
  private mutating func put(_ value: some FixedBytes) { value.withUnsafeBytes { put($0) } }

  @inline(__always)
  private mutating func put(_ bytes: UnsafeRawBufferPointer) {
    (memory.baseAddress! + count).copyMemory(from: bytes.orEmpty, byteCount: bytes.count)
    count += bytes.count
  }

  private mutating func putString(_ bytes: UnsafeRawBufferPointer) {
    put(UInt16(bytes.count))
    put(bytes)
  }
}
