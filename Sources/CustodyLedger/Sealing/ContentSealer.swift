import COpenSSL

/// Seals contents into bodies and opens them again. One for each thread.
///
/// Format.md §2: `body = XAES-256-GCM(K, nonce, aad = claim, plaintext = salt ‖ stored ‖ 0x80
/// ‖ zeros to a multiple of 64)`. Keeps some ciphers of the keys it saw last.
package final class ContentSealer {
  /// The largest content, in bytes.
  package static let contentSizeMax = 16 << 20
  static let paddingBlock = 64
  static let saltSize = 32
  /// How many ciphers are kept: contents of one batch are about few people at a time.
  private static let cipherCount = 256

  private let sha256 = SHA256()
  /// Each at the place that its first key id says. Where another key comes, the cipher goes on under
  /// it: a table about more people than places does not make one for every row.
  private var ciphers: [Known?] = Array(repeating: nil, count: cipherCount)

  /// A cipher and what it was made of: an id alone does not make a key.
  private final class Known {
    var keyIDs: [KeyID]
    var keys: [SecretBytes]
    let cipher: XAES256GCM

    init(_ keyIDs: [KeyID], _ keys: [SecretBytes], _ cipher: XAES256GCM) {
      self.keyIDs = keyIDs
      self.keys = keys
      self.cipher = cipher
    }

    func isOf(_ keyIDs: [KeyID], _ keys: [SecretBytes]) -> Bool {
      self.keyIDs == keyIDs
        && self.keys.elementsEqual(keys) { $0 === $1 || $0.equals($1) }
    }
  }
  private var scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)

  package init() {}

  deinit {
    OPENSSL_cleanse(scratch.baseAddress, scratch.count)
    scratch.deallocate()
  }

  /// Forgets every cipher: called when a key has been destroyed.
  package func forgetKeys() {
    ciphers = Array(repeating: nil, count: Self.cipherCount)
  }

  /// A content as it goes into a claim: compressed or not.
  package struct Stored {
    package let isCompressed: Bool
    fileprivate let compressed: [UInt8]?

    /// Decides on compression, which is part of the claim and so precedes it.
    package init(_ content: UnsafeRawBufferPointer, compressing: Bool) {
      compressed = compressing ? Deflate.compressIfWorthwhile(content) : nil
      isCompressed = compressed != nil
    }

    /// Bytes that are compressed already: examples of the format bring their own.
    package init(compressed bytes: [UInt8]) {
      compressed = bytes
      isCompressed = true
    }

    func withBytes(
      of content: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> [UInt8]
    ) -> [UInt8] {
      if let compressed { return compressed.withUnsafeBytes { body($0) } }
      return body(content)
    }
  }

  /// The body and seal of `content` under a claim with keys.
  ///
  /// - Parameters:
  ///   - claimBytes: the claim's bytes, the additional data.
  ///   - keys: the data keys in the order of the claim's key ids.
  ///   - salt: 32 random bytes.
  package func seal(
    _ content: UnsafeRawBufferPointer, stored: Stored, claim: Claim, claimBytes: [UInt8],
    keys: [SecretBytes], salt: Digest
  ) -> (Seal, body: [UInt8]) {
    precondition(!claim.keyIDs.isEmpty && keys.count == claim.keyIDs.count)
    precondition(content.count <= Self.contentSizeMax)
    precondition(stored.isCompressed == claim.flags.contains(.compressed))
    let commitment = self.commitment(salt: salt, content: content)
    let body: [UInt8] = stored.withBytes(of: content) { stored in
      sealed(
        stored, salt: salt, nonce: claim.nonce, aad: claimBytes, keyIDs: claim.keyIDs, keys: keys)
    }
    let bodyHash = sha256.hash(body)
    return (Seal(bodyLength: body.count, bodyHash: bodyHash, commitment: commitment), body)
  }

  /// The seal of a content that is stored as it is: the library's own events.
  package func sealOpenly(_ content: [UInt8]) -> Seal {
    let commitment = content.withUnsafeBytes { self.commitment(salt: Digest(), content: $0) }
    return Seal(
      bodyLength: content.count, bodyHash: sha256.hash(content), commitment: commitment)
  }

  /// Salt ‖ stored ‖ padding, sealed. Objects use it with their own header as additional data, which
  /// then stands before the body.
  package func sealed(
    _ stored: UnsafeRawBufferPointer, salt: Digest, nonce: Nonce, aad: [UInt8],
    isPrefixed: Bool = false, keyIDs: [KeyID], keys: [SecretBytes]
  ) -> [UInt8] {
    let used = Self.saltSize + stored.count + 1
    let padded = (used + Self.paddingBlock - 1) / Self.paddingBlock * Self.paddingBlock
    let plaintext = scratch(padded)
    salt.withUnsafeBytes { plaintext.copyMemory(from: $0) }
    UnsafeMutableRawBufferPointer(rebasing: plaintext[Self.saltSize...]).copyMemory(from: stored)
    plaintext[used - 1] = 0x80
    for index in used..<padded { plaintext[index] = 0 }
    let cipher = cipher(keyIDs, keys)
    let prefix = isPrefixed ? aad.count : 0
    let count = prefix + padded + XAES256GCM.overhead
    let body = [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
      let output = UnsafeMutableRawBufferPointer(output)
      aad.withUnsafeBytes { aad in
        if isPrefixed { output.copyMemory(from: aad) }
        cipher.seal(
          UnsafeRawBufferPointer(plaintext), nonce: nonce, aad: aad,
          into: UnsafeMutableRawBufferPointer(rebasing: output[prefix..<count]))
      }
      initialized = count
    }
    OPENSSL_cleanse(plaintext.baseAddress, used)
    return body
  }

  /// The content of a body under a claim with keys.
  ///
  /// - Throws: ``OpeningError`` for each way in which body, key and commitment can disagree.
  package func open(
    _ body: UnsafeRawBufferPointer, claimBytes: UnsafeRawBufferPointer, keyIDs: [KeyID],
    nonce: Nonce, isCompressed: Bool, commitment expected: Digest, keys: [SecretBytes]
  ) throws(OpeningError) -> [UInt8] {
    try opened(
      body, nonce: nonce, aad: claimBytes, keyIDs: keyIDs, isCompressed: isCompressed,
      commitment: expected, keys: keys
    ).content
  }

  /// Salt and content of a sealed body, checked against its commitment.
  package func opened(
    _ body: UnsafeRawBufferPointer, nonce: Nonce, aad: UnsafeRawBufferPointer,
    keyIDs: [KeyID], isCompressed: Bool, commitment expected: Digest, keys: [SecretBytes]
  ) throws(OpeningError) -> (salt: Digest, content: [UInt8]) {
    let padded = body.count - XAES256GCM.overhead
    guard padded >= Self.paddingBlock, padded.isMultiple(of: Self.paddingBlock) else {
      throw .padding
    }
    let plaintext = scratch(padded)
    defer { OPENSSL_cleanse(plaintext.baseAddress, padded) }
    guard cipher(keyIDs, keys).open(body, nonce: nonce, aad: aad, into: plaintext) else {
      throw .notAuthentic
    }
    var end = padded - 1
    while end >= Self.saltSize, plaintext[end] == 0 { end -= 1 }
    guard end >= Self.saltSize, plaintext[end] == 0x80, padded - end <= Self.paddingBlock else {
      throw .padding
    }
    let salt = Digest(loading: UnsafeRawBufferPointer(rebasing: plaintext[..<Self.saltSize]))
    let stored = UnsafeRawBufferPointer(rebasing: plaintext[Self.saltSize..<end])
    let content: [UInt8]
    if isCompressed {
      guard let expanded = Deflate.expand(stored, limit: Self.contentSizeMax) else {
        throw .compression
      }
      content = expanded
    } else {
      content = Array(stored)
    }
    // GCM does not commit to its key: "opening always recomputes the commitment".
    guard content.withUnsafeBytes({ commitment(salt: salt, content: $0) }) == expected else {
      throw .commitment
    }
    return (salt, content)
  }

  /// SHA-256(0x00 ‖ salt ‖ content).
  package func commitment(salt: Digest, content: UnsafeRawBufferPointer) -> Digest {
    sha256.begin()
    sha256.update(UInt8(0))
    salt.withUnsafeBytes { sha256.update($0) }
    sha256.update(content)
    return sha256.end()
  }

  private func cipher(_ keyIDs: [KeyID], _ keys: [SecretBytes]) -> XAES256GCM {
    let place = keyIDs[0].withUnsafeBytes { Int($0[KeyID.byteCount - 1]) } % Self.cipherCount
    if let known = ciphers[place] {
      if known.isOf(keyIDs, keys) { return known.cipher }
      known.cipher.rekey(keys.count == 1 ? keys[0] : JointKey.derive(keys))
      known.keyIDs = keyIDs
      known.keys = keys
      return known.cipher
    }
    let cipher = XAES256GCM(key: keys.count == 1 ? keys[0] : JointKey.derive(keys))
    ciphers[place] = Known(keyIDs, keys, cipher)
    return cipher
  }

  private func scratch(_ count: Int) -> UnsafeMutableRawBufferPointer {
    if scratch.count < count {
      OPENSSL_cleanse(scratch.baseAddress, scratch.count)
      scratch.deallocate()
      scratch = .allocate(byteCount: max(count, 2 * scratch.count), alignment: 16)
    }
    return UnsafeMutableRawBufferPointer(rebasing: scratch[..<count])
  }
}

/// Why a body did not open.
public enum OpeningError: Error, Equatable {
  /// The body, its claim or the key is not the one that was sealed.
  case notAuthentic
  /// Authentic, but not padded as the format says.
  case padding
  /// Authentic, but no complete DEFLATE stream within the limit.
  case compression
  /// Authentic, but another content than the one committed to.
  case commitment
}
