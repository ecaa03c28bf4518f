import CustodyLedger
import CustodyMigrations
import Foundation
import GRDB

/// How a new store is to be made.
package struct StoreCreation: Sendable {
  package var root: String
  package var organization: String
  /// Absolute, or nil for a folder inside the store.
  package var secrets: String?
  /// Absolute, or nil for the default outside the store.
  package var `guard`: String?
  /// Seals the secrets; nil keeps the root key in a file of mode 0600.
  package var passphrase: SecretBytes?
  package var actor: Name

  package init(
    root: String, organization: String, secrets: String?, guard: String?,
    passphrase: SecretBytes?, actor: Name
  ) {
    self.root = root
    self.organization = organization
    self.secrets = secrets
    self.guard = `guard`
    self.passphrase = passphrase
    self.actor = actor
  }

  /// Makes the store: whole, or not at all.
  ///
  /// It is built beside its place and moved there at the end, so that a kill leaves no half store.
  package func run(environment: Environment = .system) async throws {
    guard Origin.isOrganization(organization) else {
      throw CustodyError(
        .usage,
        "The organization names the ledger's origin, for example example.org: at most "
          + "\(Origin.organizationByteCountMax) bytes, no white space, no + \" or \\.")
    }
    try checkPlace()
    let ledgerID = LedgerID(
      environment.eventID(at: environment.now()).bytes)!
    removeLeftovers(environment)
    let building = "\(root).\(Hex.encode(environment.random(8)))\(Self.buildingSuffix)"
    // Held until it is a store: so the next init knows that somebody is building it.
    let held = try FolderClaim(building) { _ in false }
    defer { withExtendedLifetime(held) {} }
    var claims: [FolderClaim] = []
    do {
      claims = try claimFolders(ledgerID)
      try await build(Layout(root: building), ledgerID, environment)
      try Guard(folder: guardPath(ledgerID)).own(root, ledgerID)
      guard rename(building, root) == 0 else {
        throw CustodyError(SystemCallError("rename"), path: root)
      }
    } catch {
      try? FileManager.default.removeItem(atPath: building)
      for claim in claims { claim.undo() }
      throw error
    }
    try FileIO.syncFolder(of: root)
  }

  private static let buildingSuffix = ".init"
  /// In seconds; no init goes so long between making its folder and holding it.
  private static let leftoverAgeMin = 60

  /// Removes what an `init` of this store that was killed had built so far.
  private func removeLeftovers(_ environment: Environment) {
    let name = PathParts.name(of: root) + "."
    let parent = PathParts.folder(of: root)
    for entry in (try? FileIO.names(in: parent)) ?? [] {
      let path = "\(parent)/\(entry)"
      guard entry.hasPrefix(name), entry.hasSuffix(Self.buildingSuffix),
        Hex.decode(entry.dropFirst(name.count).dropLast(Self.buildingSuffix.count).utf8)?.count
          == 8,
        // One that was made just now may not be held yet.
        let age = FileAttributes.age(path, at: environment.now()), age > Self.leftoverAgeMin,
        let left = try? FolderClaim(path, owned: { _ in false })
      else { continue }
      try? FileManager.default.removeItem(atPath: path)
      withExtendedLifetime(left) {}
    }
  }

  /// The folders outside the store: made, held, and found to be nobody else's.
  private func claimFolders(_ ledgerID: LedgerID) throws -> [FolderClaim] {
    var claims: [FolderClaim] = []
    do {
      if let secrets {
        claims.append(try FolderClaim(secrets, owned: FileKeyProvider.owns))
        guard !FileKeyProvider.isUsed(secrets) else {
          throw CustodyError(
            .alreadyExists,
            "\(secrets) holds the secrets of a store already, or of an init that was killed. Name "
              + "another folder with --secrets.")
        }
      }
      let guardPath = guardPath(ledgerID)
      claims.append(try FolderClaim(guardPath, owned: Guard.owns))
      guard !Guard(folder: guardPath).isUsed else {
        throw CustodyError(
          .alreadyExists,
          "\(guardPath) guards a store already, or one whose init was killed. Name another folder "
            + "with --guard.")
      }
      return claims
    } catch {
      for claim in claims { claim.letGo() }
      throw error
    }
  }

  private func checkPlace() throws {
    for (folder, flag) in [(secrets, "--secrets"), (self.guard, "--guard")] {
      guard let folder, folder == root || folder.hasPrefix(root + "/") else { continue }
      throw CustodyError(
        .usage,
        "\(folder) lies inside the new store. "
          + (flag == "--secrets"
            ? "Leave --secrets away to keep the secrets there, or name a folder outside."
            : "The guard has to outlive the store: name a folder outside with --guard."))
    }
    if let secrets, secrets == self.guard {
      throw CustodyError(.usage, "Secrets and guard need a folder each.")
    }
    guard FileIO.exists(root) else { return }
    let contents = FileIO.isFolder(root) ? try FileIO.names(in: root) : ["?"]
    guard contents.isEmpty else {
      let isStore = contents.contains("custody.yaml")
      throw CustodyError(
        .alreadyExists,
        isStore
          ? "There is a store at \(root) already."
          : "\(root) exists and is not an empty folder. Name another place with --store.")
    }
  }

  private func build(
    _ layout: Layout, _ ledgerID: LedgerID, _ environment: Environment
  ) async throws {
    let guardPath = guardPath(ledgerID)
    let guardFolder = Guard(folder: guardPath)
    let secretsPath = secrets ?? layout.secrets
    try FileIO.makeFolder(layout.anchors)
    if secrets == nil { try FileIO.makeFolder(secretsPath) }
    let provider = try FileKeyProvider.create(
      in: secretsPath, ledgerID: ledgerID, passphrase: passphrase, environment: environment)
    let signingKey = try provider.signingKey()
    let origin = Origin(organization: organization, ledgerID: ledgerID, incarnation: 1)
    let settings = Settings(
      ledger: ledgerID, organization: organization, secrets: secrets ?? "secrets",
      guard: guardPath,
      verifier: VerifierKey(
        name: origin.description, algorithm: .ed25519, publicKey: signingKey.publicKey))
    try FileIO.create(layout.settings, try settings.encoded(), mode: 0o600)
    try FileIO.create(layout.ignore, Array("*\n".utf8), mode: 0o600)

    for (path, migrations) in [
      (layout.ledger, Migration.ledger), (layout.keys, Migration.keys),
      (layout.objects, Migration.objects),
    ] {
      try Self.makeDatabase(path, migrations)
    }
    try await Connection.writer(layout.ledger).write { db in
      try db.execute(
        sql: "INSERT INTO ledger (id, origin, incarnation, format) VALUES (?, ?, ?, ?)",
        arguments: [Data(ledgerID.bytes), origin.description, 1, AuditLedger.format])
    }
    let keyring = try Keyring(
      path: layout.keys, ledgerID: ledgerID, provider: provider, environment: environment,
      isWritable: true)
    let keys = try keyring.initialize()
    let ledger = try LedgerStore(
      path: layout.ledger, ledgerID: ledgerID, lock: FileLock(path: layout.lock),
      environment: environment, keyring: keyring,
      signer: CheckpointSigner(
        key: signingKey, secrets: secretsPath, guard: guardFolder,
        anchors: Anchors(folder: layout.anchors), origin: origin, keyring: keyring))
    let events: [SystemEvent] = [
      .created(organization: organization),
      .keyCreated(.init(signing: signingKey.publicKey)),
      .keyCreated(.init(purpose: .epoch, key: keys.epoch)),
      .keyCreated(.init(purpose: .operations, key: keys.operations)),
    ]
    _ = try await ledger.append(
      try events.map {
        try PendingEvent.system($0, ledgerID: ledgerID, actor: actor, environment: environment)
      })
    try await ledger.close()
  }

  static func makeDatabase(_ path: String, _ migrations: [Migration]) throws {
    try FileIO.create(path, [], mode: 0o600)
    try Migrator.migrate(try Connection.writer(path), migrations, path: path)
  }

  private func guardPath(_ ledgerID: LedgerID) -> String {
    self.guard
      ?? Guard.defaultFolder(ledgerID, environment: ProcessInfo.processInfo.environment)
  }
}
