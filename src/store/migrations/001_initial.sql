-- People, their bindings, tokens and the outbox. Times are Unix ms (UTC).
-- Everything that belongs to an Official Account carries its app_id.

-- AUTOINCREMENT: a binding waits for a person by this id, so an id is never given to somebody else.
CREATE TABLE users (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
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
    app_id       TEXT    NOT NULL,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    openid       TEXT    NOT NULL,
    nickname     TEXT,
    bound_at     INTEGER NOT NULL,
    unreachable  INTEGER,                                        -- the errcode that marked it; NULL = reachable
    follows      INTEGER,                                        -- 1 follows, 0 does not; NULL = not known
    has_followed INTEGER NOT NULL DEFAULT 0,                     -- 1 once WeChat said that the person follows
    PRIMARY KEY (app_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX bindings_of_user ON bindings (user_id);
CREATE INDEX bindings_by_openid ON bindings (app_id, openid);

-- A template that a person does not take any more (errcode 43101): sends to many leave the person out.
CREATE TABLE declined_templates (
    app_id      TEXT    NOT NULL,
    user_id     INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    template_id TEXT    NOT NULL,
    declined_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, user_id, template_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX declined_templates_of_user ON declined_templates (user_id);

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

-- One message to one recipient. AUTOINCREMENT: an id that a script has noted is never given again.
-- The words of `state` and `outcome` are compared one by one: SQLite builds a table for `IN` at each statement.
CREATE TABLE messages (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id        TEXT    NOT NULL,
    user_id       INTEGER REFERENCES users (id) ON DELETE SET NULL, -- the person that is meant; NULL = the openid alone
    openid        TEXT,            -- of an openid alone: that; of a person: where the last attempt went
    content_id    INTEGER REFERENCES contents (id),              -- NULL once the person is removed
    fallback_id   INTEGER REFERENCES contents (id),              -- sent instead where WeChat takes no text
    type          TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state = 'queued' OR state = 'sent' OR state = 'failed' OR state = 'unknown'
                                          OR state = 'cancelled' OR state = 'expired'),
    client_msg_id TEXT,                                          -- 32 hex digits, for WeChat's own dedupe (templates)
    key           TEXT,                                          -- the caller's; one live text or message a recipient
    attempts      INTEGER NOT NULL DEFAULT 0,                    -- rows in `attempts`
    msgid         TEXT,                                          -- WeChat's; exceeds 2^53
    errcode       INTEGER,
    errmsg        TEXT,
    rid           TEXT,                                          -- WeChat's id of the request that it refused last
    error         TEXT,
    created_at    INTEGER NOT NULL,
    created_up    TEXT,                                          -- the same by the machine's uptime, boot:ms
    changed_at    INTEGER NOT NULL,                              -- when state or due_at was written last
    due_at        INTEGER NOT NULL,                              -- not before this
    expire_after  INTEGER NOT NULL,                              -- ms
    expires_at    INTEGER NOT NULL,
    expire_strict INTEGER NOT NULL DEFAULT 0,                    -- 1 = the sender asked for this time
    sent_at       INTEGER,
    settled_at    INTEGER,         -- when it was finished or later, by WeChat's clock; NULL = WeChat has not said yet
    worker        TEXT,                                          -- the process that has it; NULL = nobody
    failed_at     INTEGER,                                       -- the first failure since it was queued or retried
    pauses        INTEGER NOT NULL DEFAULT 0,                    -- long pauses since then
    retried_after INTEGER NOT NULL DEFAULT 0,                    -- attempts before the last `outbox retry`
    repeat_after  INTEGER NOT NULL DEFAULT 0,                    -- attempts that a person agreed may arrive twice
    first_id      INTEGER,                                       -- of a text in parts: part 1; NULL for part 1 itself
    after_id      INTEGER REFERENCES messages (id) ON DELETE SET NULL, -- the part that must be sent before this one
    parts_left    INTEGER NOT NULL DEFAULT 0                     -- how many parts come after this one
) STRICT;
-- What is free to be taken, and what is held: both stay small whatever the outbox has grown to.
CREATE INDEX messages_due ON messages (app_id, due_at) WHERE state = 'queued' AND worker IS NULL;
CREATE INDEX messages_held ON messages (worker) WHERE worker NOTNULL;
CREATE INDEX messages_of_user ON messages (user_id);
CREATE INDEX messages_of_content ON messages (content_id);
CREATE INDEX messages_of_fallback ON messages (fallback_id) WHERE fallback_id NOTNULL;
CREATE INDEX messages_after ON messages (after_id) WHERE after_id NOTNULL;
CREATE INDEX messages_finished ON messages (app_id, settled_at) WHERE state <> 'queued';
-- A key is the person's where a person is meant, else the openid's. Of a text in parts it is the whole text's.
CREATE UNIQUE INDEX messages_key ON messages (app_id, coalesce(user_id, openid), key)
    WHERE key IS NOT NULL AND first_id IS NULL AND (state = 'queued' OR state = 'sent' OR state = 'unknown');

-- The record of what was tried: an attempt is a row before its first byte leaves; one without an outcome may have
-- reached WeChat. What may have arrived is read from here alone.
CREATE TABLE attempts (
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    n          INTEGER NOT NULL,
    openid     TEXT,                                             -- where it went; NULL once the person is removed
    token_at   INTEGER,                                          -- when the access token was fetched
    started_at INTEGER NOT NULL,
    started_up TEXT,                                             -- the same by the machine's uptime, boot:ms
    ended_at   INTEGER,
    server_at  INTEGER,                                          -- the `Date` of WeChat's answer
    host       TEXT,                                             -- the API host that was asked last
    outcome    TEXT CHECK (outcome = 'accepted' OR outcome = 'refused' OR outcome = 'not_sent' OR outcome = 'ambiguous'),
    errcode    INTEGER,
    errmsg     TEXT,
    rid        TEXT,
    PRIMARY KEY (message_id, n)
) STRICT, WITHOUT ROWID;

-- The account's template list as WeChat gave it, so that a template's fields can be checked without asking.
CREATE TABLE template_lists (
    app_id   TEXT    PRIMARY KEY,
    asked_at INTEGER NOT NULL                                    -- when WeChat gave the list; it may be empty
) STRICT, WITHOUT ROWID;

CREATE TABLE templates (
    app_id      TEXT    NOT NULL REFERENCES template_lists (app_id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,                                -- WeChat's order
    template_id TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    content     TEXT    NOT NULL,                                -- with {{key.DATA}} where a value goes
    PRIMARY KEY (app_id, position)
) STRICT, WITHOUT ROWID;

-- The account's own list of subscription templates, as that of the other templates.
CREATE TABLE subscription_lists (
    app_id   TEXT    PRIMARY KEY,
    asked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE subscriptions (
    app_id      TEXT    NOT NULL REFERENCES subscription_lists (app_id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    template_id TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    content     TEXT    NOT NULL,
    PRIMARY KEY (app_id, position)
) STRICT, WITHOUT ROWID;

-- What was uploaded: WeChat keeps it for three days, for the account alone.
CREATE TABLE media (
    app_id     TEXT    NOT NULL,
    sha256     TEXT    NOT NULL,                                 -- of the content, 64 hex digits
    type       TEXT    NOT NULL,                                 -- image, voice, video, thumb
    media_id   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, sha256, type)
) STRICT, WITHOUT ROWID;

-- The files themselves, while a message that is not sent yet needs them: it may be delivered when the file that was
-- named is gone, and its media_id too.
CREATE TABLE files (
    sha256 TEXT PRIMARY KEY,
    bytes  BLOB NOT NULL
) STRICT;

CREATE TABLE content_files (
    content_id INTEGER NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    sha256     TEXT    NOT NULL,
    PRIMARY KEY (content_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX content_files_by_sha256 ON content_files (sha256);
