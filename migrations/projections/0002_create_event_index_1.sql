-- event-index, version 1: which events have a type, and which are sealed under a key.

CREATE TABLE event_index_1_type (
  id   INTEGER PRIMARY KEY,               -- in the order in which types first occur, from 1
  text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE event_index_1_by_type (
  type     INTEGER NOT NULL,              -- event_index_1_type.id
  position INTEGER NOT NULL,
  PRIMARY KEY (type, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_index_1_by_key (
  key_id   BLOB    NOT NULL,              -- 16 bytes
  position INTEGER NOT NULL,
  PRIMARY KEY (key_id, position)
) STRICT, WITHOUT ROWID;
