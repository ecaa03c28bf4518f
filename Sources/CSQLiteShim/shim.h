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

#endif
