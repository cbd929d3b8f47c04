-- Customers who wait to be called back: a row while the ticket is open.
CREATE TABLE callback_tickets (
    call       TEXT PRIMARY KEY,       -- the call that ordered it, UUID v7
    queue      TEXT NOT NULL,
    priority   INTEGER NOT NULL,       -- head start in seconds
    skills     TEXT NOT NULL,          -- JSON list
    lang       TEXT NOT NULL,          -- ISO 639-1
    number     TEXT NOT NULL,
    line       TEXT NOT NULL,
    level      TEXT NOT NULL,          -- of the caller who ordered it; whoever answers begins at none
    notes      TEXT NOT NULL,          -- JSON list
    entered_at INTEGER NOT NULL,       -- into the queue: the place it keeps
    ordered_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    not_before INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
