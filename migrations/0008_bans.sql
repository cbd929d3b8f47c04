-- Networks whose messages are not heard.
CREATE TABLE bans (
    network    TEXT PRIMARY KEY,          -- 192.0.2.7, 192.0.2.0/24, 2001:db8:1:2::/64
    everything INTEGER NOT NULL,          -- 0: datagrams alone
    until      INTEGER,                   -- microseconds since 1970 UTC; NULL: until it is lifted
    by_hand    INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    times      INTEGER NOT NULL,          -- bans of this network so far
    set_at     INTEGER NOT NULL,
    who        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('bans', 0);
