-- dataset, version 1: which records each version of a dataset has.

CREATE TABLE dataset_1_dataset (
  id       INTEGER PRIMARY KEY,           -- in the order of creation, from 1
  name     TEXT    NOT NULL UNIQUE,
  position INTEGER NOT NULL,
  kind     TEXT    NOT NULL,              -- files, csv or lines
  key      TEXT,                          -- the column of the natural key; NULL for path or place
  subject  TEXT    NOT NULL,              -- where the people are found; none
  class    TEXT    NOT NULL,
  owner    TEXT,
  tags     TEXT    NOT NULL               -- JSON
) STRICT;

CREATE TABLE dataset_1_version (
  dataset     INTEGER NOT NULL,           -- dataset_1_dataset.id
  number      INTEGER NOT NULL,           -- from 1, dense
  position    INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  root        BLOB    NOT NULL,
  records     INTEGER NOT NULL,
  bytes       INTEGER NOT NULL,
  added       INTEGER NOT NULL,
  changed     INTEGER NOT NULL,
  removed     INTEGER NOT NULL,
  next        INTEGER NOT NULL,           -- the ordinal that the next new record gets
  orders      BLOB    NOT NULL,           -- n x 32 bytes: objects of the order; empty: by ordinal
  frame       BLOB,                       -- the object of the frame
  PRIMARY KEY (dataset, number)
) STRICT, WITHOUT ROWID;

-- A tag names the version that it was last given to, as of a position.
CREATE TABLE dataset_1_tag (
  dataset  INTEGER NOT NULL,
  tag      TEXT    NOT NULL,
  number   INTEGER NOT NULL,              -- of the version
  position INTEGER NOT NULL,
  PRIMARY KEY (dataset, tag, position)
) STRICT, WITHOUT ROWID;

-- What a record was from one version on until another changed or removed it.
CREATE TABLE dataset_1_record (
  dataset     INTEGER NOT NULL,
  ordinal     INTEGER NOT NULL,
  since       INTEGER NOT NULL,           -- the first version that has it so
  until       INTEGER,                    -- the first that has it otherwise; NULL while it lives
  address     BLOB    NOT NULL,
  seconds     INTEGER,                    -- a file's modification time, NULL in tables
  nanoseconds INTEGER,
  mode        INTEGER,
  PRIMARY KEY (dataset, ordinal, since)
) STRICT, WITHOUT ROWID;

-- Records by natural key, as a keyed hash: the key itself is in the sealed object alone.
CREATE TABLE dataset_1_key (
  dataset INTEGER NOT NULL,
  hash    BLOB    NOT NULL,               -- 16 bytes of an HMAC
  ordinal INTEGER NOT NULL,
  PRIMARY KEY (dataset, hash)
) STRICT, WITHOUT ROWID;
