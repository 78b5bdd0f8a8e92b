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

CREATE TABLE IF NOT EXISTS subscriber (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE IF NOT EXISTS subscription (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,     -- never used twice: links name it
    subscriber INTEGER NOT NULL REFERENCES subscriber ON DELETE CASCADE,
    question   TEXT NOT NULL,                         -- a JSON object; empty: what is trending
    period     TEXT NOT NULL,
    asked      TEXT NOT NULL,                         -- the moment of the last confirmation mail
    confirmed  TEXT,                                  -- null until the link was followed
    since      TEXT,                                  -- papers that came then or later are new
    planned    TEXT,                                  -- the day of the last digest
    suspended  TEXT,                                  -- why nothing is sent any more
    UNIQUE (subscriber, question, period)
) STRICT;

CREATE TABLE IF NOT EXISTS sent (      -- never twice to the same address, whatever is subscribed
    subscriber INTEGER NOT NULL REFERENCES subscriber ON DELETE CASCADE,
    paper      TEXT NOT NULL,
    PRIMARY KEY (subscriber, paper)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS message (   -- what is to be handed to the mail server, as it goes
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    subscriber   INTEGER NOT NULL REFERENCES subscriber ON DELETE CASCADE,
    subscription INTEGER NOT NULL REFERENCES subscription ON DELETE CASCADE,
    body         BLOB,                                -- null once it has gone, or never will
    made         TEXT NOT NULL,
    state        TEXT NOT NULL,                       -- waiting, sent, failed
    attempts     INTEGER NOT NULL,
    next_try     TEXT NOT NULL,
    note         TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS message_waiting ON message (state, next_try);
