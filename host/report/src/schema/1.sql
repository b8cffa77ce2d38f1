-- The report, version 1. Integers that are unsigned 64-bit in the model are stored by their bits.
-- Columns named *_json hold JSON as the model writes it. Rows of a run are inserted in the model's
-- order, so that ordering by id gives that order back.

CREATE TABLE machine (
    id          INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    facts_json  TEXT NOT NULL,
    UNIQUE (fingerprint, facts_json)
) STRICT;

-- A component, known by its content: what verdicts and baselines refer to over many runs.
CREATE TABLE plugin (
    id        INTEGER PRIMARY KEY,
    digest    TEXT NOT NULL UNIQUE,
    component BLOB              -- its bytes, kept only for a baseline
) STRICT;

CREATE TABLE run (
    id               INTEGER PRIMARY KEY,
    name             TEXT NOT NULL UNIQUE,  -- the run's id
    started_at       TEXT NOT NULL,
    finished_at      TEXT NOT NULL,
    status           TEXT NOT NULL,
    command_json     TEXT NOT NULL,
    host_version     TEXT NOT NULL,
    engine           TEXT NOT NULL,
    seed             INTEGER NOT NULL,
    order_seed       INTEGER NOT NULL,
    empty_batch_ns   REAL,
    settings_json    TEXT NOT NULL,
    limits_json      TEXT NOT NULL,
    grants_json      TEXT NOT NULL,
    confinement_json TEXT NOT NULL,
    machine          INTEGER NOT NULL REFERENCES machine (id),
    warnings_json    TEXT NOT NULL,
    -- Counted once when the run is recorded, so that a list of runs reads no other table.
    plugin_count     INTEGER NOT NULL,
    case_count       INTEGER NOT NULL,
    failed_count     INTEGER NOT NULL
) STRICT;
CREATE INDEX run_newest ON run (started_at, id);

-- A plugin as one run met it.
CREATE TABLE run_plugin (
    id               INTEGER PRIMARY KEY,
    run              INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    plugin           INTEGER REFERENCES plugin (id),  -- null: it was not readable
    name             TEXT NOT NULL,
    source           TEXT NOT NULL,
    component_bytes  INTEGER,
    outcome          TEXT NOT NULL,
    outcome_json     TEXT NOT NULL,
    compile_json     TEXT,
    load_json        TEXT,
    instantiate_json TEXT
) STRICT;
CREATE INDEX run_plugin_of_run ON run_plugin (run);
CREATE INDEX run_plugin_of_plugin ON run_plugin (plugin);

CREATE TABLE bench_case (
    id              INTEGER PRIMARY KEY,
    run             INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    run_plugin      INTEGER NOT NULL REFERENCES run_plugin (id) ON DELETE CASCADE,
    plugin_name     TEXT NOT NULL,  -- repeated here, so that one index finds a case's history
    name            TEXT NOT NULL,
    description     TEXT NOT NULL,
    case_group      TEXT,
    params_json     TEXT NOT NULL,
    throughput_json TEXT,
    expected        INTEGER,
    outcome         TEXT NOT NULL,
    outcome_json    TEXT NOT NULL,
    marks_json      TEXT NOT NULL,
    checksum        INTEGER,
    count_json      TEXT,           -- fuel, raw counts of both passes, memory with its growth
    output          TEXT
) STRICT;
CREATE INDEX bench_case_of_run ON bench_case (run, plugin_name, name);
CREATE INDEX bench_case_of_run_plugin ON bench_case (run_plugin);
CREATE INDEX bench_case_history ON bench_case (plugin_name, name, run);

CREATE TABLE process (
    id                 INTEGER PRIMARY KEY,
    bench_case         INTEGER NOT NULL REFERENCES bench_case (id) ON DELETE CASCADE,
    block              INTEGER NOT NULL,
    run_order          INTEGER NOT NULL,
    outcome            TEXT NOT NULL,
    outcome_json       TEXT NOT NULL,
    core               INTEGER,
    padding_bytes      INTEGER NOT NULL,
    ready_ns           INTEGER NOT NULL,
    load_ns            INTEGER NOT NULL,
    instantiate_ns     INTEGER NOT NULL,
    first_iteration_ns INTEGER NOT NULL,
    checksum           INTEGER,
    precise            INTEGER NOT NULL,
    memory_peak_bytes  INTEGER NOT NULL,
    rss_peak_bytes     INTEGER NOT NULL,
    sample_count       INTEGER NOT NULL,
    samples            BLOB NOT NULL  -- packed: report/pack.rs
) STRICT;
CREATE INDEX process_of_case ON process (bench_case);

CREATE TABLE measurement (
    bench_case INTEGER NOT NULL REFERENCES bench_case (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    metric     TEXT NOT NULL,
    unit       TEXT NOT NULL,
    n          INTEGER NOT NULL,
    min        REAL NOT NULL,
    median     REAL NOT NULL,
    mean       REAL NOT NULL,
    sd         REAL NOT NULL,
    lower      REAL NOT NULL,  -- 95 % interval
    upper      REAL NOT NULL,
    method     TEXT NOT NULL,  -- how the interval was drawn
    PRIMARY KEY (bench_case, position)
) STRICT, WITHOUT ROWID;

-- A run that later ones are compared with, under a name.
CREATE TABLE baseline (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    run        INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    note       TEXT
) STRICT;
CREATE INDEX baseline_of_run ON baseline (run);

-- What a comparison said of one case and metric.
CREATE TABLE verdict (
    id          INTEGER PRIMARY KEY,
    run         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,     -- the candidate
    against     INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,     -- what it was compared with
    baseline    INTEGER REFERENCES baseline (id) ON DELETE SET NULL,        -- if under a name
    plugin_name TEXT NOT NULL,
    case_name   TEXT NOT NULL,
    metric      TEXT NOT NULL,
    verdict     TEXT NOT NULL,   -- regressed, improved, equivalent, unsure, identical
    severity    TEXT,            -- drift, minor, major, critical
    ratio       REAL,            -- candidate / baseline
    lower       REAL,            -- interval of the ratio
    upper       REAL,
    confidence  REAL,            -- of that interval, 0 to 1
    blocks      INTEGER,         -- pairs that it was drawn from
    weaker      INTEGER NOT NULL DEFAULT 0,  -- 1: from stored numbers, the baseline was not run again
    judged_at   TEXT NOT NULL,
    detail_json TEXT
) STRICT;
CREATE INDEX verdict_of_run ON verdict (run);
CREATE INDEX verdict_against ON verdict (against);
CREATE INDEX verdict_of_baseline ON verdict (baseline);
CREATE INDEX verdict_history ON verdict (plugin_name, case_name, run);

-- What was done to this file and to what is trusted, in order; never changed.
CREATE TABLE audit (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    action       TEXT NOT NULL,  -- record, migrate; later: baseline, gate, install, trust, ...
    subject      TEXT NOT NULL,  -- the run's id, a plugin's digest, a version, ...
    host_version TEXT NOT NULL,
    detail_json  TEXT
) STRICT;
CREATE INDEX audit_of_subject ON audit (subject);
