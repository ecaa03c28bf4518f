import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

/// Something done to a ledger.sqlite, and what has to be said about it.
struct Attack: Sendable, CustomTestStringConvertible {
  let testDescription: String
  /// The first level that finds it. The levels below find nothing.
  let level: VerificationLevel
  /// The rules that it breaks at that level, besides those that follow.
  let rules: Set<Finding.Rule>
  /// The first event that a finding is about, when one is.
  let position: Int?
  /// Whether it shows in the three views: what an auditor's own program reads.
  var isInViews = true
  /// Whether nothing but a note from elsewhere tells.
  var needsAnchor = false
  let harm: @Sendable (TamperedCopy) async throws -> Void

  init(
    _ name: String, found level: VerificationLevel, _ rules: Set<Finding.Rule>, at position: Int?,
    harm: @escaping @Sendable (TamperedCopy) async throws -> Void
  ) {
    testDescription = name
    self.level = level
    self.rules = rules
    self.position = position
    self.harm = harm
  }

  /// By somebody who has the file and no key.
  static func edit(
    _ name: String, found level: VerificationLevel, _ rules: Set<Finding.Rule>, at position: Int?,
    _ sql: String
  ) -> Attack {
    Attack(name, found: level, rules, at: position) { try $0.execute(sql) }
  }

  /// By the owner, who makes every leaf fit and signs it: no hash and no signature tells.
  static func owner(
    _ name: String, found level: VerificationLevel, _ rules: Set<Finding.Rule>, at position: Int?,
    _ sql: String
  ) -> Attack {
    owner(name, found: level, rules, at: position) { try $0.execute(sql) }
  }

  static func owner(
    _ name: String, found level: VerificationLevel, _ rules: Set<Finding.Rule>, at position: Int?,
    harm: @escaping @Sendable (TamperedCopy) async throws -> Void
  ) -> Attack {
    Attack(name, found: level, rules, at: position) { copy in
      try await harm(copy)
      try copy.sign()
    }
  }

  /// The same where only a note from elsewhere tells.
  var besidesAnchor: Attack {
    var attack = self
    attack.needsAnchor = true
    return attack
  }

  /// The same where the views show nothing of it.
  var outsideViews: Attack {
    var attack = self
    attack.isInViews = false
    return attack
  }

  /// How many events the sample has: positions 0 to 3 and 21, 22 are the library's own, 4 to 7
  /// register people, 8 to 20 and 23 are about them, and 24 to 263 are small ones about nobody.
  static let count = 264
  static let stranger = SigningKey(seed: .init(count: 32) { $0[0] = 1 })

  static let all = rows + fields + explanations + checkpoints + contents + files
}
