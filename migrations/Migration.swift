/// One change of one database: a numbered SQL file of this folder, compiled into the program.
///
/// A released file never changes; its digest is recorded in the database it changed. A new one
/// takes the next number and a line below. (The compiler names a file's bytes after it, without
/// the first digit.)
package struct Migration: Sendable {
  package let number: Int
  package let name: String
  package let sql: [UInt8]

  package init(number: Int, name: String, sql: [UInt8]) {
    self.number = number
    self.name = name
    self.sql = sql
  }

  /// The changes of ledger.sqlite, in order.
  package static let ledger = [
    Migration(number: 1, name: "create_ledger", sql: PackageResources._001_create_ledger_sql)
  ]

  /// The changes of keys.sqlite, in order.
  package static let keys = [
    Migration(number: 1, name: "create_keys", sql: PackageResources._001_create_keys_sql),
    Migration(number: 2, name: "create_state", sql: PackageResources._002_create_state_sql),
    Migration(
      number: 3, name: "add_kinds_of_keys", sql: PackageResources._003_add_kinds_of_keys_sql),
  ]

  /// The changes of objects.sqlite, in order.
  package static let objects = [
    Migration(number: 1, name: "create_objects", sql: PackageResources._001_create_objects_sql)
  ]

  /// The changes of projections.sqlite, in order. A new version of a projection has tables of its
  /// own; a file that was made by others is thrown away rather than changed.
  package static let projections = [
    Migration(number: 1, name: "create_progress", sql: PackageResources._001_create_progress_sql),
    Migration(
      number: 2, name: "create_event_index_1", sql: PackageResources._002_create_event_index_1_sql),
    Migration(number: 3, name: "create_dataset_1", sql: PackageResources._003_create_dataset_1_sql),
    Migration(number: 4, name: "create_run_1", sql: PackageResources._004_create_run_1_sql),
    Migration(number: 5, name: "create_lineage_1", sql: PackageResources._005_create_lineage_1_sql),
    Migration(number: 6, name: "create_consent_1", sql: PackageResources._006_create_consent_1_sql),
    Migration(
      number: 7, name: "create_anonymity_1", sql: PackageResources._007_create_anonymity_1_sql),
  ]
}
