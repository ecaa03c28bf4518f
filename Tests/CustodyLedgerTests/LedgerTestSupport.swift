import CustodyLedger
import Testing

/// A random source for tests: the same seed gives the same bytes (SplitMix64).
struct TestRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0.prefix(count - bytes.count)) }
    }
    return bytes
  }

  mutating func fixed<T: FixedBytes>(_ type: T.Type = T.self) -> T { T(bytes(T.byteCount))! }

  mutating func key() -> SecretBytes { secret(bytes(32)) }

  /// A name of 1 to 24 characters that every writer accepts.
  mutating func name() -> Name {
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789/.:-é中🎧")
    let count = Int.random(in: 1...24, using: &self)
    let text = String((0..<count).map { _ in letters.randomElement(using: &self)! })
    do { return try Name(text) } catch { fatalError("\(error)") }
  }

  /// A claim with `keyCount` keys, which differ.
  mutating func claim(keyCount: Int, flags: Claim.Flags = []) -> Claim {
    let keyIDs = Set((0..<keyCount).map { _ in fixed(KeyID.self) }).sorted()
    do {
      return try Claim(
        flags: flags, ledgerID: fixed(), eventID: fixed(),
        correlationID: Bool.random(using: &self) ? fixed() : nil,
        causationID: Bool.random(using: &self) ? fixed() : nil,
        occurredAt: Timestamp(microseconds: Int64(truncatingIfNeeded: next())),
        stream: name(), type: name(), typeVersion: UInt16(truncatingIfNeeded: next()),
        actor: name(), keyIDs: keyIDs, nonce: keyCount == 0 ? Nonce() : fixed())
    } catch {
      fatalError("\(error)")
    }
  }

  mutating func header(keyCount: Int) -> Header {
    func natural() -> Int { Int(truncatingIfNeeded: next() >> (1 + next() % 63)) }
    return Header(
      claim: claim(keyCount: keyCount),
      seal: Seal(bodyLength: natural(), bodyHash: fixed(), commitment: fixed()),
      place: Place(
        position: Position(natural()), previousLeaf: fixed(),
        recordedAt: Timestamp(microseconds: Int64(truncatingIfNeeded: next())),
        revision: Revision(natural())))
  }
}

func secret(_ bytes: [UInt8]) -> SecretBytes {
  SecretBytes(count: bytes.count) { $0.copyBytes(from: bytes) }
}

extension SecretBytes {
  var bytes: [UInt8] { withUnsafeBytes { Array($0) } }
}

extension [UInt8] {
  /// The same bytes with one changed.
  func flipping(_ index: Int, by mask: UInt8 = 1) -> [UInt8] {
    var bytes = self
    bytes[index] ^= mask
    return bytes
  }
}

extension FixedBytes {
  /// The same value with one bit changed.
  func flipping(_ index: Int, by mask: UInt8 = 1) -> Self {
    Self(bytes.flipping(index, by: mask))!
  }
}

extension AES256GCM {
  func seal(
    _ plaintext: [UInt8], key: [UInt8], nonce: [UInt8], aad: [UInt8]
  ) -> [UInt8] {
    var output = [UInt8](repeating: 0xff, count: plaintext.count + Self.tagSize)
    output.withUnsafeMutableBytes { output in
      plaintext.withUnsafeBytes { plaintext in
        key.withUnsafeBytes { key in
          nonce.withUnsafeBytes { nonce in
            aad.withUnsafeBytes {
              seal(plaintext, key: key, nonce: nonce, aad: $0, into: output)
            }
          }
        }
      }
    }
    return output
  }

  func open(
    _ sealed: [UInt8], key: [UInt8], nonce: [UInt8], aad: [UInt8]
  ) -> [UInt8]? {
    var output = [UInt8](repeating: 0xff, count: sealed.count - Self.tagSize)
    let matches = output.withUnsafeMutableBytes { output in
      sealed.withUnsafeBytes { sealed in
        key.withUnsafeBytes { key in
          nonce.withUnsafeBytes { nonce in
            aad.withUnsafeBytes { open(sealed, key: key, nonce: nonce, aad: $0, into: output) }
          }
        }
      }
    }
    // What did not open leaves nothing behind.
    if !matches { #expect(output.allSatisfy { $0 == 0 }) }
    return matches ? output : nil
  }
}

/// The tree of RFC 6962 §2.1, written as it is defined there.
enum DefinedTree {
  /// "MTH({}) = SHA-256()", "MTH({d(0)})" is the leaf itself here, and
  /// "MTH(D[n]) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n]))".
  static func root(_ leaves: ArraySlice<Digest>) -> Digest {
    if leaves.isEmpty { return SHA256.hash([]) }
    if leaves.count == 1 { return leaves.first! }
    let k = leaves.startIndex + split(leaves.count)
    return SHA256.hash([1] + root(leaves[..<k]).bytes + root(leaves[k...]).bytes)
  }

  static func root(_ leaves: [Digest]) -> Digest { root(leaves[...]) }

  /// "the largest power of two smaller than n".
  static func split(_ count: Int) -> Int {
    var k = 1
    while k * 2 < count { k *= 2 }
    return k
  }

  /// §2.1.1: "PATH(m, D[n]) = PATH(m, D[0:k]) : MTH(D[k:n]) for m < k", else
  /// "PATH(m - k, D[k:n]) : MTH(D[0:k])".
  static func path(_ m: Int, _ leaves: ArraySlice<Digest>) -> [Digest] {
    if leaves.count <= 1 { return [] }
    let k = split(leaves.count)
    let (left, right) = (leaves.prefix(k), leaves.dropFirst(k))
    return m < k ? path(m, left) + [root(right)] : path(m - k, right) + [root(left)]
  }

  /// On which side the siblings of `m` stand, leaf side first.
  static func sides(_ m: Int, _ count: Int) -> String {
    if count <= 1 { return "" }
    let k = split(count)
    return m < k ? sides(m, k) + "R" : sides(m - k, count - k) + "L"
  }

  /// §2.1.2: SUBPROOF(m, D[n], b).
  static func proof(_ m: Int, _ leaves: ArraySlice<Digest>, _ isWhole: Bool = true) -> [Digest] {
    if m == leaves.count { return isWhole ? [] : [root(leaves)] }
    let k = split(leaves.count)
    let (left, right) = (leaves.prefix(k), leaves.dropFirst(k))
    return m <= k
      ? proof(m, left, isWhole) + [root(right)] : proof(m - k, right, false) + [root(left)]
  }

  /// How both roots are put together from the hashes of a consistency proof, as an expression.
  ///
  /// A proof for (m, n) proves (m', n') as well exactly when these are the same.
  static func recipe(
    _ m: Int, _ n: Int, _ isWhole: Bool = true
  ) -> (old: String, new: String, count: Int) {
    if m == n { return isWhole ? ("old", "old", 0) : ("0", "0", 1) }
    let k = split(n)
    if m <= k {
      let left = recipe(m, k, isWhole)
      return (left.old, "(\(left.new) \(left.count))", left.count + 1)
    }
    let right = recipe(m - k, n - k, false)
    return (
      "(\(right.count) \(right.old))", "(\(right.count) \(right.new))", right.count + 1
    )
  }
}

/// Complete subtrees of leaves in memory, by the definition.
struct LeafSource: SubtreeSource {
  let leaves: [Digest]

  func subtree(level: Int, place: Int) throws(Never) -> Digest {
    DefinedTree.root(leaves[place << level..<(place + 1) << level])
  }
}

extension VersionRootBuilder {
  /// The root over entries, ascending by ordinal.
  static func root(_ entries: some Sequence<(ordinal: UInt64, address: Digest)>) -> Digest {
    var builder = VersionRootBuilder()
    for entry in entries { builder.add(entry.ordinal, entry.address) }
    return builder.root
  }
}
