-- anonymity, version 1: what was said of versions of datasets as to whom they are about: tokens that
-- stand for values, and what was measured or claimed. The names of columns are sealed.

CREATE TABLE anonymity_1_version (
  dataset  TEXT    NOT NULL,              -- its name, readable in the stream's name as well
  number   INTEGER NOT NULL,              -- of the version
  position INTEGER NOT NULL,
  type     TEXT    NOT NULL,              -- of the event
  about    BLOB    NOT NULL,              -- its content, sealed
  PRIMARY KEY (dataset, number, position)
) STRICT, WITHOUT ROWID;

-- The keys under which tokens were made.
CREATE TABLE anonymity_1_key (
  key_id    BLOB    NOT NULL PRIMARY KEY, -- 16 bytes
  position  INTEGER NOT NULL,             -- of the first event that names it
  destroyed INTEGER                       -- position of the event that says so; NULL while it lives
) STRICT, WITHOUT ROWID;
