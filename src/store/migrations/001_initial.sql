-- Users, their bindings, tokens and the outbox. Times are Unix milliseconds (UTC).
-- Each row that belongs to an Official Account carries its app_id.

-- AUTOINCREMENT: a pending binding refers to a user by this id, so an id is never reused.
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
CREATE INDEX tags_by_user ON tags (user_id);

CREATE TABLE bindings (
    app_id              TEXT    NOT NULL,
    user_id             INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    openid              TEXT    NOT NULL,
    nickname            TEXT,
    bound_at            INTEGER NOT NULL,
    unreachable_errcode INTEGER,                                 -- the errcode that marked it; NULL = reachable
    follows             INTEGER,                                 -- 1 follows, 0 does not; NULL = unknown
    has_followed        INTEGER NOT NULL DEFAULT 0,              -- 1 once WeChat reported that the user follows
    PRIMARY KEY (app_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX bindings_by_user ON bindings (user_id);
CREATE INDEX bindings_by_openid ON bindings (app_id, openid);

-- Templates that a user declined (errcode 43101): a send to several users leaves the user out.
CREATE TABLE declined_templates (
    app_id      TEXT    NOT NULL,
    user_id     INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    template_id TEXT    NOT NULL,
    declined_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, user_id, template_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX declined_templates_by_user ON declined_templates (user_id);

CREATE TABLE tokens (
    app_id     TEXT    PRIMARY KEY,
    token      TEXT    NOT NULL,
    fetched_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The content of messages: one row per send, however many recipients it has.
CREATE TABLE payloads (
    id         INTEGER PRIMARY KEY,
    type       TEXT    NOT NULL,                                 -- text, template, …
    json       TEXT    NOT NULL,                                 -- without the recipient
    created_at INTEGER NOT NULL
) STRICT;

-- One message to one recipient. AUTOINCREMENT: scripts note ids, so an id is never reused.
-- Values of `state` and `outcome` are compared one by one: for `IN`, SQLite builds a table in each statement.
CREATE TABLE messages (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id                TEXT    NOT NULL,
    user_id               INTEGER REFERENCES users (id) ON DELETE SET NULL, -- NULL = sent to a bare openid
    openid                TEXT,    -- of a bare openid: that one; of a user: where the last attempt went
    payload_id            INTEGER REFERENCES payloads (id),      -- NULL once the user is removed
    fallback_id           INTEGER REFERENCES payloads (id),      -- sent instead when WeChat rejects a text
    type                  TEXT    NOT NULL,
    state                 TEXT    NOT NULL CHECK (state = 'queued' OR state = 'sent' OR state = 'failed'
                                                  OR state = 'unknown' OR state = 'cancelled' OR state = 'expired'),
    client_msg_id         TEXT,                                  -- 32 hex digits, for WeChat's dedupe (templates)
    key                   TEXT,                                  -- the caller's; unique among a recipient's live messages
    attempts              INTEGER NOT NULL DEFAULT 0,            -- rows in `attempts`
    msgid                 TEXT,                                  -- WeChat's; exceeds 2^53
    errcode               INTEGER,
    errmsg                TEXT,
    rid                   TEXT,                                  -- WeChat's id of the request that it refused last
    error_kind            TEXT,                                  -- why it was not delivered or waits: a code
    error_detail          TEXT,                                  -- and the code's values, as JSON; no wording
    created_at            INTEGER NOT NULL,
    created_uptime        TEXT,                                  -- created_at by the machine's uptime, boot:ms
    updated_at            INTEGER NOT NULL,                      -- when state or due_at was written last
    due_at                INTEGER NOT NULL,                      -- not claimed before this
    expire_after          INTEGER NOT NULL,                      -- ms
    expires_at            INTEGER NOT NULL,
    expire_strict         INTEGER NOT NULL DEFAULT 0,            -- 1 = the sender asked for this expiry
    sent_at               INTEGER,
    finished_at           INTEGER, -- by WeChat's clock, at or after the end; NULL = no response gave the time yet
    claimed_by            TEXT,                                  -- the worker ID of a process; NULL = unclaimed
    first_failed_at       INTEGER,                               -- since the message was queued or retried
    backoff_step          INTEGER NOT NULL DEFAULT 0,            -- long delays since first_failed_at
    attempts_before_retry INTEGER NOT NULL DEFAULT 0,            -- attempts before the last `outbox retry`
    resolved_attempts     INTEGER NOT NULL DEFAULT 0,            -- attempts that a user agreed to repeat
    first_part_id         INTEGER,                               -- of a text in parts; NULL for part 1 itself
    previous_part_id      INTEGER REFERENCES messages (id) ON DELETE SET NULL, -- must be sent before this part
    remaining_parts       INTEGER NOT NULL DEFAULT 0             -- parts that come after this one
) STRICT;
-- The partial indexes of what can be claimed and what is claimed stay small, however large the outbox is.
CREATE INDEX messages_due ON messages (app_id, due_at) WHERE state = 'queued' AND claimed_by IS NULL;
CREATE INDEX messages_claimed ON messages (claimed_by) WHERE claimed_by NOTNULL;
CREATE INDEX messages_by_user ON messages (user_id);
CREATE INDEX messages_by_payload ON messages (payload_id);
CREATE INDEX messages_by_fallback ON messages (fallback_id) WHERE fallback_id NOTNULL;
CREATE INDEX messages_by_previous_part ON messages (previous_part_id) WHERE previous_part_id NOTNULL;
CREATE INDEX messages_finished ON messages (app_id, finished_at) WHERE state <> 'queued';
-- A key belongs to the user, or to the openid where there is no user. For a text in parts, part 1 holds the key.
CREATE UNIQUE INDEX messages_key ON messages (app_id, coalesce(user_id, openid), key)
    WHERE key IS NOT NULL AND first_part_id IS NULL AND (state = 'queued' OR state = 'sent' OR state = 'unknown');

-- The record of attempts: an attempt is a row before its first byte leaves, and one without an outcome may have
-- reached WeChat. Whether a message may have arrived is read from this table alone.
CREATE TABLE attempts (
    message_id       INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    number           INTEGER NOT NULL,                           -- from 1
    openid           TEXT,                                       -- the recipient; NULL once the user is removed
    token_fetched_at INTEGER,                                    -- when the access token was fetched
    started_at       INTEGER NOT NULL,
    started_uptime   TEXT,                                       -- started_at by the machine's uptime, boot:ms
    ended_at         INTEGER,
    server_time      INTEGER,                                    -- the `Date` header of WeChat's response
    host             TEXT,                                       -- the API host that was called last
    outcome          TEXT CHECK (outcome = 'accepted' OR outcome = 'refused' OR outcome = 'not_sent'
                                 OR outcome = 'ambiguous'),
    errcode          INTEGER,
    errmsg           TEXT,
    rid              TEXT,
    PRIMARY KEY (message_id, number)
) STRICT, WITHOUT ROWID;

-- The account's template list as WeChat returned it, so that fields can be checked without a request.
CREATE TABLE template_lists (
    app_id     TEXT    PRIMARY KEY,
    fetched_at INTEGER NOT NULL                                  -- a list may be empty
) STRICT, WITHOUT ROWID;

CREATE TABLE templates (
    app_id      TEXT    NOT NULL REFERENCES template_lists (app_id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,                                -- WeChat's order
    template_id TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    content     TEXT    NOT NULL,                                -- with {{key.DATA}} in place of each value
    PRIMARY KEY (app_id, position)
) STRICT, WITHOUT ROWID;

-- The account's list of subscription templates, in the same form.
CREATE TABLE subscription_template_lists (
    app_id     TEXT    PRIMARY KEY,
    fetched_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE subscription_templates (
    app_id      TEXT    NOT NULL REFERENCES subscription_template_lists (app_id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    template_id TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    content     TEXT    NOT NULL,
    PRIMARY KEY (app_id, position)
) STRICT, WITHOUT ROWID;

-- Uploaded media: WeChat keeps a file for three days, for one account.
CREATE TABLE media (
    app_id     TEXT    NOT NULL,
    sha256     TEXT    NOT NULL,                                 -- of the file, 64 hex digits
    type       TEXT    NOT NULL,                                 -- image, voice, video, thumb
    media_id   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, sha256, type)
) STRICT, WITHOUT ROWID;

-- The files themselves, until each message that needs them is sent: a message may be delivered after the user's file
-- was deleted and the media_id expired.
CREATE TABLE files (
    sha256 TEXT PRIMARY KEY,
    bytes  BLOB NOT NULL
) STRICT;

CREATE TABLE payload_files (
    payload_id INTEGER NOT NULL REFERENCES payloads (id) ON DELETE CASCADE,
    sha256     TEXT    NOT NULL,
    PRIMARY KEY (payload_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX payload_files_by_sha256 ON payload_files (sha256);
