-- What is due is looked for in one lane, the oldest first. A lane never changes, so that updates of rows that are not due stay HOT;
-- a row without a due_at is in no such index.

CREATE INDEX messages_due_by_lane ON messages (lane, due_at) WHERE due_at IS NOT NULL;
DROP INDEX messages_due;
