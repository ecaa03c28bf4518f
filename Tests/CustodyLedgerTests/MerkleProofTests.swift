import CustodyLedger
import CustodyTesting
import Testing

/// transparency-dev/merkle, testdata/{inclusion,consistency}.
@Suite("Proofs are judged as transparency-dev/merkle judges them", .needsVectors)
struct MerkleProofTests {
  struct Inclusion: Decodable {
    let leafIdx: UInt64
    let treeSize: UInt64
    let root: String
    let leafHash: String
    let proof: [String]?
    let desc: String
    let wantErr: Bool

    /// Hashes of other lengths and numbers above 63 bits do not even get as far as the check.
    var verifies: Bool {
      guard let index = Int(exactly: leafIdx), let size = Int(exactly: treeSize),
        let leaf = MerkleProofTests.digest(leafHash), let root = MerkleProofTests.digest(root),
        let path = MerkleProofTests.digests(proof)
      else { return false }
      return TreeProof.includes(leaf, index: index, size: size, path: path, root: root)
    }
  }

  struct Consistency: Decodable {
    let size1: UInt64
    let size2: UInt64
    let root1: String
    let root2: String
    let proof: [String]?
    let desc: String
    let wantErr: Bool

    var verifies: Bool {
      guard let old = Int(exactly: size1), let new = Int(exactly: size2),
        let oldRoot = Self.root(root1), let newRoot = Self.root(root2),
        let path = MerkleProofTests.digests(proof)
      else { return false }
      return TreeProof.isConsistent(
        old: old, oldRoot: oldRoot, new: new, newRoot: newRoot, path: path)
    }

    /// Some roots are words ("don't care 1"), which only have to stay equal or different.
    private static func root(_ text: String) -> Digest? {
      Base64.decode(text).map { Digest($0) ?? SHA256.hash($0) }
    }
  }

  private static func digest(_ text: String) -> Digest? {
    Base64.decode(text).flatMap { Digest($0) }
  }

  private static func digests(_ texts: [String]?) -> [Digest]? {
    let hashes = (texts ?? []).map { digest($0) }
    return hashes.contains(nil) ? nil : hashes.compactMap { $0 }
  }

  @Test("all 98 inclusion cases")
  func inclusion() throws {
    let files = Vectors.jsonFiles(under: "merkle/inclusion")
    #expect(files.count == 98)
    var accepted = 0
    for file in files {
      let test = try Vectors.decode(Inclusion.self, from: file)
      #expect(test.verifies != test.wantErr, "\(file): \(test.desc)")
      if test.verifies { accepted += 1 }
    }
    #expect(accepted > 0)
  }

  @Test("all 98 consistency cases")
  func consistency() throws {
    let files = Vectors.jsonFiles(under: "merkle/consistency")
    #expect(files.count == 98)
    var accepted = 0
    for file in files {
      let test = try Vectors.decode(Consistency.self, from: file)
      #expect(test.verifies != test.wantErr, "\(file): \(test.desc)")
      if test.verifies { accepted += 1 }
    }
    #expect(accepted > 0)
  }
}
