-- The people who use a collection: their keys, votes and subscriptions. Apart from the papers, which are passed on.

CREATE TABLE IF NOT EXISTS meta (      -- format, and the secret that links are signed with
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS reader (    -- who may vote, and has a rate limit of their own
    name TEXT PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,                        -- SHA-256 of the key, which is kept nowhere
    made TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS vote (
    paper TEXT NOT NULL,                              -- the id under which it stood
    voter TEXT NOT NULL,
    made  TEXT NOT NULL,
    PRIMARY KEY (paper, voter)
) STRICT, WITHOUT ROWID;
