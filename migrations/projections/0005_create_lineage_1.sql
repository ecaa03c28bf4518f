-- lineage, version 1: what each event said of jobs, runs, datasets and their columns. Facts only, none
-- of which ever changes: in whatever order events arrive, the same graph is made of them.
--
-- Times are microseconds since 1970 as the event says them; NULL where it named no zone.

-- Names, each once. Producers put anything into them, so they are sealed.
CREATE TABLE lineage_1_name (
  id       INTEGER PRIMARY KEY,           -- in the order in which they first occur, from 1
  kind     INTEGER NOT NULL,              -- 1 dataset, 2 job, 3 column, 4 version, 5 facet, 6 model
  owner    INTEGER NOT NULL,              -- of a column or version: what it is of; else 0
  hash     BLOB    NOT NULL UNIQUE,       -- 16 bytes of an HMAC of kind, owner and the whole name
  short    BLOB    NOT NULL,              -- the same of kind and name, without owner and namespace
  text     BLOB    NOT NULL,              -- sealed: namespace, zero byte, name; or the name alone
  position INTEGER NOT NULL
) STRICT;

CREATE INDEX lineage_1_name_short ON lineage_1_name (short);

CREATE TABLE lineage_1_run (
  id       INTEGER PRIMARY KEY,           -- in the order in which they first occur, from 1
  run      BLOB    NOT NULL UNIQUE,       -- 16 bytes, a UUID
  position INTEGER NOT NULL
) STRICT;

CREATE TABLE lineage_1_event (
  run      INTEGER NOT NULL,              -- lineage_1_run.id; 0 for what is said of no run
  position INTEGER NOT NULL,
  job      INTEGER,                       -- lineage_1_name.id
  dataset  INTEGER,                       -- lineage_1_name.id, of an event about a dataset
  type     INTEGER NOT NULL,              -- 0 start, 1 running, 2 complete, 3 abort, 4 fail, 5 other, 6 none
  time     INTEGER,
  PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

-- The runs of a job.
CREATE INDEX lineage_1_event_job ON lineage_1_event (job);

-- That a run read or wrote a dataset.
CREATE TABLE lineage_1_use (
  run      INTEGER NOT NULL,              -- lineage_1_run.id; 0: a version that no run wrote
  is_write INTEGER NOT NULL,
  dataset  INTEGER NOT NULL,              -- lineage_1_name.id
  version  INTEGER NOT NULL,              -- lineage_1_name.id; 0 when nobody named it
  position INTEGER NOT NULL,
  time     INTEGER,
  PRIMARY KEY (run, is_write, dataset, version, position)
) STRICT, WITHOUT ROWID;

-- That a job reads or writes a dataset, said of no run.
CREATE TABLE lineage_1_declaration (
  job      INTEGER NOT NULL,              -- lineage_1_name.id
  is_write INTEGER NOT NULL,
  dataset  INTEGER NOT NULL,              -- lineage_1_name.id
  position INTEGER NOT NULL,
  time     INTEGER,
  PRIMARY KEY (job, is_write, dataset, position)
) STRICT, WITHOUT ROWID;

-- What a dataset or job came from, said edge by edge.
CREATE TABLE lineage_1_edge (
  run      INTEGER NOT NULL,              -- lineage_1_run.id; 0 when said of no run
  target   INTEGER NOT NULL,              -- lineage_1_name.id
  source   INTEGER NOT NULL,              -- lineage_1_name.id; 0: it came from nowhere
  position INTEGER NOT NULL,
  time     INTEGER,
  PRIMARY KEY (run, target, source, position)
) STRICT, WITHOUT ROWID;

-- Which column came from which.
CREATE TABLE lineage_1_column (
  dataset  INTEGER NOT NULL,              -- lineage_1_name.id of the one it was said of
  target   INTEGER NOT NULL,              -- lineage_1_name.id of a column; of the dataset: all of its columns
  source   INTEGER NOT NULL,              -- lineage_1_name.id of a column; of a dataset: all of its columns
  how      INTEGER NOT NULL,              -- 1 directly, 2 indirectly, 4 masked; sums of them
  position INTEGER NOT NULL,
  time     INTEGER,
  PRIMARY KEY (dataset, position, target, source)
) STRICT, WITHOUT ROWID;

-- Which events say a facet of what.
CREATE TABLE lineage_1_facet (
  about    INTEGER NOT NULL,              -- lineage_1_name.id of a dataset or job; of a run: less than 0
  facet    INTEGER NOT NULL,              -- lineage_1_name.id
  position INTEGER NOT NULL,
  time     INTEGER,
  state    INTEGER NOT NULL,              -- 0 said, 1 taken back, 2 not as the specification asks
  PRIMARY KEY (about, facet, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE lineage_1_parent (
  run      INTEGER NOT NULL,              -- lineage_1_run.id
  parent   INTEGER NOT NULL,              -- lineage_1_run.id
  is_root  INTEGER NOT NULL,              -- whether it started all of them
  job      INTEGER NOT NULL,              -- lineage_1_name.id: what the parent is said to be a run of
  position INTEGER NOT NULL,
  time     INTEGER,
  PRIMARY KEY (run, parent, is_root, position)
) STRICT, WITHOUT ROWID;

-- The runs that a run started.
CREATE INDEX lineage_1_parent_of ON lineage_1_parent (parent);

-- Two names of one dataset.
CREATE TABLE lineage_1_alias (
  dataset   INTEGER NOT NULL,             -- lineage_1_name.id
  other     INTEGER NOT NULL,             -- lineage_1_name.id
  is_rename INTEGER NOT NULL,             -- 1: the other is what it was called before
  position  INTEGER NOT NULL,
  time      INTEGER,
  PRIMARY KEY (dataset, other, is_rename, position)
) STRICT, WITHOUT ROWID;

-- What a version of a model was trained on: versions of datasets, or all that a run read.
CREATE TABLE lineage_1_training (
  model    INTEGER NOT NULL,              -- lineage_1_name.id
  version  INTEGER NOT NULL,              -- lineage_1_name.id
  run      INTEGER NOT NULL,              -- lineage_1_run.id; 0 where a dataset is named
  dataset  INTEGER NOT NULL,              -- lineage_1_name.id; 0 where a run is named
  dataset_version INTEGER NOT NULL,       -- lineage_1_name.id; 0 where a run is named
  position INTEGER NOT NULL,
  time     INTEGER NOT NULL,
  PRIMARY KEY (model, version, run, dataset, dataset_version, position)
) STRICT, WITHOUT ROWID;
