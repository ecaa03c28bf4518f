/// Whose cosignatures make a checkpoint one that outsiders have seen: C2SP tlog-policy.
///
/// ```
/// witness alice alice.example+…
/// witness bob bob.example+…
/// group both all alice bob
/// quorum both
/// ```
///
/// `log` lines name logs and their keys; addresses at the ends of lines are for whoever asks witnesses
/// and are ignored here.
public struct WitnessPolicy: Sendable {
  /// A witness, or some of several.
  private indirect enum Rule: Sendable {
    case witness(VerifierKey)
    case group(threshold: Int, members: [Rule])
  }

  private static let depthMax = 32

  /// Keys of logs that the policy trusts.
  public let logs: [VerifierKey]
  /// Keys of all witnesses that it names.
  public let witnesses: [VerifierKey]
  /// Nil when no cosignature is needed.
  private let quorum: Rule?

  /// Reads a policy.
  ///
  /// - Throws: ``WitnessPolicyError`` with the line, from 1, that is not as the format says.
  public init(parsing text: String) throws(WitnessPolicyError) {
    var logs: [VerifierKey] = []
    var witnesses: [VerifierKey] = []
    var rules: [Substring: Rule] = [:]
    var grouped: Set<Substring> = []
    var depths: [Substring: Int] = [:]
    var quorum: Rule??
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      func fault(_ why: String) -> WitnessPolicyError { .init(line: index + 1, why: why) }
      func key(_ text: Substring, _ algorithm: VerifierKey.Algorithm) throws(WitnessPolicyError)
        -> VerifierKey
      {
        guard let key = try? VerifierKey(String(text)), key.algorithm == algorithm else {
          throw fault("a verifier key of type \(algorithm.rawValue) is expected")
        }
        return key
      }
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      switch first {
      case "log":
        guard (2...3).contains(words.count) else { throw fault("log VKEY [URL]") }
        logs.append(try key(words[1], .ed25519))
      case "witness":
        guard (3...4).contains(words.count), words[1] != "none" else {
          throw fault("witness NAME VKEY [URL]")
        }
        let witness = try key(words[2], .cosignature)
        guard rules.updateValue(.witness(witness), forKey: words[1]) == nil,
          // One that counts twice would make a quorum of fewer.
          !witnesses.contains(where: { $0.publicKey == witness.publicKey })
        else { throw fault("the name or key stands twice") }
        witnesses.append(witness)
      case "group":
        guard words.count >= 4, words[1] != "none" else {
          throw fault("group NAME any|all|NUMBER MEMBER ...")
        }
        let members = words[3...].compactMap { rules[$0] }
        guard members.count == words.count - 3,
          words[3...].allSatisfy({ grouped.insert($0).inserted })
        else { throw fault("a member is not named before, or is in a group already") }
        let depth = 1 + (words[3...].compactMap { depths[$0] }.max() ?? 0)
        guard depth <= Self.depthMax else { throw fault("groups nest too deep") }
        depths[words[1]] = depth
        let threshold =
          switch words[2] {
          case "any": 1
          case "all": members.count
          default: Decimal.parse(words[2].utf8) ?? 0
          }
        guard (1...members.count).contains(threshold) else {
          throw fault("a threshold is any, all, or a number from 1 to that of the members")
        }
        guard
          rules.updateValue(.group(threshold: threshold, members: members), forKey: words[1]) == nil
        else { throw fault("the name stands twice") }
      case "quorum":
        guard words.count == 2, quorum == nil else { throw fault("quorum NAME|none, once") }
        if words[1] == "none" {
          quorum = .some(nil)
        } else {
          guard let rule = rules[words[1]] else { throw fault("\(words[1]) is not named before") }
          quorum = rule
        }
      default: throw fault("log, witness, group or quorum is expected")
      }
    }
    guard let quorum else { throw .init(line: 0, why: "a quorum line is missing") }
    self.logs = logs
    self.witnesses = witnesses
    self.quorum = quorum
  }

  /// Who cosigned a checkpoint, and whether those are enough.
  ///
  /// - Returns: nil when a line by one of the witnesses does not verify.
  package func answer(on note: SignedNote) -> (cosignatures: [Cosignature], isEnough: Bool)? {
    guard let found = Cosignature.verified(on: note, witnesses: witnesses) else { return nil }
    let keys = Set(found.map(\.witness.publicKey))
    func holds(_ rule: Rule) -> Bool {
      switch rule {
      case .witness(let key): keys.contains(key.publicKey)
      case .group(let threshold, let members): members.count(where: holds) >= threshold
      }
    }
    return (found, quorum.map(holds) ?? true)
  }
}

/// Where a text is no witness policy.
public struct WitnessPolicyError: Error, Equatable {
  /// From 1; 0 when something is missing in the whole.
  public let line: Int
  /// What was expected.
  public let why: String
}
