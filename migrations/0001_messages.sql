-- Messages, their delivery reports, and what recovery needs.
--
-- messages, provider_references and delivery_reports are partitioned by day of the message id (a UUIDv7, so key order is time order):
-- a look-up by id touches one partition, and retention drops a partition instead of deleting rows.
-- The fast path's updates (claim, settle, report) change no indexed column, so they stay heap-only (HOT);
-- the fill factor leaves room on the page for the new row versions.

CREATE TYPE lane AS ENUM ('normal', 'express');

CREATE TYPE message_status AS ENUM (
  'scheduled', 'queued', 'sending', 'sent',
  'delivered', 'undelivered', 'expired', 'rejected', 'unknown', 'failed', 'canceled'
);

CREATE TABLE messages (
  id                  uuid           NOT NULL,
  customer_id         bigint         NOT NULL,
  expires_at          timestamptz    NOT NULL,
  -- When recovery must look at this row again. NULL on the fast path, where the row's id is still
  -- ahead of the sweep's watermark. Every row that is not final has one or the other.
  due_at              timestamptz,
  -- When recovery last put the id back into the queue.
  enqueued_at         timestamptz,
  claimed_at          timestamptz,
  sent_at             timestamptz,
  final_at            timestamptz,
  lane                lane           NOT NULL,
  status              message_status NOT NULL,
  -- Counts claims; a settlement names the attempt it settles, so a late one changes nothing.
  attempts            smallint       NOT NULL DEFAULT 0,
  recipient           text           NOT NULL,
  sender_id           text,
  body                text           NOT NULL,
  provider            text,
  provider_message_id text,
  -- A provider that may hold the message already, and must be asked first when it is sent again.
  in_doubt_provider   text,
  -- The newest failed submits, oldest first; NULL on the fast path.
  failures            jsonb,
  PRIMARY KEY (id)
) PARTITION BY RANGE (id);

CREATE INDEX messages_due ON messages (due_at) WHERE due_at IS NOT NULL;
-- A summary of the recipients in each stretch of pages: an insert does not touch it, a search by recipient skips nearly all
-- stretches. A B-tree on random numbers cost a third of an insert.
CREATE INDEX messages_recipient ON messages USING brin (recipient text_bloom_ops) WITH (autosummarize = on);

-- Append-only: which message a provider means by its id. Reports are matched against it. It has this one index only:
-- with one on message_id, the planner would sooner or later read a day's rows by it instead of looking up references.
CREATE TABLE provider_references (
  message_id          uuid NOT NULL,
  provider            text NOT NULL,
  provider_message_id text NOT NULL
) PARTITION BY RANGE (message_id);

CREATE INDEX provider_references_reference ON provider_references (provider_message_id, provider);

-- Append-only: one row for each thing that became known of a message after it was sent, or instead of it.
CREATE TABLE delivery_reports (
  message_id          uuid        NOT NULL,
  occurred_at         timestamptz NOT NULL,
  received_at         timestamptz NOT NULL DEFAULT now(),
  status              text        NOT NULL,
  provider            text,
  provider_message_id text,
  error_code          text,
  detail              text,
  -- A provider that repeats a report repeats its key; the copy is dropped.
  PRIMARY KEY (message_id, status, occurred_at)
) PARTITION BY RANGE (message_id);

-- Reports that arrived before the submit they belong to was recorded, or that belong to no message of ours.
CREATE TABLE parked_reports (
  id                  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider            text        NOT NULL,
  provider_message_id text        NOT NULL,
  status              text        NOT NULL,
  error_code          text,
  occurred_at         timestamptz NOT NULL,
  received_at         timestamptz NOT NULL DEFAULT now(),
  checks              integer     NOT NULL DEFAULT 0,
  check_at            timestamptz NOT NULL DEFAULT now(),
  UNIQUE (provider, provider_message_id, status, occurred_at)
);

CREATE INDEX parked_reports_check ON parked_reports (check_at);

CREATE TABLE dead_letters (
  message_id  uuid        PRIMARY KEY,
  lane        lane        NOT NULL,
  attempts    smallint    NOT NULL,
  provider    text,
  error_code  text        NOT NULL,
  detail      text        NOT NULL,
  dead_at     timestamptz NOT NULL DEFAULT now(),
  replayed_at timestamptz
);

-- For counting those that wait for somebody.
CREATE INDEX dead_letters_waiting ON dead_letters (message_id) WHERE replayed_at IS NULL;

-- Up to where the sweep has given every row of a lane that is not final a due_at.
CREATE TABLE sweep_watermarks (
  lane      lane        PRIMARY KEY,
  watermark uuid        NOT NULL,
  swept_at  timestamptz NOT NULL DEFAULT now()
);

INSERT INTO sweep_watermarks (lane, watermark)
VALUES ('normal', '00000000-0000-0000-0000-000000000000'),
       ('express', '00000000-0000-0000-0000-000000000000');

-- The smallest UUIDv7 of a moment: 48 bits of milliseconds since the Unix epoch, then zeros (RFC 9562 §5.7).
CREATE FUNCTION uuid_v7_floor(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT rpad(lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0'), 32, '0')::uuid
$$;

-- Makes the partitions of one UTC day; does nothing when they are there. Safe to call from many processes. Each is made as a
-- table of its own and then attached, which locks out nobody who reads or writes; made as a partition, it would wait for
-- every statement under way, and all later ones for it.
CREATE FUNCTION create_day_partitions(day date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  parent text;
  partition text;
  suffix text := to_char(day, 'YYYYMMDD');
  lower_bound uuid := uuid_v7_floor(day::timestamp AT TIME ZONE 'UTC');
  upper_bound uuid := uuid_v7_floor((day + 1)::timestamp AT TIME ZONE 'UTC');
BEGIN
  IF to_regclass('messages_' || suffix) IS NOT NULL
     AND to_regclass('provider_references_' || suffix) IS NOT NULL
     AND to_regclass('delivery_reports_' || suffix) IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('create_day_partitions'));
  FOREACH parent IN ARRAY ARRAY['messages', 'provider_references', 'delivery_reports'] LOOP
    partition := parent || '_' || suffix;
    CONTINUE WHEN to_regclass(partition) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) WITH (fillfactor = %s)',
      partition, parent, CASE parent WHEN 'messages' THEN 50 ELSE 100 END);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      parent, partition, lower_bound, upper_bound);
  END LOOP;
END
$$;

SELECT create_day_partitions((now() AT TIME ZONE 'UTC')::date + ahead)
FROM generate_series(-1, 3) AS ahead;
