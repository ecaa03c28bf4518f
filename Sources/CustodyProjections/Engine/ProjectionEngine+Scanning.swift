import CustodyStore

extension ProjectionEngine {
  /// Whether any projection stands still, as far as they have followed.
  package func isHalted() throws -> Bool {
    try storedStates().contains { $0.haltReason != nil }
  }

  /// Gives `body` an engine whose projections have read the whole ledger, past every event that they
  /// cannot apply; its tables are gone afterwards.
  ///
  /// For what cannot wait until a projection that stands still is mended. ``skipped`` says what the
  /// tables lack. This engine cannot be used meanwhile.
  ///
  /// Cost: that of a rebuild, and of a few batches more for each event that is skipped.
  package func scanning<R>(_ body: (ProjectionEngine) throws -> R) throws -> R {
    try writing { (_: ProjectionDatabase) in
      let path = scratchPath(.scanning)
      ProjectionDatabase.remove(path)
      defer { ProjectionDatabase.remove(path) }
      let engine = ProjectionEngine(
        folder: folder, projections: projections, migrations: migrations, scanningInto: path)
      try engine.catchUp()
      return try body(engine)
    }
  }
}
