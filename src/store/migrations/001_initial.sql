-- People, their bindings, tokens and the outbox. Times are Unix milliseconds (UTC).
-- Everything that belongs to an Official Account carries its app_id.

CREATE TABLE users (
    id         INTEGER PRIMARY KEY,
    username   TEXT    NOT NULL UNIQUE,
    uid        TEXT    NOT NULL UNIQUE CHECK (length(uid) = 32), -- MD5 of the first name; never changes
    password   TEXT,                                             -- Argon2id, PHC string
    note       TEXT    NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tags (
    tag     TEXT    NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (tag, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_of_user ON tags (user_id);

CREATE TABLE bindings (
    app_id      TEXT    NOT NULL,
    user_id     INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    openid      TEXT    NOT NULL,
    nickname    TEXT,
    bound_at    INTEGER NOT NULL,
    unreachable INTEGER,                                         -- the errcode that marked it; NULL = reachable
    PRIMARY KEY (app_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX bindings_of_user ON bindings (user_id);
CREATE INDEX bindings_by_openid ON bindings (app_id, openid);

CREATE TABLE tokens (
    app_id     TEXT    PRIMARY KEY,
    token      TEXT    NOT NULL,
    fetched_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was sent: once per send, however many people get it.
CREATE TABLE contents (
    id         INTEGER PRIMARY KEY,
    type       TEXT    NOT NULL,                                 -- text, template
    body       TEXT    NOT NULL,                                 -- JSON, without the recipient
    created_at INTEGER NOT NULL
) STRICT;

-- One message to one person. AUTOINCREMENT: an id that a script has noted is never given again.
CREATE TABLE messages (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id        TEXT    NOT NULL,
    user_id       INTEGER REFERENCES users (id) ON DELETE SET NULL,
    openid        TEXT,                                          -- NULL once the person is removed
    content_id    INTEGER REFERENCES contents (id),              -- NULL once the person is removed
    type          TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'unknown', 'cancelled', 'expired')),
    client_msg_id TEXT,                                          -- 32 hex digits, for WeChat's own dedupe (templates)
    key           TEXT,                                          -- the caller's; one live message per (recipient, key)
    attempts      INTEGER NOT NULL DEFAULT 0,
    msgid         TEXT,                                          -- WeChat's; exceeds 2^53
    errcode       INTEGER,
    errmsg        TEXT,
    error         TEXT,
    created_at    INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,                              -- not before this
    expires_at    INTEGER NOT NULL,
    sent_at       INTEGER
) STRICT;
CREATE INDEX messages_due ON messages (app_id, due_at) WHERE state = 'queued';
CREATE INDEX messages_of_user ON messages (user_id);
CREATE INDEX messages_of_content ON messages (content_id);
CREATE UNIQUE INDEX messages_key ON messages (app_id, openid, key)
    WHERE key IS NOT NULL AND state IN ('queued', 'sent', 'unknown');

-- An attempt is a row before its first byte leaves; one without an outcome may have reached WeChat.
CREATE TABLE attempts (
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    n          INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    outcome    TEXT CHECK (outcome IN ('accepted', 'refused', 'not_sent', 'ambiguous')),
    errcode    INTEGER,
    PRIMARY KEY (message_id, n)
) STRICT, WITHOUT ROWID;
