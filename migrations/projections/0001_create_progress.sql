-- projections.sqlite: what was computed from the events. Disposable: deleting the file loses
-- nothing but the time to compute it again. Nothing in it says anything readable about a person.

-- How far each projection has read, and a digest of its rows, written with the rows themselves.
CREATE TABLE projection (
  name        TEXT    NOT NULL,
  version     INTEGER NOT NULL,
  position    INTEGER NOT NULL,           -- events below it are in the rows
  leaf        BLOB    NOT NULL,           -- of the last of them: another ledger is noticed; zero at 0
  digest      BLOB    NOT NULL,           -- 32 bytes: sum of a keyed hash of each row
  halt_reason TEXT,                       -- why the event at position cannot be applied, else NULL
  has_traces  INTEGER NOT NULL,           -- 1 while pages may hold copies of rows that went with a key
  PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE migration (
  number INTEGER PRIMARY KEY,
  name   TEXT NOT NULL,
  sha256 BLOB NOT NULL
) STRICT;
