-- Which layout of the machine code a process ran.
ALTER TABLE process ADD COLUMN layout INTEGER NOT NULL DEFAULT 0;

-- How many iterations a sample has, and whether the cost of one depends on that. Null: nothing was timed, or it
-- was recorded before all processes of a case had the same number.
ALTER TABLE bench_case ADD COLUMN calibration_json TEXT;

-- Under which conditions stored runs were compared. Null: before that was recorded.
ALTER TABLE comparison ADD COLUMN conditions_json TEXT;

-- Of a copy that a baseline kept: where the plugin came from when it was kept.
ALTER TABLE run_plugin ADD COLUMN kept_from TEXT;

-- What the user named it by, where that is not its source: the file or the reference of a package.
ALTER TABLE run_plugin ADD COLUMN operand TEXT;
