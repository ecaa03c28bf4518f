-- objects.sqlite: sealed contents of records, change sets, orders and frames, each addressed by the
-- SHA-256 of its bytes. A row is never changed; erasure and expiry remove rows.

CREATE TABLE object (
  id      INTEGER PRIMARY KEY,
  address BLOB NOT NULL UNIQUE,           -- SHA-256 of bytes
  tag     BLOB,                           -- as in content_tag: what was committed once comes again
  bytes   BLOB NOT NULL                   -- a sealed object: section 7 of the format
) STRICT;

-- Finds the object of an equal content, so that it is stored once. The tag is an HMAC of the content
-- under a key derived from the keys that seal it: it says nothing to who lacks them, and dies with them.
CREATE TABLE content_tag (
  tag    BLOB    NOT NULL PRIMARY KEY,    -- 16 bytes
  object INTEGER NOT NULL                 -- object.id
) STRICT, WITHOUT ROWID;

CREATE TABLE migration (
  number INTEGER PRIMARY KEY,
  name   TEXT NOT NULL,
  sha256 BLOB NOT NULL
) STRICT;
