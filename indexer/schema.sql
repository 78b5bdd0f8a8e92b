-- The truth of a collection. One transaction writes a paper, its embedding and everything derived from its text.

CREATE TABLE meta (                    -- format, model, counters
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE paper (
    key          INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used twice: the indexes know papers by it
    id           TEXT NOT NULL UNIQUE,
    record       TEXT NOT NULL,                       -- the paper as one JSON object
    day          TEXT,                                -- first day of `published`
    content_hash BLOB NOT NULL,                       -- SHA-256 of the record
    sequence     INTEGER NOT NULL                     -- the change that last wrote it
) STRICT;
CREATE INDEX paper_by_day ON paper (day DESC, id);
CREATE INDEX paper_by_sequence ON paper (sequence);

CREATE TABLE record (                  -- what the sources say of a paper, each record once; `paper.record` is their fold
    key          INTEGER NOT NULL REFERENCES paper ON DELETE CASCADE,
    source       TEXT NOT NULL,                       -- empty: unknown
    id           TEXT NOT NULL,                       -- the source's id
    origin       TEXT NOT NULL,                       -- the file, or another way it came
    came         TEXT NOT NULL,                       -- the moment, in UTC, at which it first did; a day before format 3
    apart        INTEGER NOT NULL,                    -- 1: taken out of a paper by a person, never to be merged again
    title_key    INTEGER NOT NULL,                    -- 63 bits of the normalised title's SHA-256; 0: too short
    content_hash BLOB NOT NULL,                       -- SHA-256 of the record
    record       TEXT,                                -- null where it is the paper's own, word by word
    PRIMARY KEY (id, source)
) STRICT;
CREATE INDEX record_by_key ON record (key);
CREATE INDEX record_by_source ON record (source, key);
CREATE INDEX record_by_title ON record (title_key);
CREATE INDEX record_by_came ON record (came, key);

CREATE TABLE identifier (              -- `scheme:value`; a record that has one belongs to its paper
    name  TEXT NOT NULL,
    key   INTEGER NOT NULL REFERENCES paper ON DELETE CASCADE,
    apart INTEGER NOT NULL,                           -- 1: the paper is found by it, but no record joins it
    PRIMARY KEY (name, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX identifier_by_key ON identifier (key);

CREATE TABLE embedding (
    key       INTEGER PRIMARY KEY REFERENCES paper ON DELETE CASCADE,
    text_hash BLOB NOT NULL,                          -- SHA-256 of the text that was encoded
    row       BLOB NOT NULL                           -- float16, little-endian, L2-normalised before rounding
) STRICT;

CREATE TABLE author_word (
    word     TEXT NOT NULL,                           -- folded: no case, no accents
    key      INTEGER NOT NULL REFERENCES paper ON DELETE CASCADE,
    position INTEGER NOT NULL,                        -- which author of the paper
    PRIMARY KEY (word, key, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX author_word_by_key ON author_word (key);

CREATE TABLE category (
    name TEXT NOT NULL,                               -- folded
    key  INTEGER NOT NULL REFERENCES paper ON DELETE CASCADE,
    PRIMARY KEY (name, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX category_by_key ON category (key);

CREATE TABLE venue (
    name TEXT NOT NULL,                               -- folded
    key  INTEGER NOT NULL REFERENCES paper ON DELETE CASCADE,
    PRIMARY KEY (name, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX venue_by_key ON venue (key);

CREATE TABLE listed (                  -- papers by the day of the list that they were on
    key     INTEGER PRIMARY KEY REFERENCES paper ON DELETE CASCADE,
    day     TEXT NOT NULL,                            -- first day of `daily`, else of `published`
    upvotes INTEGER,                                  -- as the sources count them
    submitter TEXT                                    -- folded: who put it on the list
) STRICT;
CREATE INDEX listed_by_day ON listed (day, upvotes);

CREATE TABLE acronym (
    short  TEXT NOT NULL,                             -- as written: "TTS"
    long   TEXT NOT NULL,
    key    INTEGER NOT NULL REFERENCES paper ON DELETE CASCADE,
    PRIMARY KEY (short, long, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX acronym_by_key ON acronym (key);
CREATE INDEX acronym_folded ON acronym (short COLLATE NOCASE);

CREATE TABLE removal (                                -- keys that the indexes may still hold
    key      INTEGER PRIMARY KEY,
    sequence INTEGER NOT NULL
) STRICT;
