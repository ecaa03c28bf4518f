-- keys.sqlite: wrapped keys and the index of people. Never part of a data backup: destroying a
-- row here is what forgetting means. WITHOUT ROWID throughout, because an index on a rowid table
-- keeps a remnant of a deleted row even under secure_delete.

CREATE TABLE data_key (
  id      BLOB NOT NULL PRIMARY KEY,      -- 16 random bytes
  purpose TEXT NOT NULL CHECK (purpose IN ('operations', 'subject', 'run', 'group', 'index')),
  class   TEXT,                           -- the class of data of a subject's key, else NULL
  epoch   BLOB NOT NULL,                  -- 16 bytes, the epoch key that wraps this one
  nonce   BLOB NOT NULL,                  -- 24 bytes
  wrapped BLOB NOT NULL                   -- XAES-256-GCM of the key; aad: ledger, id, epoch, purpose
) STRICT, WITHOUT ROWID;

-- The two keys of the store itself, among those of thousands of people.
CREATE INDEX data_key_of_store ON data_key (purpose) WHERE purpose IN ('operations', 'index');

-- A person is looked up by a keyed hash of the outside identifier; the hash key is data_key's
-- row of purpose 'index'. The subject's name in Custody is the id of the first key made for her.
CREATE TABLE subject_key (
  subject_hash BLOB NOT NULL,             -- HMAC-SHA-256 of the outside identifier
  class        TEXT NOT NULL,
  key_id       BLOB NOT NULL,             -- data_key.id
  subject_id   BLOB NOT NULL,             -- the key id by which the subject is named
  tag          BLOB NOT NULL,             -- HMAC-SHA-256 of the columns above: rows cannot be swapped
  PRIMARY KEY (subject_hash, class)
) STRICT, WITHOUT ROWID;

-- The same by the name in Custody. A table rather than an index, so that nothing derived from an
-- outside identifier stands in it.
CREATE TABLE subject (
  subject_id BLOB NOT NULL,
  class      TEXT NOT NULL,
  key_id     BLOB NOT NULL,               -- data_key.id
  tag        BLOB NOT NULL,               -- HMAC-SHA-256 of the columns above
  PRIMARY KEY (subject_id, class)
) STRICT, WITHOUT ROWID;

CREATE TABLE migration (
  number INTEGER NOT NULL PRIMARY KEY,
  name   TEXT NOT NULL,
  sha256 BLOB NOT NULL
) STRICT, WITHOUT ROWID;
