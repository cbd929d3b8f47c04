-- What an account may do besides taking calls: `operator` nothing more, `supervisor` listens to conversations.
ALTER TABLE accounts ADD COLUMN role TEXT NOT NULL DEFAULT 'operator';
