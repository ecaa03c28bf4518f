extension SHA256 {
  /// RFC 6962 §2.1: "MTH(D[n]) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n]))".
  package func node(_ left: Digest, _ right: Digest) -> Digest {
    // One call of the digest for both children: calls cost more than the copying.
    withUnsafeTemporaryAllocation(byteCount: 1 + 2 * Digest.byteCount, alignment: 8) { block in
      block[0] = 1
      block.storeBytes(of: left, toByteOffset: 1, as: Digest.self)
      block.storeBytes(of: right, toByteOffset: 1 + Digest.byteCount, as: Digest.self)
      return hash(UnsafeRawBufferPointer(block))
    }
  }
}

extension Digest {
  /// "The hash of an empty list is the hash of an empty string: MTH({}) = SHA-256()."
  public static let emptyTree = SHA256.hash([])
}
