-- A joint key is kept when a key that it is made of is destroyed, and what they sealed together has to
-- stay: its class names the keys that it is made of. SQLite changes no CHECK: the table is made anew.

DROP INDEX data_key_of_store;

ALTER TABLE data_key RENAME TO data_key_before;

CREATE TABLE data_key (
  id      BLOB NOT NULL PRIMARY KEY,      -- 16 random bytes; of a joint key, a hash of its members' ids
  purpose TEXT NOT NULL CHECK (
    purpose IN ('operations', 'subject', 'run', 'group', 'index', 'joint', 'pseudonym')),
  class   TEXT,                           -- of a subject's key the class of data; of a joint key the ids
                                          -- of its members, joined by '+'; else NULL
  epoch   BLOB NOT NULL,                  -- 16 bytes, the epoch key that wraps this one
  nonce   BLOB NOT NULL,                  -- 24 bytes
  wrapped BLOB NOT NULL                   -- XAES-256-GCM of the key; aad: ledger, id, epoch, purpose
) STRICT, WITHOUT ROWID;

INSERT INTO data_key SELECT * FROM data_key_before;

DROP TABLE data_key_before;

CREATE INDEX data_key_of_store ON data_key (purpose) WHERE purpose IN ('operations', 'index');
