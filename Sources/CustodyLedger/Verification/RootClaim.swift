/// Someone's word on what the tree root was at a size: a checkpoint, an anchor, the signer's state.
package struct RootClaim: Sendable {
  package enum Word: Sendable {
    /// A signed note, not yet parsed.
    case note(String)
    /// Numbers that the store keeps outside its ledger, unsigned.
    case state(incarnation: Int, root: Digest)
    /// Nothing where there always is something.
    case missing
    /// Something that whoever verifies may not read.
    case unreadable
  }

  package let size: Int
  package let word: Word
  /// Who says so, as findings name it: `checkpoint`, `anchor FILE`, `guard`.
  package let source: String
  /// Whether the ledger itself holds the note: it keeps none of a life that was lost.
  package private(set) var isStored = false

  package init(size: Int, word: Word, source: String) {
    self.size = size
    self.word = word
    self.source = source
  }

  /// A note in the ledger, and the size that its row says.
  package init(stored note: String, size: Int) {
    self.init(size: size, word: .note(note), source: "checkpoint")
    isStored = true
  }

  /// Nothing is left of what `source` kept.
  package init(missing source: String) { self.init(size: 0, word: .missing, source: source) }

  package init(unreadable source: String) { self.init(size: 0, word: .unreadable, source: source) }

  /// An anchor, whose size stands in its note; nil when it is no checkpoint at all.
  package init?(anchor note: String, source: String) {
    guard let checkpoint = Checkpoint(unverified: note) else { return nil }
    self.init(size: checkpoint.size, word: .note(note), source: source)
  }
}
