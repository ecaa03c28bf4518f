-- How often this file was written to. The signer notes it with each checkpoint, so that an older
-- copy put in its place is known when the store is opened, and not when somebody's key is missed.
CREATE TABLE state (
  revision INTEGER NOT NULL PRIMARY KEY   -- rises with each transaction; one row
) STRICT, WITHOUT ROWID;

INSERT INTO state (revision) VALUES (0);
