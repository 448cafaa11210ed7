-- SQLite makes a table of a list of more than two words each time that it looks one up there; not of words one by one.
-- The rows are what they were, so only the text of the schema changes: https://sqlite.org/lang_altertable.html#otheralter
-- (the index below has every other process read it anew).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(
        sql,
        'CHECK (state IN (''queued'', ''sent'', ''failed'', ''unknown'', ''cancelled'', ''expired''))',
        'CHECK (state = ''queued'' OR state = ''sent'' OR state = ''failed'' OR state = ''unknown'' OR state = ''cancelled''
                OR state = ''expired'')'
    ) WHERE type = 'table' AND name = 'messages';
UPDATE sqlite_schema SET sql = replace(
        sql,
        'CHECK (outcome IN (''accepted'', ''refused'', ''not_sent'', ''ambiguous''))',
        'CHECK (outcome = ''accepted'' OR outcome = ''refused'' OR outcome = ''not_sent'' OR outcome = ''ambiguous'')'
    ) WHERE type = 'table' AND name = 'attempts';

-- Whoever waits for somebody's phone knows them by their id: it is never given again.
UPDATE sqlite_schema SET sql = replace(
        sql, 'id         INTEGER PRIMARY KEY,', 'id         INTEGER PRIMARY KEY AUTOINCREMENT,'
    ) WHERE type = 'table' AND name = 'users';
INSERT INTO sqlite_sequence (name, seq) SELECT 'users', coalesce(max(id), 0) FROM users;
PRAGMA writable_schema = RESET;

-- What is old enough to be removed, whatever else there is.
CREATE INDEX messages_finished ON messages (app_id, created_at) WHERE state <> 'queued';
