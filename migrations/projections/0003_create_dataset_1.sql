-- dataset, version 1: which records each version of a dataset has. What was said of a dataset is
-- sealed; of a record there are its address, its keys, and a keyed hash of its natural key.

CREATE TABLE dataset_1_dataset (
  id       INTEGER PRIMARY KEY,           -- in the order of creation, from 1
  name     TEXT    NOT NULL UNIQUE,       -- readable in the stream's name as well
  position INTEGER NOT NULL,
  about    BLOB    NOT NULL,              -- the content of dataset.created, sealed
  unnamed  INTEGER NOT NULL               -- how many of its records have no name any more
) STRICT;

CREATE TABLE dataset_1_version (
  dataset     INTEGER NOT NULL,           -- dataset_1_dataset.id
  number      INTEGER NOT NULL,           -- from 1, dense
  position    INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  actor       TEXT    NOT NULL,
  root        BLOB    NOT NULL,
  records     INTEGER NOT NULL,
  bytes       INTEGER NOT NULL,
  added       INTEGER NOT NULL,
  changed     INTEGER NOT NULL,
  removed     INTEGER NOT NULL,
  next        INTEGER NOT NULL,           -- the ordinal that the next new record gets
  orders      BLOB    NOT NULL,           -- n x 32 bytes: objects of the order; empty: by ordinal
  frame       BLOB,                       -- the object of the frame
  message     BLOB,                       -- sealed; NULL when nothing was said
  run         TEXT,                       -- the id of the run that wrote it; NULL when none did
  PRIMARY KEY (dataset, number)
) STRICT, WITHOUT ROWID;

-- A tag names the version that it was last given to, as of a position.
CREATE TABLE dataset_1_tag (
  dataset  INTEGER NOT NULL,
  tag      BLOB    NOT NULL,              -- sealed, alike each time
  number   INTEGER NOT NULL,              -- of the version
  position INTEGER NOT NULL,
  PRIMARY KEY (dataset, tag, position)
) STRICT, WITHOUT ROWID;

-- The sets of keys that records are sealed under, each once.
CREATE TABLE dataset_1_keys (
  id        INTEGER PRIMARY KEY,          -- in the order in which they first occur, from 1
  key_ids   BLOB    NOT NULL UNIQUE,      -- n x 16 bytes, ascending
  destroyed INTEGER                       -- position of the event that says so of one of them
) STRICT;

CREATE TABLE dataset_1_key (
  key_id BLOB    NOT NULL,                -- 16 bytes
  keys   INTEGER NOT NULL,                -- dataset_1_keys.id of a set with it
  PRIMARY KEY (key_id, keys)
) STRICT, WITHOUT ROWID;

-- What a record was from one version on, until the next row of the same ordinal: no row ever
-- changes. One without an address says that the record was removed.
CREATE TABLE dataset_1_record (
  dataset     INTEGER NOT NULL,
  ordinal     INTEGER NOT NULL,
  since       INTEGER NOT NULL,           -- the first version that has it so
  address     BLOB,
  keys        INTEGER,                    -- dataset_1_keys.id
  seconds     INTEGER,                    -- a file's modification time, NULL in tables
  nanoseconds INTEGER,
  mode        INTEGER,
  PRIMARY KEY (dataset, ordinal, since)
) STRICT, WITHOUT ROWID;

-- What changed in a version. Everything is new in the first: nobody asks what changed there.
CREATE INDEX dataset_1_record_since ON dataset_1_record (dataset, since) WHERE since > 1;

-- The records that a version put under a set of keys: a row for all of them, or a few.
CREATE TABLE dataset_1_sealed (
  keys     INTEGER NOT NULL,              -- dataset_1_keys.id
  dataset  INTEGER NOT NULL,
  version  INTEGER NOT NULL,
  first    INTEGER NOT NULL,              -- the lowest ordinal
  ordinals BLOB    NOT NULL,              -- ascending, as differences in LEB128
  PRIMARY KEY (keys, dataset, version, first)
) STRICT, WITHOUT ROWID;

-- Records by natural key, as a keyed hash; gone when no content of the record can be opened any
-- more. The natural key itself is in sealed objects alone.
CREATE TABLE dataset_1_name (
  dataset INTEGER NOT NULL,
  hash    BLOB    NOT NULL,               -- 16 bytes of an HMAC
  ordinal INTEGER NOT NULL,
  PRIMARY KEY (dataset, hash)
) STRICT, WITHOUT ROWID;
