import COpenSSL

/// SHA-256 with a context that is used again for every message.
///
/// Fetching the algorithm and making a context cost more than hashing a header, so hot loops keep
/// one of these. Not for two threads at once.
package final class SHA256 {
  // "EVP_MD_fetch ... The returned value must be freed": it lives as long as the program.
  nonisolated(unsafe) static let algorithm: OpaquePointer = {
    guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else {
      fatalError("\(OpenSSLError("EVP_MD_fetch"))")
    }
    return algorithm
  }()

  private let context: OpaquePointer

  package init() {
    context = EVP_MD_CTX_new()
    mustSucceed(EVP_DigestInit_ex2(context, Self.algorithm, nil), "EVP_DigestInit_ex2")
  }

  deinit { EVP_MD_CTX_free(context) }

  package func begin() {
    mustSucceed(EVP_DigestInit_ex2(context, nil, nil), "EVP_DigestInit_ex2")
  }

  @inline(__always)
  package func update(_ bytes: UnsafeRawBufferPointer) {
    mustSucceed(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count), "EVP_DigestUpdate")
  }

  package func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  package func update(_ byte: UInt8) { withUnsafeBytes(of: byte) { update($0) } }

  package func end() -> Digest {
    var digest = Digest()
    withUnsafeMutableBytes(of: &digest) {
      mustSucceed(
        EVP_DigestFinal_ex(context, $0.bindMemory(to: UInt8.self).baseAddress, nil),
        "EVP_DigestFinal_ex")
    }
    return digest
  }

  package func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
    begin()
    update(bytes)
    return end()
  }

  package func hash(_ bytes: [UInt8]) -> Digest { bytes.withUnsafeBytes { hash($0) } }

  /// The hash of one message, for callers that hash seldom.
  package static func hash(_ bytes: [UInt8]) -> Digest { SHA256().hash(bytes) }
}
