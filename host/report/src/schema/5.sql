-- Name and version of the engine that ran a plugin. Null: before each plugin had its own, and then the run's.
ALTER TABLE run_plugin ADD COLUMN engine TEXT;
