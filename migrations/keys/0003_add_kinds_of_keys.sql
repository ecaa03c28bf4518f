-- Two more kinds of keys. Under one of purpose 'pseudonym' the values of a column become tokens. A 'joint' key is
-- kept when a key that it is made of is destroyed, and what they sealed together has to stay. SQLite changes no
-- CHECK of a table that is there, so the rows move to a new one. They are wrapped as before.
CREATE TABLE data_key_new (
  id      BLOB NOT NULL PRIMARY KEY,      -- 16 random bytes; of a joint key, a hash of its members' ids
  purpose TEXT NOT NULL CHECK (
    purpose IN ('operations', 'subject', 'run', 'group', 'index', 'pseudonym', 'joint')),
  class   TEXT,                           -- the class of data of a subject's key; what releases are
                                          -- for, of a pseudonym key; the ids of its members, joined
                                          -- by '+', of a joint key; else NULL
  epoch   BLOB NOT NULL,                  -- 16 bytes, the epoch key that wraps this one
  nonce   BLOB NOT NULL,                  -- 24 bytes
  wrapped BLOB NOT NULL                   -- XAES-256-GCM of the key; aad: ledger, id, epoch, purpose
) STRICT, WITHOUT ROWID;

INSERT INTO data_key_new (id, purpose, class, epoch, nonce, wrapped)
SELECT id, purpose, class, epoch, nonce, wrapped FROM data_key ORDER BY id;

DROP TABLE data_key;
ALTER TABLE data_key_new RENAME TO data_key;

-- The two keys of the store itself, among those of thousands of people.
CREATE INDEX data_key_of_store ON data_key (purpose) WHERE purpose IN ('operations', 'index');

-- The keys of pseudonyms, by what they are for; and the joint keys.
CREATE INDEX data_key_of_pseudonyms ON data_key (class) WHERE purpose = 'pseudonym';
CREATE INDEX data_key_of_joint ON data_key (id) WHERE purpose = 'joint';
