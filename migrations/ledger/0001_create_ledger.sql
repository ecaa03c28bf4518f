-- ledger.sqlite: what an auditor verifies. Every column below is either hashed into a leaf,
-- recomputed from leaves, or compared with what the events themselves say.

-- The one row that says which ledger this is. Derived from events; verification compares.
CREATE TABLE ledger (
  id          BLOB    NOT NULL,           -- 16 bytes, the ledger's UUID
  origin      TEXT    NOT NULL,           -- <organization>/<uuid>/<incarnation>
  incarnation INTEGER NOT NULL,           -- from 1; rises with each ledger.restored
  format      INTEGER NOT NULL            -- 1: the format version of every header
) STRICT;

-- Streams, types and actors repeat; each text is stored once.
CREATE TABLE name (
  id   INTEGER PRIMARY KEY,
  text TEXT    NOT NULL UNIQUE            -- 1 to 512 bytes of UTF-8
) STRICT;

CREATE TABLE event (
  position       INTEGER PRIMARY KEY,     -- from 0 without a gap
  event_id       BLOB    NOT NULL UNIQUE, -- 16 bytes; the idempotency key
  correlation_id BLOB    NOT NULL,        -- 16 bytes, all zero for none
  causation_id   BLOB    NOT NULL,        -- 16 bytes, all zero for none
  occurred_at    INTEGER NOT NULL,        -- microseconds since 1970, the caller's time
  stream         INTEGER NOT NULL,        -- name.id
  type           INTEGER NOT NULL,        -- name.id
  type_version   INTEGER NOT NULL,
  actor          INTEGER NOT NULL,        -- name.id
  key_ids        BLOB    NOT NULL,        -- n x 16 bytes, strictly ascending
  flags          INTEGER NOT NULL,
  nonce          BLOB    NOT NULL,        -- 24 bytes, all zero when key_ids is empty
  body_length    INTEGER NOT NULL,        -- of the body as sealed, also after a purge
  body_hash      BLOB    NOT NULL,        -- SHA-256 of the body
  commitment     BLOB    NOT NULL,        -- SHA-256(0x00, salt, content)
  recorded_at    INTEGER NOT NULL,        -- microseconds since 1970, the writer's time
  revision       INTEGER NOT NULL,        -- place in the stream, from 0 without a gap
  leaf           BLOB    NOT NULL,        -- SHA-256(0x00, header): the chain's link, the tree's leaf
  body           BLOB                     -- NULL only where a later ledger.purged covers it
) STRICT;

-- Reading a stream, and its newest revision. Other indexes belong to projections.
CREATE UNIQUE INDEX event_by_stream ON event (stream, revision);

-- Roots of complete subtrees of 256, 65,536, ... leaves, so that opening, proving and
-- checkpointing never read the whole ledger. Level 0 is event.leaf itself.
CREATE TABLE tile (
  level INTEGER NOT NULL,                 -- 1: 256 leaves, 2: 65,536 leaves, ...
  place INTEGER NOT NULL,                 -- which subtree of that level, from 0
  root  BLOB    NOT NULL,                 -- 32 bytes
  PRIMARY KEY (level, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY,               -- events covered: positions 0 to size - 1
  note TEXT    NOT NULL                   -- a C2SP signed note
) STRICT;

-- Which migrations made this file; compared with the ones compiled into the program.
CREATE TABLE migration (
  number INTEGER PRIMARY KEY,
  name   TEXT NOT NULL,
  sha256 BLOB NOT NULL                    -- of the migration's text
) STRICT;

-- What an auditor reads: the contract of the format, section 5.
CREATE VIEW audit_ledger AS
  SELECT id, origin, incarnation, format FROM ledger;

CREATE VIEW audit_event AS
  SELECT e.position, e.event_id, e.correlation_id, e.causation_id, e.occurred_at,
         s.text AS stream, t.text AS type, e.type_version, a.text AS actor,
         e.key_ids, e.flags, e.nonce, e.body, e.body_length, e.body_hash, e.commitment,
         e.recorded_at, e.revision, e.leaf
  FROM event AS e
  LEFT JOIN name AS s ON s.id = e.stream
  LEFT JOIN name AS t ON t.id = e.type
  LEFT JOIN name AS a ON a.id = e.actor;

CREATE VIEW audit_checkpoint AS
  SELECT size, note FROM checkpoint;
