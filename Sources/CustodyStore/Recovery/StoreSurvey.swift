import CustodyLedger

/// What the parts of a store say of each other. Nothing is changed by making one.
package struct StoreSurvey: Sendable {
  /// What somebody outside the ledger knows of it.
  package struct Word: Sendable {
    /// How it goes with the ledger.
    package enum Verdict: Sendable {
      /// The ledger has this history.
      case agrees
      /// It has not, and says itself why.
      case explained
      /// It ends before, or its life did.
      case beyond
      /// It has another history of that size.
      case contradicts

      package var name: String {
        switch self {
        case .agrees: "agrees"
        case .explained: "explained"
        case .beyond: "beyond the end"
        case .contradicts: "contradicts"
        }
      }
    }

    /// Who says so, as findings name it.
    package let source: String
    let checkpoint: Checkpoint
    /// The note that says so, when one does.
    let note: String?
    /// The file of an anchor.
    var anchor: String?
    var isGuard = false
    package let verdict: Verdict

    package var incarnation: Int { checkpoint.origin.incarnation }
    package var size: Int { checkpoint.size }

    /// Whether it knows of more than another does.
    func isAhead(of other: Word) -> Bool {
      (incarnation, size) > (other.incarnation, other.size)
    }
  }

  /// How many events the ledger has.
  package let size: Int
  /// Which life of the ledger it is; 0 when it is another store's.
  package let incarnation: Int
  /// The size of the newest checkpoint in the ledger, 0 without one.
  package let sealedSize: Int
  /// Whether the ledger is in a life that no checkpoint of it signs yet.
  package internal(set) var isNewestLifeUnsigned = false
  /// How often the keyring had been written to when signer or guard wrote something down.
  package internal(set) var keyringRevision = 0
  package internal(set) var words: [Word] = []
  /// What is wrong, what has to be mended first first; empty for a clean store.
  package internal(set) var conditions: [StoreCondition] = []

  package var isOfThisLedger: Bool { incarnation > 0 }

  package static let guardSource = "the guard"

  package var condition: StoreCondition { conditions.first ?? .clean }

  /// What a word means for the store, or nil when it does not speak against it.
  func condition(_ word: Word) -> StoreCondition? {
    switch word.verdict {
    case .agrees, .explained: nil
    case .beyond: .behind(size: size, seen: word.size, by: word.source)
    case .contradicts: .forked(at: word.size, by: word.source)
    }
  }

  /// The newest that a guard says.
  var guardWord: Word? { words.filter(\.isGuard).max { $1.isAhead(of: $0) } }

  /// Somebody who knows of more than the guard does. It is told of everything before that is signed, so
  /// it is then an older copy of itself, and knows nothing of what else was signed.
  var aheadOfGuard: Word? {
    guardWord.flatMap { guarded in
      words.first { $0.verdict == .agrees && $0.isAhead(of: guarded) }
    }
  }
}
