import CustodyLedger

/// The limits of a store, each with its name.
public enum Limits {
  /// The largest content of an event, in bytes.
  public static let contentSizeMax = ContentSealer.contentSizeMax
  /// The most events in one commit.
  public static let batchCountMax = 10_000
  /// The most bytes of bodies in one commit.
  public static let batchSizeMax = 64 << 20
  /// A checkpoint is due after this many events.
  public static let checkpointInterval = 1024
  /// The WAL is copied into the database when it passes this size, in bytes.
  public static let walSizeMax = 64 << 20
}
