-- Media as WeChat keeps them, the files that messages need, texts in several parts, subscription templates.

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

-- A part goes only after the one before it is sent.
ALTER TABLE messages ADD COLUMN after_id INTEGER REFERENCES messages (id) ON DELETE SET NULL;
ALTER TABLE messages ADD COLUMN parts_left INTEGER NOT NULL DEFAULT 0;   -- how many parts come after this one
CREATE INDEX messages_after ON messages (after_id) WHERE after_id NOTNULL;

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
