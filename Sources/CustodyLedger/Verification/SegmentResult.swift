/// What a ``SegmentVerifier`` found, and what the joining still has to know.
package struct SegmentResult {
  /// Findings kept for one segment; more are only counted.
  static let findingCountMax = 100

  /// Neighboring events under the same keys.
  package struct KeyRun {
    let first: Int
    var last: Int
    let keys: [KeyID]

    /// Whether an event belongs to this run, which then includes it.
    mutating func extend(to position: Int, keys: [KeyID]) -> Bool {
      guard last == position - 1, self.keys == keys else { return false }
      last = position
      return true
    }
  }

  /// An event of the library that explains something.
  package struct System {
    let position: Int
    let event: SystemEvent
    /// This segment's tree before the event, for `ledger.restored`.
    let treeBefore: TreeFrontier?
  }

  package let start: Int
  /// One past the last event.
  package internal(set) var end: Int
  package internal(set) var findings = Findings(limit: Self.findingCountMax)
  /// A leaf is missing: the tree cannot be computed from here on.
  var isBroken = false
  var tree = TreeFrontier()
  /// Complete subtrees of 256 leaves.
  package internal(set) var tiles: [(place: Int, root: Digest)] = []
  var claims: [ResolvedClaim] = []
  var firstRecordedAt: (position: Int, time: Int64)?
  var lastRecordedAt: Int64?
  /// For the caller to check over the whole ledger: ``UniqueEntry/forEachRepeated(in:seed:_:)``.
  package internal(set) var eventIDs: [UniqueEntry] = []
  /// The same, at level contents.
  package internal(set) var nonces: [UniqueEntry] = []
  /// For the caller to check over the whole ledger: ``StreamRun/check(_:_:)``.
  package internal(set) var streamRuns: [StreamRun] = []
  var keyRuns: [KeyRun] = []
  var systemEvents: [System] = []
  var holes: [Int] = []
  /// Bodies whose key was not in the keyring.
  var unopened: [KeyRun] = []

  init(start: Int) {
    self.start = start
    end = start
  }

  /// Adds a finding of a check that needs the database.
  package mutating func addFinding(_ finding: @autoclosure () -> Finding) {
    findings.add(finding())
  }
}

/// A claim and this segment's tree at its size.
struct ResolvedClaim {
  let claim: RootClaim
  let tree: TreeFrontier
}
