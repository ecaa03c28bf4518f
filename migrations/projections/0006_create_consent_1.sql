-- consent, version 1: what people allowed and took back. What for, on which basis and until when is
-- sealed under the key of each one's records of consent.

CREATE TABLE consent_1_event (
  subject     BLOB    NOT NULL,           -- 16 bytes: the key id that names her
  position    INTEGER NOT NULL,
  id          BLOB    NOT NULL,           -- 16 bytes: the id of the event
  is_grant    INTEGER NOT NULL,           -- 1: consent.granted; 0: consent.withdrawn
  recorded_at INTEGER NOT NULL,           -- microseconds since 1970
  key_id      BLOB    NOT NULL,           -- 16 bytes: the key that seals it
  content     BLOB    NOT NULL,           -- what was said, sealed
  PRIMARY KEY (subject, position)
) STRICT, WITHOUT ROWID;

-- What goes with a key.
CREATE INDEX consent_1_event_key ON consent_1_event (key_id);
