import Testing

extension Trait where Self == ConditionTrait {
  /// Skips a test where a process cannot have mounts of its own, as `unshare` gives them.
  package static var needsMounts: Self {
    .enabled("Mounting needs user namespaces, which this machine does not allow.") {
      let mounting = "unshare --user --map-root-user --mount mount -t tmpfs tmpfs /mnt"
      return try await CommandFolder().shell(mounting, timeout: 10).status == 0
    }
  }
}

extension CommandFolder {
  /// Runs a script of bash that may mount what it likes: nobody else sees it.
  package func shellWithMounts(_ script: String) async throws -> CommandResult {
    try write("script", script)
    return try await shell("unshare --user --map-root-user --mount bash script")
  }
}
