/// Why a matter holds data: a code, so that no prose about anybody stays in the ledger.
public enum HoldReason: String, Sendable, CaseIterable {
  /// A lawsuit that is pending or to be expected.
  case litigation
  /// An investigation, of one's own or by an authority.
  case investigation
  /// An audit or inspection.
  case audit
  /// An order of an authority or a court.
  case order
  /// Somebody's complaint that is being looked into.
  case complaint
}

/// Why a matter holds nothing any more.
public enum HoldReleaseReason: String, Sendable, CaseIterable {
  /// It came to its end.
  case resolved
  /// Whoever asked for it withdrew it.
  case withdrawn
  /// It was placed by mistake.
  case mistaken
}
