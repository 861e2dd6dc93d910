-- What is personal comes to an end: redaction after a time, erasure by number. And who administered what, and when a key was used.

-- NULL while text and number are there. Afterwards what is left of them: text_at, encoding and segments; phone_at.
ALTER TABLE messages ADD COLUMN redaction jsonb;

-- Customers whose messages are redacted are found without looking at the others.
CREATE INDEX customers_privacy ON customers (id) WHERE settings ? 'privacy';

-- How far a customer's messages have been looked at, by their age. A row for each age at which something has to be done; those
-- that are not final then are in redaction_waits.
CREATE TABLE redaction_walks (
  customer_id bigint      NOT NULL,
  behind_s    integer     NOT NULL,
  watermark   uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  -- Who takes a walk puts this ahead, and back when it is done: of several processes one has it, and none for ever.
  visit_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (customer_id, behind_s)
);

CREATE INDEX redaction_walks_visit ON redaction_walks (visit_at);

-- Messages to be redacted that were not final yet when it was their time.
CREATE TABLE redaction_waits (
  message_id uuid        PRIMARY KEY,
  check_at   timestamptz NOT NULL
);

CREATE INDEX redaction_waits_check ON redaction_waits (check_at);

-- Numbers whose messages are to be redacted whatever their customers have set. The number is kept until that is done.
CREATE TABLE erasures (
  id           uuid        PRIMARY KEY,
  -- NULL: of all customers.
  customer_id  bigint,
  phone        text,
  phone_masked text        NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now(),
  -- Up to where this walk has come; NULL at its beginning.
  position     uuid,
  -- Messages that this walk found not final.
  pending      integer     NOT NULL DEFAULT 0,
  redacted     integer     NOT NULL DEFAULT 0,
  canceled     integer     NOT NULL DEFAULT 0,
  -- As of redaction_walks.visit_at. NULL when it is finished.
  visit_at     timestamptz DEFAULT now(),
  finished_at  timestamptz
);

CREATE INDEX erasures_visit ON erasures (visit_at) WHERE visit_at IS NOT NULL;
-- For forgetting them.
CREATE INDEX erasures_finished ON erasures (finished_at) WHERE finished_at IS NOT NULL;

-- What those who administer have done. Written in the commit of what they did.
CREATE TABLE audit_log (
  id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz NOT NULL DEFAULT now(),
  actor      text        NOT NULL,
  action     text        NOT NULL,
  target     text        NOT NULL,
  detail     jsonb       NOT NULL DEFAULT '{}',
  request_id text
);

CREATE INDEX audit_log_at ON audit_log (at);

-- Against mistakes and against whoever has the gateway's role and no more than its statements. The owner of the table can take
-- the trigger away: who needs proof against that copies the log elsewhere.
CREATE FUNCTION refuse_audit_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.at < now() - interval '729 days' THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'audit_log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_log_not_truncated BEFORE TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- As each process tells once a minute at most.
ALTER TABLE api_keys ADD COLUMN last_used_at timestamptz;
