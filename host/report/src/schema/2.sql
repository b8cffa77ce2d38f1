-- Programs: which of the two kinds a plugin is, suite or command. Null: it was refused before that was
-- known, or recorded before there were two.
ALTER TABLE run_plugin ADD COLUMN kind TEXT;
