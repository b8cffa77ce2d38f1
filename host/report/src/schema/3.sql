-- Comparisons: what a plugin got besides its bytes, which blocks confirm, and what was said of two runs.
ALTER TABLE run_plugin ADD COLUMN inputs TEXT;
ALTER TABLE process ADD COLUMN confirming INTEGER NOT NULL DEFAULT 0;

-- The components of a baseline lie beside the report, in files that are named by their digest.
ALTER TABLE plugin DROP COLUMN component;

-- Never written by version 1 or 2: a verdict belongs to a comparison.
DROP TABLE verdict;

-- Two runs held against each other.
CREATE TABLE comparison (
    id             INTEGER PRIMARY KEY,
    base           INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    candidate      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    base_name      TEXT NOT NULL,   -- as the user called it: a path, a baseline, a run
    candidate_name TEXT NOT NULL,
    judged_at      TEXT NOT NULL,
    pairing        TEXT NOT NULL,   -- paired, or stored: the weaker
    gate           TEXT,            -- passed, unsure, regressed; null: it was no gate
    rules_json     TEXT NOT NULL
) STRICT;
CREATE INDEX comparison_of_candidate ON comparison (candidate);
CREATE INDEX comparison_with_base ON comparison (base);

-- What a comparison said of one case.
CREATE TABLE verdict (
    id          INTEGER PRIMARY KEY,
    comparison  INTEGER NOT NULL REFERENCES comparison (id) ON DELETE CASCADE,
    plugin_name TEXT NOT NULL,
    case_name   TEXT NOT NULL,
    verdict     TEXT NOT NULL,  -- regressed, unsure, improved, equivalent, identical, new, gone
    metric      TEXT,           -- the one that it is about
    severity    TEXT,           -- drift, minor, major, critical
    ratio       REAL,           -- candidate over base
    lower       REAL,           -- interval of the ratio
    upper       REAL,
    pairs       INTEGER,        -- of processes, that it was drawn from
    gate        TEXT,           -- passed, unsure, regressed
    detail_json TEXT NOT NULL   -- all of it, as the model writes it
) STRICT;
CREATE INDEX verdict_of_comparison ON verdict (comparison);
CREATE INDEX verdict_history ON verdict (plugin_name, case_name, comparison);

-- A plugin of a baseline that can be run again: the directory in the content store beside the report, or none
-- for a package, which keeps itself.
CREATE TABLE baseline_plugin (
    baseline    INTEGER NOT NULL REFERENCES baseline (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    plugin_name TEXT NOT NULL,
    source      TEXT NOT NULL,  -- where it came from: an absolute path, or a package
    entry       TEXT,
    PRIMARY KEY (baseline, position)
) STRICT, WITHOUT ROWID;

-- The history of a case is asked for by its name, whatever its plugin is called.
DROP INDEX bench_case_history;
CREATE INDEX bench_case_history ON bench_case (name, plugin_name, run);
