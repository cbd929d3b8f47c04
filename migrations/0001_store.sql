-- Times are microseconds since 1970-01-01 00:00 UTC. Nothing in any table is a secret a caller entered.

-- Counters and single values: `accounts` counts the changes of operator accounts.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('accounts', 0);

-- Operators. Of the password only what digest authentication needs (RFC 8760): H(login:realm:password).
CREATE TABLE accounts (
    login      TEXT PRIMARY KEY,
    realm      TEXT NOT NULL,
    languages  TEXT NOT NULL,          -- JSON list of ISO 639-1 codes
    skills     TEXT NOT NULL,          -- JSON list
    ha1_md5    TEXT NOT NULL,
    ha1_sha256 TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Where an operator's phone is reached; survives a restart so that phones need not register again.
CREATE TABLE registrations (
    login      TEXT NOT NULL REFERENCES accounts (login) ON DELETE CASCADE,
    contact    TEXT NOT NULL,          -- the Contact URI as registered
    transport  TEXT NOT NULL,          -- udp, tcp
    source     TEXT NOT NULL,          -- address:port the REGISTER came from
    sip_call   TEXT NOT NULL,          -- its Call-ID and CSeq (RFC 3261 §10.3 step 7)
    cseq       INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (login, contact)
) STRICT, WITHOUT ROWID;

-- What happened in calls: appended, never changed.
CREATE TABLE call_events (
    id     INTEGER PRIMARY KEY,
    call   TEXT NOT NULL,              -- UUID v7
    at     INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    detail TEXT NOT NULL               -- JSON object, its fields by kind
) STRICT;
CREATE INDEX call_events_by_call ON call_events (call, id);
CREATE INDEX call_events_arrived ON call_events (at) WHERE kind = 'arrived';

-- A call a line, for whoever looks with sqlite3; `hotline report calls` tells more.
CREATE VIEW calls AS
SELECT call,
       strftime('%Y-%m-%d %H:%M:%SZ', min(at) / 1000000, 'unixepoch') AS began,
       max(iif(kind = 'arrived', detail ->> '$.line', NULL)) AS line,
       max(iif(kind = 'arrived', detail ->> '$.called', NULL)) AS called,
       max(iif(kind = 'connected', detail ->> '$.operator', NULL)) AS operator,
       sum(iif(kind = 'talk_ended', detail ->> '$.talked_ms', 0)) / 1000 AS talked_s,
       max(iif(kind = 'ended', detail ->> '$.lasted_ms', NULL)) / 1000 AS lasted_s,
       max(iif(kind = 'ended', detail ->> '$.cause', NULL)) AS cause
FROM call_events
GROUP BY call;

-- Changes asked of the bank, written before they are sent and kept until the answer is definite.
CREATE TABLE bank_journal (
    key        TEXT PRIMARY KEY,       -- idempotency key
    call       TEXT NOT NULL,
    operation  TEXT NOT NULL,
    params     TEXT NOT NULL,          -- JSON; secrets are left out
    repeatable INTEGER NOT NULL,       -- 0 when a secret was left out, so the request cannot be built again
    state      TEXT NOT NULL CHECK (state IN ('pending', 'answered', 'not_sent')),
    outcome    TEXT,
    fields     TEXT,                   -- JSON
    attempts   INTEGER NOT NULL,
    begun_at   INTEGER NOT NULL,
    next_at    INTEGER,                -- when it is asked again; only while pending
    answered_at INTEGER,
    CHECK ((state = 'answered') = (outcome IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX bank_journal_due ON bank_journal (next_at) WHERE state = 'pending';

-- Voice messages; the sound is a file under the data folder.
CREATE TABLE voicemail (
    id        INTEGER PRIMARY KEY,
    call      TEXT NOT NULL,
    mailbox   TEXT NOT NULL,
    at        INTEGER NOT NULL,
    file      TEXT NOT NULL UNIQUE,
    length_ms INTEGER NOT NULL,
    caller    TEXT,                    -- calling number, if it was shown
    heard_at  INTEGER
) STRICT;
CREATE INDEX voicemail_by_mailbox ON voicemail (mailbox, at);

-- The duty officer's switches. A switch without a row has the state its menu gives it.
CREATE TABLE switches (
    name    TEXT PRIMARY KEY,
    enabled INTEGER NOT NULL,
    until   INTEGER,                   -- after this the menu's own state holds again
    set_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
