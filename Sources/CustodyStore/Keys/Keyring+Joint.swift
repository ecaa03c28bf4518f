import CustodyLedger
import Foundation
import GRDB

extension Keyring {
  /// A joint key that was kept when a key of its members was destroyed.
  package struct KeptJointKey: Equatable, Sendable {
    package let id: KeyID
    /// The keys that it is made of, ascending.
    package let members: [KeyID]

    /// The joint key of some keys, ascending.
    package init(of members: [KeyID]) {
      id = JointKey.id(of: members)
      self.members = members
    }
  }

  /// Joint keys that are kept, in the order of their ids.
  ///
  /// - Throws: `damaged` when one names other members than it is made of.
  package func keptJointKeys() throws -> [KeptJointKey] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT id, class FROM data_key WHERE purpose = 'joint' ORDER BY id"
      ).map { row in
        let id: KeyID = try row.bytes(0)
        let text: String? = try row.decode(atIndex: 1)
        let joint = text.flatMap { Self.members($0) }.map(KeptJointKey.init)
        guard let joint, joint.members.count > 1, joint.id == id else {
          throw CustodyError(
            .damaged, "The joint key \(id) in keys.sqlite names other members than its own.")
        }
        return joint
      }
    }
  }

  /// Keeps what keys make together, before one of them goes. Does nothing where that is kept already, or
  /// cannot be made any more.
  func keepJoint(_ sets: [[KeyID]], epoch: KeyID, _ db: Database) throws {
    for members in sets {
      let id = JointKey.id(of: members)
      let exists = try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM data_key WHERE id = ?)", arguments: [Data(id.bytes)])!
      let keys = try members.compactMap { try unwrappedEvenIfBuried(db, $0) }
      guard !exists, keys.count == members.count else { continue }
      try insert(
        db, id, .joint, dataClass: members.map(\.hex).joined(separator: "+"), epoch: epoch,
        JointKey.derive(keys))
    }
  }

  private static func members(_ text: String) -> [KeyID]? {
    let parts = text.split(separator: "+", omittingEmptySubsequences: false)
    let ids = parts.compactMap { KeyID(hex: String($0)) }
    return ids.count == parts.count && zip(ids, ids.dropFirst()).allSatisfy(<) ? ids : nil
  }
}
