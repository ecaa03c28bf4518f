-- run, version 1: which runs of which jobs there were, and how they ended. Texts of runs are not here.

CREATE TABLE run_1_run (
  id      BLOB    NOT NULL PRIMARY KEY,   -- 16 bytes: the id of run.started
  job     TEXT    NOT NULL,
  started INTEGER NOT NULL,               -- position of run.started
  ended   INTEGER,                        -- position of the event that ended it; NULL while it goes on
  state   TEXT    NOT NULL                -- 'started', 'completed', 'failed', 'aborted'
) STRICT, WITHOUT ROWID;

-- The last run of a job.
CREATE INDEX run_1_run_job ON run_1_run (job, started);
