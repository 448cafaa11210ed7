-- Pushes of WeChat: events, receipts, and bindings that a push or another process completes.
-- Times of WeChat (`created_at` of events, `receipt_at`) are Unix milliseconds like all others.

ALTER TABLE messages ADD COLUMN receipt TEXT
    CHECK (receipt = 'delivered' OR receipt = 'blocked' OR receipt = 'failed'); -- what WeChat reported after `sent`
ALTER TABLE messages ADD COLUMN receipt_at INTEGER;
ALTER TABLE messages ADD COLUMN receipt_text TEXT;               -- WeChat's words, unless it was delivered
CREATE INDEX messages_by_msgid ON messages (msgid) WHERE msgid NOTNULL;

ALTER TABLE bindings ADD COLUMN last_wrote_at INTEGER;           -- by a push; texts can be sent for 48 hours after it

-- The events of a day, so that a repeat has no second effect, and an old event does not replace a newer state.
CREATE TABLE events (
    app_id      TEXT    NOT NULL,
    dedupe_key  TEXT    NOT NULL,                                -- SHA-256 of the fields that tell events apart
    name        TEXT    NOT NULL,                                -- WeChat's name of the event, or the message type
    openid      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,                                -- CreateTime
    received_at INTEGER NOT NULL,
    bound_user  INTEGER REFERENCES users (id) ON DELETE SET NULL, -- whom the event bound
    PRIMARY KEY (app_id, dedupe_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_openid ON events (app_id, openid, created_at);
CREATE INDEX events_by_age ON events (received_at);
CREATE INDEX events_by_bound_user ON events (bound_user) WHERE bound_user NOTNULL;

-- Receipts whose message does not have its msgid yet: a receipt can overtake the response of the send.
CREATE TABLE unmatched_receipts (
    app_id       TEXT    NOT NULL,
    msgid        TEXT    NOT NULL,
    receipt      TEXT    NOT NULL,
    receipt_at   INTEGER NOT NULL,
    receipt_text TEXT,
    received_at  INTEGER NOT NULL,
    PRIMARY KEY (app_id, msgid)
) STRICT, WITHOUT ROWID;
CREATE INDEX unmatched_receipts_by_age ON unmatched_receipts (received_at);

-- Bindings that `bind` waits for and another process may complete. AUTOINCREMENT: an id is never reused.
CREATE TABLE pending_bindings (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id        TEXT    NOT NULL,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret        TEXT    NOT NULL UNIQUE,                       -- the scene of the code, or the OAuth state
    is_scan       INTEGER NOT NULL,                              -- 1 = a parametric code, 0 = the authorization page
    link          TEXT,                                          -- the short link to the authorization page
    authorize_url TEXT,                                          -- the authorization page
    replace       INTEGER NOT NULL,                              -- whether an older binding is replaced
    expires_at    INTEGER NOT NULL,
    outcome       TEXT CHECK (outcome = 'bound' OR outcome = 'already_bound' OR outcome = 'failed'), -- NULL = pending
    openid        TEXT,                                          -- of the outcome `bound`
    nickname      TEXT,
    error         TEXT                                           -- of the outcome `failed`: a code, no wording
) STRICT;
CREATE INDEX pending_bindings_by_user ON pending_bindings (user_id);
