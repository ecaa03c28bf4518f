import CustodyLedger
import CustodyTesting
import Testing

/// C2SP/wycheproof, testvectors_v1.
@Suite("The primitives pass Wycheproof", .needsVectors)
struct WycheproofTests {
  struct File<Group: Decodable>: Decodable {
    let numberOfTests: Int
    let testGroups: [Group]
  }

  private static func hex(_ text: String) throws -> [UInt8] { try #require(Hex.decode(text.utf8)) }

  // MARK: AES-GCM

  struct GCMGroup: Decodable {
    struct Case: Decodable {
      let tcId: Int
      let comment: String
      let key: String
      let iv: String
      let aad: String
      let msg: String
      let ct: String
      let tag: String
      let result: String
    }
    let keySize: Int
    let ivSize: Int
    let tagSize: Int
    let tests: [Case]
  }

  @Test("AES-256-GCM: the 66 cases with nonces of 96 bits, all under one context")
  func gcm() throws {
    let file = try Vectors.decode(File<GCMGroup>.self, from: "wycheproof/aes_gcm_test.json")
    let groups = file.testGroups.filter { $0.keySize == 256 && $0.ivSize == 96 }
    #expect(groups.allSatisfy { $0.tagSize == 128 })
    let tests = groups.flatMap(\.tests)
    #expect(tests.count == 66)
    #expect(Set(tests.map(\.result)) == ["valid", "invalid"])
    let cipher = AES256GCM()
    for test in tests {
      let comment = Comment("case \(test.tcId): \(test.comment)")
      let (key, nonce, aad) = try (Self.hex(test.key), Self.hex(test.iv), Self.hex(test.aad))
      let (plaintext, sealed) = try (Self.hex(test.msg), Self.hex(test.ct) + Self.hex(test.tag))
      let opened = cipher.open(sealed, key: key, nonce: nonce, aad: aad)
      if test.result == "valid" {
        #expect(opened == plaintext, comment)
        #expect(cipher.seal(plaintext, key: key, nonce: nonce, aad: aad) == sealed, comment)
      } else {
        #expect(opened == nil, comment)
      }
    }
  }

  // MARK: HKDF

  struct HKDFGroup: Decodable {
    struct Case: Decodable {
      let tcId: Int
      let comment: String
      let ikm: String
      let salt: String
      let info: String
      let size: Int
      let okm: String
      let result: String
    }
    let tests: [Case]
  }

  @Test("HKDF-SHA-256: all 86 cases")
  func hkdf() throws {
    let file = try Vectors.decode(File<HKDFGroup>.self, from: "wycheproof/hkdf_sha256_test.json")
    let tests = file.testGroups.flatMap(\.tests)
    #expect(tests.count == 86 && file.numberOfTests == 86)
    #expect(Set(tests.map(\.result)) == ["valid", "invalid"])
    for test in tests {
      let comment = Comment("case \(test.tcId): \(test.comment)")
      let (keyMaterial, salt, info) = try (
        Self.hex(test.ikm), Self.hex(test.salt), Self.hex(test.info)
      )
      let derived = try? keyMaterial.withUnsafeBytes { keyMaterial throws(OpenSSLError) in
        try KeyDerivation.hkdf(keyMaterial, salt: salt, info: info, count: test.size)
      }
      #expect((derived != nil) == (test.result == "valid"), comment)
      if let derived { #expect(derived.bytes == (try Self.hex(test.okm)), comment) }
    }
  }

  // MARK: Ed25519

  struct EdDSAGroup: Decodable {
    struct Key: Decodable { let pk: String }
    struct Case: Decodable {
      let tcId: Int
      let comment: String
      let msg: String
      let sig: String
      let result: String
    }
    let publicKey: Key
    let tests: [Case]
  }

  @Test("Ed25519: all 151 cases")
  func ed25519() throws {
    let file = try Vectors.decode(File<EdDSAGroup>.self, from: "wycheproof/ed25519_test.json")
    #expect(file.numberOfTests == 151)
    #expect(file.testGroups.map(\.tests.count).reduce(0, +) == 151)
    #expect(Set(file.testGroups.flatMap(\.tests).map(\.result)) == ["valid", "invalid"])
    for group in file.testGroups {
      let key = PublicKey(try #require(Digest(hex: group.publicKey.pk)))
      for test in group.tests {
        let (message, signature) = try (Self.hex(test.msg), Self.hex(test.sig))
        #expect(
          key.verifies(signature, over: message) == (test.result == "valid"),
          "case \(test.tcId): \(test.comment)")
      }
    }
  }
}
