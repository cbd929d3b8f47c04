-- The sandbox bank: a bank small enough to live in the hotline's own file. A real bank keeps these tables itself.

CREATE TABLE sandbox_settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sandbox_cards (
    id          TEXT PRIMARY KEY,      -- what a card's handle begins with
    last4       TEXT NOT NULL,
    phone       TEXT,                  -- NULL: found for any calling number
    code_salt   TEXT,                  -- NULL: no telephone code is set
    code_hash   TEXT,                  -- SHA-256 of salt and code, hexadecimal
    state       TEXT NOT NULL,         -- active, blocked, inactive
    own         INTEGER NOT NULL,      -- kopecks
    hold        INTEGER NOT NULL,
    behaviour   TEXT NOT NULL          -- how it differs from a common card; see Behaviour
) STRICT, WITHOUT ROWID;
CREATE INDEX sandbox_cards_by_last4 ON sandbox_cards (last4);

CREATE TABLE sandbox_operations (
    card     TEXT NOT NULL REFERENCES sandbox_cards (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,         -- 0 is the newest
    days_ago INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    amount   INTEGER NOT NULL,         -- kopecks
    PRIMARY KEY (card, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE sandbox_loans (
    card    TEXT PRIMARY KEY REFERENCES sandbox_cards (id) ON DELETE CASCADE,
    amount  INTEGER NOT NULL,          -- kopecks
    day     INTEGER NOT NULL,          -- day of the month it is due
    overdue INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Wrong telephone codes, by card and by caller; rows older than a day are removed.
CREATE TABLE lockouts (
    subject TEXT NOT NULL,             -- card:<id> or caller:<tag>
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX lockouts_by_subject ON lockouts (subject, at);

-- Changes done, by idempotency key: the same key gets the same answer.
CREATE TABLE sandbox_changes (
    id      INTEGER PRIMARY KEY,       -- the ticket is made from it
    key     TEXT NOT NULL UNIQUE,
    card    TEXT NOT NULL,
    outcome TEXT NOT NULL,
    ticket  TEXT,
    at      INTEGER NOT NULL
) STRICT;
