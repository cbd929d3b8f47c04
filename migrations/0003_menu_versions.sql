-- Versions of the menu, who made which of them active, and the audit. None of these is ever changed or deleted.

-- A version: the files as they were, so that going back needs no folder.
CREATE TABLE menu_versions (
    number   INTEGER PRIMARY KEY,
    hash     TEXT NOT NULL UNIQUE,     -- what `hotline check` prints: SHA-256 of the files, its first 12 digits
    made_at  INTEGER NOT NULL,
    who      TEXT NOT NULL,
    note     TEXT NOT NULL,
    warnings INTEGER NOT NULL,         -- of the check
    tests    INTEGER                   -- how many passed; NULL when they were not run
) STRICT;
CREATE TABLE menu_files (
    version INTEGER NOT NULL REFERENCES menu_versions (number),
    name    TEXT NOT NULL,
    text    TEXT NOT NULL,
    PRIMARY KEY (version, name)
) STRICT, WITHOUT ROWID;

-- Which version is active: that of the last row.
CREATE TABLE menu_activations (
    id      INTEGER PRIMARY KEY,
    version INTEGER NOT NULL REFERENCES menu_versions (number),
    at      INTEGER NOT NULL,
    who     TEXT NOT NULL,
    how     TEXT NOT NULL CHECK (how IN ('start', 'apply', 'rollback', 'watch')),
    note    TEXT NOT NULL
) STRICT;

-- What a running server made of an activation: `problem` is NULL when it took the version.
CREATE TABLE menu_taken (
    id         INTEGER PRIMARY KEY,
    activation INTEGER NOT NULL REFERENCES menu_activations (id),
    at         INTEGER NOT NULL,
    problem    TEXT
) STRICT;
CREATE INDEX menu_taken_by_activation ON menu_taken (activation, id);

-- Who did what, when.
CREATE TABLE audit (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    who    TEXT NOT NULL,
    what   TEXT NOT NULL,              -- one word, such as menu_applied
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit is not changed'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit is not deleted'); END;
CREATE TRIGGER versions_are_not_changed BEFORE UPDATE ON menu_versions
    BEGIN SELECT raise(ABORT, 'a version is not changed'); END;
CREATE TRIGGER versions_are_not_deleted BEFORE DELETE ON menu_versions
    BEGIN SELECT raise(ABORT, 'a version is not deleted'); END;
CREATE TRIGGER files_are_not_changed BEFORE UPDATE ON menu_files
    BEGIN SELECT raise(ABORT, 'a version is not changed'); END;
CREATE TRIGGER files_are_not_deleted BEFORE DELETE ON menu_files
    BEGIN SELECT raise(ABORT, 'a version is not deleted'); END;
CREATE TRIGGER activations_are_not_changed BEFORE UPDATE ON menu_activations
    BEGIN SELECT raise(ABORT, 'an activation is not changed'); END;
CREATE TRIGGER activations_are_not_deleted BEFORE DELETE ON menu_activations
    BEGIN SELECT raise(ABORT, 'an activation is not deleted'); END;

-- Who set a switch.
ALTER TABLE switches ADD COLUMN who TEXT NOT NULL DEFAULT '';
