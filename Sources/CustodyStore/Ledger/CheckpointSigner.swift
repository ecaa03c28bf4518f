import CustodyLedger

/// Signs checkpoints, and never one that is inconsistent with one signed before.
package final class CheckpointSigner: Sendable {
  private let key: SigningKey
  private let statePath: String
  let guardFolder: Guard
  private let anchors: Anchors
  private let origin: Origin
  private let keyring: Keyring

  package init(
    key: SigningKey, secrets: String, guard: Guard, anchors: Anchors, origin: Origin,
    keyring: Keyring
  ) {
    self.key = key
    statePath = "\(secrets)/\(SignerState.fileName)"
    guardFolder = `guard`
    self.anchors = anchors
    self.origin = origin
    self.keyring = keyring
  }

  /// A checkpoint that may be signed: read back from the ledger and consistent with the last one.
  package struct Unsigned: Sendable {
    package let checkpoint: Checkpoint
    fileprivate let previousSize: Int
    /// What the guard had seen, which this extends.
    fileprivate let guarded: SignerState?
    fileprivate let keyringRevision: Int
  }

  /// Prepares the checkpoint of the first `size` events; the store's lock is held and they are
  /// committed.
  package func prepare(
    _ ledger: LedgerReader, size: Int, expected: Digest
  ) throws -> Unsigned {
    let tree = TreeReader(ledger)
    // Read back after the commit: what is signed is what is stored.
    let root = try tree.root(size: size)
    guard root == expected else {
      throw CustodyError(
        .internal, "The ledger on disk differs from what was written to it. Run: custody verify")
    }
    let last = try SignerState.read(statePath)
    if let last {
      guard last.incarnation == origin.incarnation, last.size <= size,
        try isConsistent(tree, old: last, new: size, root)
      else {
        throw CustodyError(
          .needsRecovery,
          "The signer has signed another history of \(last.size) events. The store is an older or "
            + "another copy; nothing was signed.")
      }
    }
    // Another copy of the store may have used the guard: what it saw has to be this history.
    let guarded = try guardFolder.state()
    if let guarded {
      guard guarded.incarnation == origin.incarnation, guarded.size <= size,
        try isConsistent(tree, old: guarded, new: size, root)
      else {
        throw CustodyError(
          .needsRecovery,
          "The guard has seen another history of \(guarded.size) events: another copy of this store "
            + "was used. Use the newest one; nothing was signed.")
      }
    }
    return Unsigned(
      checkpoint: Checkpoint(origin: origin, size: size, root: root),
      previousSize: last?.size ?? 0, guarded: guarded, keyringRevision: try keyring.revision())
  }

  /// Signs; the store's lock is still held.
  ///
  /// What is about to be signed is durable, beside the key and in the guard, before the signature
  /// exists. The caller stores the note.
  package func sign(_ unsigned: Unsigned) throws -> SignedNote {
    let checkpoint = unsigned.checkpoint
    let state = SignerState(
      incarnation: checkpoint.origin.incarnation, size: checkpoint.size, root: checkpoint.root,
      keyringRevision: unsigned.keyringRevision)
    // The guard first: what refuses here leaves the signer as it was.
    try guardFolder.update(state, after: unsigned.guarded)
    try state.write(statePath)
    let note = checkpoint.signed(by: key)
    try guardFolder.keep(note.encoded)
    try anchors.keep(note, checkpoint, previousSize: unsigned.previousSize)
    return note
  }

  private func isConsistent(
    _ tree: TreeReader<LedgerReader>, old: SignerState, new: Int, _ root: Digest
  ) throws -> Bool {
    let path = old.size == 0 ? [] : try tree.consistencyPath(old: old.size, new: new)
    return TreeProof.extends(
      old: old.size, oldRoot: old.root, new: new, newRoot: root, path: path)
  }
}
