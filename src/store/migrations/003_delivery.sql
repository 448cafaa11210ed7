-- Delivery: who works on a message, when it is tried again, and what may have reached WeChat already.

ALTER TABLE messages ADD COLUMN worker TEXT;                             -- the process that has it; NULL = nobody
ALTER TABLE messages ADD COLUMN fallback_id INTEGER REFERENCES contents (id); -- sent instead where WeChat takes no text
ALTER TABLE messages ADD COLUMN failed_at INTEGER;                       -- its first failure
ALTER TABLE messages ADD COLUMN pauses INTEGER NOT NULL DEFAULT 0;       -- long pauses behind it
ALTER TABLE messages ADD COLUMN forgiven INTEGER NOT NULL DEFAULT 0;     -- attempts before somebody said `outbox retry`
ALTER TABLE messages ADD COLUMN begun_up TEXT;                           -- the machine's uptime at the last attempt, boot:ms
ALTER TABLE messages ADD COLUMN maybe_at INTEGER;                        -- start of the first attempt that may have arrived
ALTER TABLE messages ADD COLUMN maybe_up TEXT;                           -- the same by uptime, which nobody can set
ALTER TABLE messages ADD COLUMN touched_at INTEGER NOT NULL DEFAULT 0;   -- when due_at was set: later than now = the clock was set back

-- What is free to be taken, and what is held: both stay small whatever the outbox has grown to.
DROP INDEX messages_due;
CREATE INDEX messages_due ON messages (app_id, due_at) WHERE state = 'queued' AND worker IS NULL;
CREATE INDEX messages_held ON messages (worker) WHERE worker NOTNULL;
CREATE INDEX messages_of_fallback ON messages (fallback_id) WHERE fallback_id NOTNULL;

-- An attempt left open by a process of the version before: nobody holds the lock of that name.
UPDATE messages SET worker = 'before-003' WHERE state = 'queued'
    AND EXISTS (SELECT 1 FROM attempts WHERE message_id = messages.id AND outcome IS NULL);
