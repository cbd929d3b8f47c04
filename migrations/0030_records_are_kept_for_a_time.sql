-- What the removal of old call records needs: how far it came (`calls_removed_before`, microseconds, made by the first
-- removal), how many calls it removed that the audit does not tell of yet, and finished changes by their call.
INSERT INTO meta (name, value) VALUES ('calls_removed', 0);
CREATE INDEX bank_journal_finished ON bank_journal (call) WHERE state <> 'pending';
