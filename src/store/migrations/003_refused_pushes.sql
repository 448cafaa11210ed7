-- The number of pushes that were refused since the last accepted one, by reason, for `doctor`. No part of a push is
-- stored, because a refused push may come from anybody.
CREATE TABLE refused_pushes (
    app_id  TEXT    NOT NULL,
    reason  TEXT    NOT NULL,                                    -- a code, no wording
    count   INTEGER NOT NULL,
    since   INTEGER NOT NULL,                                    -- when the first one came
    last_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, reason)
) STRICT, WITHOUT ROWID;

ALTER TABLE events ADD COLUMN is_passed_on INTEGER NOT NULL DEFAULT 0; -- 1 = by `wxbox event`, 0 = by a listener
