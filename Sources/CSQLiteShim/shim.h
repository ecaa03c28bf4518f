#ifndef CUSTODY_SQLITE_SHIM_H
#define CUSTODY_SQLITE_SHIM_H

#include <sqlite3.h>

// sqlite3_db_config is variadic, which Swift cannot call.
// https://www.sqlite.org/c3ref/c_dbconfig_defensive.html: "SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE ...
// Usually, when a database in WAL mode is closed or detached from a database handle, SQLite checks
// if ... the connection was the last connection ... and if so a checkpoint is run."
static inline int custody_db_config(sqlite3 *db, int option, int value, int *now) {
  return sqlite3_db_config(db, option, value, now);
}

// https://www.sqlite.org/c3ref/preupdate_blobwrite.html: "These interfaces are only available if
// SQLite is compiled using the SQLITE_ENABLE_PREUPDATE_HOOK compile-time option": Debian's is, and
// its header declares them only to who defines that too.
void *sqlite3_preupdate_hook(
    sqlite3 *db,
    void (*callback)(void *context, sqlite3 *db, int operation, char const *database,
                     char const *table, sqlite3_int64 old_rowid, sqlite3_int64 new_rowid),
    void *context);
int sqlite3_preupdate_old(sqlite3 *db, int column, sqlite3_value **value);
int sqlite3_preupdate_new(sqlite3 *db, int column, sqlite3_value **value);
int sqlite3_preupdate_count(sqlite3 *db);

#endif
