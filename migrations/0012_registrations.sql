-- Of a password also what SHA-512-256 needs (RFC 8760); accounts from before have none until their next password.
ALTER TABLE accounts ADD COLUMN ha1_sha512_256 TEXT;

-- What a phone registered with, so that it is reached after a restart as before.
ALTER TABLE registrations ADD COLUMN path TEXT NOT NULL DEFAULT '[]';        -- JSON list of Path values (RFC 3327)
ALTER TABLE registrations ADD COLUMN priority INTEGER NOT NULL DEFAULT 1000; -- its q, in thousandths
ALTER TABLE registrations ADD COLUMN instance TEXT;                          -- +sip.instance (RFC 5626)
ALTER TABLE registrations ADD COLUMN flow INTEGER;                           -- reg-id
