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
