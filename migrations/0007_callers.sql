-- Callers who are served by a profile of the menu: a head start, slow speech, a language.
CREATE TABLE callers (
    number  TEXT PRIMARY KEY,          -- the calling number, +79161234567
    profile TEXT NOT NULL,             -- its name in the menu
    set_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('callers', 0);
