-- Dead letters are listed, counted, replayed and purged in the order in which they died: those that wait for somebody, and all
-- with those replayed already.

CREATE INDEX dead_letters_waiting_by_death ON dead_letters (dead_at, message_id) WHERE replayed_at IS NULL;
CREATE INDEX dead_letters_by_death ON dead_letters (dead_at, message_id);

-- Whatever it was for, the first of the two does.
DROP INDEX dead_letters_waiting;
